// Contract 6.
// Caches between clients and the gateway: what one merchant was answered is given to no other, whatever the cache was told
// by the upstream.

import t from 'tap'
import { host, type KeyedProgram, startKeyedProgram } from '../support/keyed-program.ts'
import { startNginxCache } from '../support/nginx-cache.ts'
import { type RecordedRequest, valuesOf } from '../support/upstream.ts'
import { exchange, fieldOf, type RawResponse, request } from '../support/wire.ts'

t.setTimeout(300_000)

/** By the last word of the path: the upstream's fields, with their ends of lines. */
const said: Readonly<Record<string, string>> = {
  nothing: '',
  fresh: 'Cache-Control: max-age=60\r\n',
  expiring: `Expires: ${new Date(Date.now() + 3_600_000).toUTCString()}\r\n`,
  encoded: 'Cache-Control: public, max-age=60\r\nVary: Accept-Encoding\r\n',
  private: 'Cache-Control: private, max-age=60\r\n',
}

/** Says who the gateway says is asking. */
function answer(asked: RecordedRequest): string {
  const [merchant = 'nobody'] = valuesOf(asked, 'X-Merchant-Id')
  const [encoding = 'plain'] = valuesOf(asked, 'Accept-Encoding')
  const body = `${merchant} ${encoding}`
  const fields = said[asked.target.split('/').at(-1) ?? ''] ?? ''
  return `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`
}

/** Key of another merchant. */
async function otherKey(program: KeyedProgram): Promise<{ merchant: string; auth: string }> {
  const merchant = await program.admin.makeMerchant()
  const { secret } = await program.admin.makeKey(merchant, { permissions: ['*'] })
  return { merchant, auth: `X-Api-Key: ${secret}` }
}

t.test('a cache in front gives no merchant what another was answered', async (t) => {
  const program = await startKeyedProgram(t, { answer })
  const cachePort = await startNginxCache(t, program.gatewayPort)
  const other = await otherKey(program)
  const get = (word: string, ...fields: string[]): Promise<RawResponse> =>
    exchange(cachePort, request(`GET /v1/transactions/${word}`, [host, ...fields]))

  for (const word of Object.keys(said)) {
    await t.test(`the upstream says: ${word}`, async (t) => {
      t.equal((await get(word, program.auth)).body, `${program.merchant} plain`)
      t.equal((await get(word, other.auth)).body, `${other.merchant} plain`)
      t.equal((await get(word)).status, 401, 'without a key')
      const again = await get(word, program.auth)
      t.equal(again.body, `${program.merchant} plain`)
      const isStored = ['fresh', 'expiring', 'encoded'].includes(word)
      t.equal(
        fieldOf(again, 'X-Cache'),
        isStored ? 'HIT' : 'MISS',
        'stored where the upstream wants it to be',
      )
    })
  }

  await t.test('the upstream’s own Vary still counts', async (t) => {
    const gzip = 'Accept-Encoding: gzip'
    t.equal((await get('encoded', program.auth, gzip)).body, `${program.merchant} gzip`)
    t.equal((await get('encoded', program.auth)).body, `${program.merchant} plain`)
    t.equal((await get('encoded', other.auth, gzip)).body, `${other.merchant} gzip`)
  })

  await t.test('public routes are stored as ever', async (t) => {
    const status = () => exchange(cachePort, request('GET /v1/status', [host]))
    t.equal(fieldOf(await status(), 'X-Cache'), 'MISS')
    t.equal(fieldOf(await status(), 'X-Cache'), 'HIT')
  })
})

/** The fields that speak to caches. */
function toCaches({ head }: { readonly head: string }): string[] {
  return head.split('\r\n').filter((line) => /^(?:vary|cache-control):/i.test(line))
}

const told = ['Vary: X-Api-Key', 'Cache-Control: private']

t.test('every final answer on a keyed route speaks to caches, and no other', async (t) => {
  const answers: Readonly<Record<string, string>> = {
    '201': 'HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n',
    '204': 'HTTP/1.1 204 No Content\r\n\r\n',
    '206': 'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-0/2\r\nContent-Length: 1\r\n\r\na',
    '304': 'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\n\r\n',
    '307': 'HTTP/1.1 307 Temporary Redirect\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n',
    '404': 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
    '503': 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n',
    chunks: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n',
    interim: 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    hop: 'HTTP/1.1 200 OK\r\nConnection: Vary, cache-control\r\nVary: X-Api-Key\r\nCache-Control: public\r\nContent-Length: 0\r\n\r\n',
  }
  const whole = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
  const program = await startKeyedProgram(t, {
    api: '    cors: upstream',
    answer: ({ target }) => answers[target.split('/').at(-1) ?? ''] ?? whole,
  })
  for (const word of Object.keys(answers)) {
    const { bytes } = await program.send(`GET /v1/transactions/${word}`)
    const heads = bytes.split('\r\n\r\n').filter((text) => text.startsWith('HTTP/1.1'))
    t.same(toCaches({ head: heads.at(-1) ?? '' }), told, word)
    if (heads.length > 1) t.same(toCaches({ head: heads[0] ?? '' }), [], 'not the interim answer')
  }
  t.same(toCaches(await program.send('HEAD /v1/transactions/1')), told)

  t.same(toCaches(await program.send('GET /v1/status')), [], 'a public route')
  const preflight = ['Origin: https://shop.example', 'Access-Control-Request-Method: GET']
  const passed = await program.raw(request('OPTIONS /v1/transactions/1', [host, ...preflight]))
  t.equal(passed.status, 200)
  t.same(toCaches(passed), [], 'a preflight')
  t.same(toCaches(await program.send('GET /v1/nothing')), ['Cache-Control: no-store'], 'no route')
  const refused = await program.raw(request('GET /v1/transactions/1', [host]))
  t.same(toCaches(refused), ['Cache-Control: no-store', 'Vary: X-Api-Key'], 'a refusal')
})

t.test(
  'an API that takes its key in two places names both, one that takes Bearer names Authorization',
  async (t) => {
    for (const [credential, names] of [
      ['{ header: X-Shop-Key, bearer: true }', 'X-Shop-Key, Authorization'],
      ['{ bearer: true }', 'Authorization'],
    ] as const) {
      const program = await startKeyedProgram(t, { credential })
      const bearer = `Authorization: Bearer ${program.key.secret}`
      const response = await program.raw(request('GET /v1/transactions/1', [host, bearer]))
      t.equal(response.status, 200)
      t.same(toCaches(response), [`Vary: ${names}`, 'Cache-Control: private'])
    }
  },
)
