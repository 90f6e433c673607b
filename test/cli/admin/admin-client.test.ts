import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { token } from '../../control/subject.ts'
import { createConsole, typist } from '../console.ts'

const secretToken = 'not-a-token-that-anybody-knows-01'

/** Some other HTTP server; gives its URL. */
async function serve(t: { teardown(fn: () => void): unknown }, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address: AddressInfo | string | null = server.address()
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : ''
}

void t.test('a control plane that is not there is named with its URL and the variable', async (t) => {
  const url = 'http://127.0.0.1:1'
  const type = typist({ LATCHKEY_ADMIN_URL: url, LATCHKEY_ADMIN_TOKEN: secretToken })
  const { code, stdout, stderr } = await type('keys', 'list')
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, url)
  t.match(stderr, 'LATCHKEY_ADMIN_URL')
  t.equal(stderr.match(/^error:/gm)?.length, 1)
})

void t.test('a wrong token is named by its variable and never printed', async (t) => {
  const { url } = await createConsole(t)
  const type = typist({ LATCHKEY_ADMIN_URL: url, LATCHKEY_ADMIN_TOKEN: secretToken })
  const { code, stderr } = await type('keys', 'list')
  t.equal(code, 1)
  t.match(stderr, /\[UNAUTHORIZED\]/)
  t.match(stderr, 'LATCHKEY_ADMIN_TOKEN')
  t.notMatch(stderr, secretToken)
})

void t.test('of several tokens the first is used, without its name', async (t) => {
  const { url } = await createConsole(t)
  for (const text of [token, `ann:${token}`, ` ann:${token} , bob:${secretToken}`]) {
    const type = typist({ LATCHKEY_ADMIN_URL: `${url}/`, LATCHKEY_ADMIN_TOKEN: text })
    t.equal((await type('keys', 'list')).code, 0)
  }
})

void t.test('no token, a malformed one and a malformed URL are wrong usage', async (t) => {
  const good = { LATCHKEY_ADMIN_TOKEN: secretToken }
  for (const [env, name] of [
    [{}, 'LATCHKEY_ADMIN_TOKEN'],
    [{ LATCHKEY_ADMIN_TOKEN: ' ' }, 'LATCHKEY_ADMIN_TOKEN'],
    [{ LATCHKEY_ADMIN_TOKEN: 'ann:' }, 'LATCHKEY_ADMIN_TOKEN'],
    [{ LATCHKEY_ADMIN_TOKEN: 'two words\n' }, 'LATCHKEY_ADMIN_TOKEN'],
    [{ ...good, LATCHKEY_ADMIN_URL: '127.0.0.1:8081' }, 'LATCHKEY_ADMIN_URL'],
    [{ ...good, LATCHKEY_ADMIN_URL: 'ftp://127.0.0.1' }, 'LATCHKEY_ADMIN_URL'],
    [{ ...good, LATCHKEY_ADMIN_URL: 'http://ann:pw@127.0.0.1' }, 'LATCHKEY_ADMIN_URL'],
    [{ ...good, LATCHKEY_ADMIN_URL: 'http://127.0.0.1/?x' }, 'LATCHKEY_ADMIN_URL'],
  ] as const) {
    const { code, stderr } = await typist(env)('keys', 'list')
    t.equal(code, 2, JSON.stringify(env))
    t.match(stderr, name)
    t.notMatch(stderr, /two words|:pw@/)
  }
})

void t.test('without LATCHKEY_ADMIN_URL the control plane is looked for on this machine', async (t) => {
  const asked: string[] = []
  const fetch = async (url: string) => {
    asked.push(url)
    return Response.json({ data: [], next_cursor: null })
  }
  const type = typist({ LATCHKEY_ADMIN_TOKEN: secretToken }, { fetch })
  t.equal((await type('keys', 'list')).code, 0)
  t.same(asked, ['http://127.0.0.1:8081/admin/v1/keys?limit=200'])
})

void t.test('an answer that does not come is given up, and the doubt about a change is told', async (t) => {
  const url = await serve(t, () => {})
  const env = { LATCHKEY_ADMIN_URL: url, LATCHKEY_ADMIN_TOKEN: secretToken }
  const type = typist(env, { timeoutMs: 100 })
  const read = await type('keys', 'show', 'key_1')
  t.equal(read.code, 1)
  t.match(read.stderr, 'did not answer in time')
  t.notMatch(read.stderr, 'may have been made')
  t.match((await type('keys', 'revoke', 'key_1')).stderr, 'The change may have been made all the same')
})

void t.test('a server that is no control plane is told as such; a redirect gets no token', async (t) => {
  const seen: (string | undefined)[] = []
  const target = await serve(t, (request, response) => {
    seen.push(request.headers.authorization)
    response.end('{}')
  })
  const url = await serve(t, (request, response) => {
    if (request.url?.includes('instances')) response.writeHead(302, { location: target }).end()
    else response.end('<html>')
  })
  const type = typist({ LATCHKEY_ADMIN_URL: url, LATCHKEY_ADMIN_TOKEN: secretToken })
  for (const words of [['keys', 'list'], ['instances']]) {
    const { code, stderr } = await type(...words)
    t.equal(code, 1)
    t.match(stderr, `${url} does not answer as Latchkey's admin API`)
  }
  t.same(seen, [])
})

void t.test('a list whose cursor stands still ends', async (t) => {
  const fetch = async () => Response.json({ data: [], next_cursor: 'same' })
  const { code } = await typist({ LATCHKEY_ADMIN_TOKEN: secretToken }, { fetch })('keys', 'list')
  t.equal(code, 1)
})

void t.test('an id cannot lead out of its path', async (t) => {
  const type = typist(
    { LATCHKEY_ADMIN_TOKEN: secretToken },
    { fetch: () => Promise.reject(new Error('called')) },
  )
  for (const id of ['..', '../merchants', 'a/b', 'a?b', '%2e%2e']) {
    const { code, stderr } = await type('keys', 'revoke', id)
    t.equal(code, 2)
    t.match(stderr, 'an id consists of')
  }
})

void t.test('text of the server cannot steer the terminal', async (t) => {
  const error = { code: 'X\x1b[2J', message: 'm\x1b[2J', details: [{ path: '/n\x1b', message: '\x07' }] }
  const fetch = async () => Response.json({ error }, { status: 422 })
  const { stderr } = await typist({ LATCHKEY_ADMIN_TOKEN: secretToken }, { fetch })('keys', 'list')
  t.notMatch(stderr, /[^\n\x20-\uffff]/)
})

void t.test('whose token would travel in clear beyond this machine is told so', async (t) => {
  const { url } = await createConsole(t)
  const near = typist({ LATCHKEY_ADMIN_URL: url, LATCHKEY_ADMIN_TOKEN: token })
  t.equal((await near('keys', 'list')).stderr, '')
  const asked: string[] = []
  const fetch = async (to: string) => {
    asked.push(to)
    return new Response('{"data":[],"next_cursor":null}')
  }
  for (const [far, warning] of [
    ['http://latchkey.example:8081', /^warning: the token travels in clear to latchkey\.example:8081/],
    ['https://latchkey.example', /^$/],
    ['http://[::1]:8081', /^$/],
  ] as const) {
    const type = typist({ LATCHKEY_ADMIN_URL: far, LATCHKEY_ADMIN_TOKEN: token }, { fetch })
    t.match(await type('keys', 'list'), { code: 0, stderr: warning }, far)
  }
  t.equal(asked.length, 3)
})
