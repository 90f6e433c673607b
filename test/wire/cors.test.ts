// Pages of other origins: a refusal is one that they can read, and with rules of its own the gateway says who may.

import t from 'tap'
import { mayRead, maySend, readable, varyOf } from '../support/cors.ts'
import { host, type KeyedProgram, startKeyedProgram } from '../support/keyed-program.ts'
import type { Answer } from '../support/upstream.ts'
import { codeOf, fieldOf, type RawResponse, request } from '../support/wire.ts'

t.setTimeout(300_000)

const shop = 'https://shop.example'
const fromShop = `Origin: ${shop}`
const exposed = ['X-Request-Id', 'Retry-After', 'RateLimit', 'RateLimit-Policy']

const routes = `
  GET     /v1/things/{id}: transaction.read
  PUT     /v1/things/{id}: { permission: transaction.read, max_body: 1kb }
  GET     /v1/secret: transaction.refund
  GET     /v1/open: public
  GET     /v1/listed: transaction.read
  OPTIONS /v1/listed: transaction.read
  GET     /v1/cut: transaction.read
`

/** An upstream with those fields in its answers, but on `/v1/cut`, where it breaks off in the middle of a head. */
function answering(...fields: string[]): Answer {
  return ({ target }, socket) => {
    if (target !== '/v1/cut')
      return ['HTTP/1.1 200 OK', ...fields, 'Content-Length: 2', '', 'ok'].join('\r\n')
    socket.end('HTTP/1.1 200 OK\r\nContent-Len')
    return undefined
  }
}

function hasCors({ head }: RawResponse): boolean {
  return /^access-control-/im.test(head)
}

/** Requests that are refused at each place on the way, by what they are answered with. */
async function refusals(program: KeyedProgram, origin: readonly string[]): Promise<Map<string, RawResponse>> {
  const { secret } = await program.admin.makeKey(program.merchant, { permissions: ['transaction.read'] })
  const key = [`X-Api-Key: ${secret}`]
  const asked: readonly (readonly [string, string])[] = [
    ['INVALID_PATH', request('GET /v1/things/a%23b', [host, ...key, ...origin])],
    ['URI_TOO_LONG', request(`GET /v1/things/${'a'.repeat(17_000)}`, [host, ...origin])],
    ['ROUTE_NOT_FOUND', request('GET /v1/nothing', [host, ...key, ...origin])],
    ['METHOD_NOT_ALLOWED', request('DELETE /v1/things/1', [host, ...key, ...origin])],
    ['MISSING_API_KEY', request('GET /v1/things/1', [host, ...origin])],
    ['INVALID_API_KEY', request('GET /v1/things/1', [host, 'X-Api-Key: pk_live_x', ...origin])],
    ['INSUFFICIENT_PERMISSIONS', request('GET /v1/secret', [host, ...key, ...origin])],
    ['BODY_TOO_LARGE', request('PUT /v1/things/1', [host, ...key, 'Content-Length: 5000', ...origin])],
    ['UPSTREAM_ERROR', request('GET /v1/cut', [host, ...key, ...origin])],
  ]
  const found = new Map<string, RawResponse>()
  for (const [code, bytes] of asked) found.set(code, await program.raw(bytes))
  return found
}

t.test('cors: upstream', async (t) => {
  const program = await startKeyedProgram(t, { api: '    cors: upstream', routes, answer: answering() })

  await t.test('a page reads each refusal, and the fields that say what to do', async (t) => {
    for (const [code, response] of await refusals(program, [fromShop])) {
      t.equal(codeOf(response), code)
      t.ok(mayRead(response, shop), code)
      t.notOk(mayRead(response, 'https://other.example'), code)
      t.notOk(mayRead(response, shop, true), 'never with credentials')
      t.same(readable(response), exposed)
      const { names, fields } = varyOf(response)
      t.equal(fields, 1, 'in one line')
      const isKeyed = !['INVALID_PATH', 'URI_TOO_LONG', 'ROUTE_NOT_FOUND', 'METHOD_NOT_ALLOWED'].includes(
        code,
      )
      t.same(names, isKeyed ? ['X-Api-Key', 'Origin'] : ['Origin'], code)
    }
  })

  await t.test('without an Origin a refusal is what it was', async (t) => {
    for (const [code, response] of await refusals(program, [])) {
      t.equal(codeOf(response), code)
      t.notOk(hasCors(response), code)
      t.notOk(varyOf(response).names.includes('Origin'), code)
    }
  })

  await t.test('of an Origin that no browser writes nothing is repeated', async (t) => {
    for (const origin of [
      'shop',
      'https://shop.example, https://b.example',
      'https://shop.example/x',
      'a://\xe9',
    ]) {
      const response = await program.raw(request('GET /v1/nothing', [host, `Origin: ${origin}`]))
      t.equal(codeOf(response), 'ROUTE_NOT_FOUND')
      t.notOk(response.bytes.includes(origin), origin)
      t.notOk(hasCors(response), origin)
    }
    t.ok(mayRead(await program.raw(request('GET /v1/nothing', [host, 'Origin: null'])), 'null'))
  })

  await t.test('where it is not known whose host it is, there is nothing to say', async (t) => {
    const unknown = await program.raw(request('GET /v1/open', ['Host: no.example', fromShop]))
    t.equal(codeOf(unknown), 'UNKNOWN_HOST')
    t.notOk(hasCors(unknown))
    const two = await program.raw(request('GET /v1/open', [host, host, fromShop]))
    t.equal(codeOf(two), 'BAD_REQUEST')
    t.notOk(hasCors(two))
  })
})

t.test('cors: off, the default, says nothing to pages', async (t) => {
  const program = await startKeyedProgram(t, { routes, answer: answering() })
  for (const [code, response] of await refusals(program, [fromShop])) {
    t.equal(codeOf(response), code)
    t.notOk(hasCors(response), code)
    t.notOk(varyOf(response).names.includes('Origin'), code)
  }
})

const rules = (text: string) => `    cors: ${text}`

function preflight(path: string, method: string, origin = shop): string {
  return request(`OPTIONS ${path}`, [
    ...[host, `Origin: ${origin}`, `Access-Control-Request-Method: ${method}`],
    'Access-Control-Request-Headers: x-api-key,content-type',
  ])
}

t.test('rules of the gateway’s own', async (t) => {
  const upstreamSays = [
    ...['Access-Control-Allow-Origin: *', 'access-control-allow-credentials: true'],
    ...['Access-Control-Allow-Methods: TRACE', 'ACCESS-CONTROL-EXPOSE-HEADERS: ETag, Link', 'Vary: Accept'],
  ]
  const program = await startKeyedProgram(t, {
    api: rules(
      `{ origins: ["${shop}", "http://localhost:3000"], headers: [X-Api-Key, Content-Type], max_age: 5m }`,
    ),
    routes,
    answer: answering(...upstreamSays),
  })

  await t.test('a preflight is answered for what the path has, and no upstream hears of it', async (t) => {
    for (const [path, methods] of [
      ['/v1/things/1?a=b', 'GET, HEAD, PUT'],
      ['/v1/open', 'GET, HEAD'],
      ['/v1/listed', 'GET, HEAD, OPTIONS'],
    ] as const) {
      const response = await program.raw(preflight(path, 'GET'))
      t.equal(response.status, 204, path)
      t.equal(response.body, '')
      t.equal(fieldOf(response, 'Access-Control-Allow-Methods'), methods)
      t.equal(fieldOf(response, 'Access-Control-Allow-Headers'), 'X-Api-Key, Content-Type')
      t.equal(fieldOf(response, 'Access-Control-Max-Age'), '300')
      t.same(varyOf(response), { names: ['Origin'], fields: 1 })
      t.match(fieldOf(response, 'X-Request-Id'), /^req_/)
    }
    const asked = { origin: shop, method: 'PUT', headers: ['X-Api-Key', 'Content-Type'] }
    t.ok(maySend(await program.raw(preflight('/v1/things/1', 'PUT')), asked))
    t.notOk(maySend(await program.raw(preflight('/v1/things/1', 'PUT')), { ...asked, headers: ['X-Other'] }))
    t.notOk(maySend(await program.raw(preflight('/v1/things/1', 'PUT')), { ...asked, method: 'DELETE' }))
    t.equal(program.live.requests.length, 0)
  })

  await t.test(
    'a preflight of another origin, or for what is not listed, lets nothing be sent',
    async (t) => {
      const other = await program.raw(preflight('/v1/things/1', 'GET', 'https://other.example'))
      t.equal(other.status, 204)
      t.notOk(hasCors(other))
      for (const [path, method, code] of [
        ['/v1/things/1', 'DELETE', 'METHOD_NOT_ALLOWED'],
        ['/v1/nothing', 'GET', 'ROUTE_NOT_FOUND'],
        ['/v1/listed', 'PUT', 'MISSING_API_KEY'],
      ] as const)
        t.equal(codeOf(await program.raw(preflight(path, method))), code)
      const plain = await program.raw(request('OPTIONS /v1/things/1', [host, fromShop]))
      t.equal(codeOf(plain), 'METHOD_NOT_ALLOWED', 'OPTIONS alone is no preflight')
      t.equal(program.live.requests.length, 0)
    },
  )

  await t.test('what the upstream says of CORS is replaced, but for the names that it exposes', async (t) => {
    const response = await program.send('GET /v1/things/1', [fromShop])
    t.equal(response.status, 200)
    t.ok(mayRead(response, shop))
    t.notOk(mayRead(response, shop, true))
    t.notMatch(response.head, /allow-credentials|allow-methods|: \*/i)
    t.same(readable(response), [...exposed, 'ETag', 'Link'])
    t.same(varyOf(response), { names: ['Accept', 'X-Api-Key', 'Origin'], fields: 1 })
  })

  await t.test('another origin, or none, reads nothing, and caches know that it counts', async (t) => {
    for (const fields of [['Origin: https://other.example'], ['Origin: null'], []]) {
      const keyed = await program.send('GET /v1/things/1', fields)
      t.equal(keyed.status, 200, 'a request is served whoever’s page it is from')
      t.notOk(hasCors(keyed))
      t.same(varyOf(keyed).names, ['Accept', 'X-Api-Key', 'Origin'])
      const open = await program.raw(request('GET /v1/open', [host, ...fields]))
      t.same(varyOf(open).names, ['Accept', 'Origin'])
    }
  })

  await t.test('refusals are for the origins that are listed', async (t) => {
    for (const [code, response] of await refusals(program, [fromShop])) {
      t.equal(codeOf(response), code)
      t.ok(mayRead(response, shop), code)
      t.same(readable(response), exposed)
    }
    for (const [code, response] of await refusals(program, ['Origin: https://other.example'])) {
      t.equal(codeOf(response), code)
      t.notOk(hasCors(response), code)
      t.ok(varyOf(response).names.includes('Origin'))
    }
  })
})

t.test('any origin, and headers that are not named', async (t) => {
  const program = await startKeyedProgram(t, {
    api: rules('{ origins: ["*"] }'),
    routes,
    answer: answering(),
  })
  const asked = { origin: shop, method: 'PUT', headers: ['X-Api-Key', 'Content-Type'] }
  const response = await program.raw(preflight('/v1/things/1', 'PUT'))
  t.ok(maySend(response, asked))
  t.equal(fieldOf(response, 'Access-Control-Max-Age'), '600')
  const read = await program.send('GET /v1/things/1', [fromShop])
  t.ok(mayRead(read, 'https://any.example'), 'the same for all: no cache has to tell them apart')
  t.same(varyOf(read).names, ['X-Api-Key'])
  t.ok(mayRead(await program.send('GET /v1/things/1'), shop))
  t.ok(mayRead(await program.raw(request('GET /v1/things/1', [host, fromShop])), shop), 'a refusal')
})
