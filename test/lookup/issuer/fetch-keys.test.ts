import { createServer, type RequestListener } from 'node:http'
import t from 'tap'
import { fetchBounds, fetchKeys } from '../../../src/lookup/issuer/fetch-keys.ts'

const never = new AbortController().signal

async function serve(t: { teardown(fn: () => void): unknown }, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${Object(server.address()).port}/jwks`
}

void t.test('the body of a 200 is given', async (t) => {
  t.equal(
    await fetchKeys(await serve(t, (_, answer) => void answer.end('{"keys":[]}')), never),
    '{"keys":[]}',
  )
})

void t.test('a redirect leads nowhere', async (t) => {
  let asked = 0
  const url = await serve(t, ({ url: path }, answer) => {
    asked++
    if (path === '/jwks') answer.writeHead(302, { location: '/other' })
    answer.end('{}')
  })
  await t.rejects(fetchKeys(url, never), { message: 'it answered 302 at /jwks' })
  t.equal(asked, 1)
})

void t.test('what is too large is not read to its end, whatever length it says', async (t) => {
  const url = await serve(t, (_, answer) => {
    const timer = setInterval(() => answer.write(Buffer.alloc(64 * 1024)), 1)
    answer.on('close', () => clearInterval(timer))
  })
  await t.rejects(fetchKeys(url, never), {
    message: `its answer is over ${fetchBounds.mostBytes / 1024} KiB`,
  })
})

void t.test('nothing is fetched in clear but from this machine, nor with a password', async (t) => {
  for (const url of ['http://id.test/jwks', 'file:///etc/passwd', 'https://a:b@id.test/', 'x'])
    await t.rejects(fetchKeys(url, never), { message: /^where its keys are must/ }, url)
})

void t.test('an issuer that is not there is told as such, and one who stops does not wait', async (t) => {
  await t.rejects(fetchKeys('http://127.0.0.1:1/jwks', never), { message: /^it cannot be reached/ })
  const stopped = new AbortController()
  const url = await serve(t, () => stopped.abort())
  await t.rejects(fetchKeys(url, stopped.signal))
})
