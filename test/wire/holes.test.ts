// Ways past a gateway on this stack that were found by trying, each closed by name. Over raw sockets, with an upstream
// that records exact bytes. First half: what a client can do with the head of a request.

import t from 'tap'
import type tap from 'tap'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { faultsOfRefusal } from '../support/refusal.ts'
import { type RecordedRequest, valuesOf } from '../support/upstream.ts'
import { codeOf, request } from '../support/wire.ts'

t.setTimeout(300_000)

type Check = Pick<typeof tap, 'equal' | 'same'>

t.test('holes in the head of a request', async (t) => {
  const program = await startKeyedProgram(t)
  const { auth, key, live, merchant, raw, send } = program

  /** Sends it, and gives the code of the refusal; nothing of it may have reached the upstream. */
  const refusal = async (t: Check, bytes: string): Promise<string | undefined> => {
    const before = live.requests.length
    const response = await raw(bytes)
    t.same(faultsOfRefusal(response, [key.secret]), [], 'it has the one shape')
    t.equal(live.requests.length, before, 'the upstream saw nothing')
    return codeOf(response)
  }
  const get = (path: string, fields: readonly string[] = []) =>
    request(`GET ${path}`, [host, auth, ...fields])
  const identityOf = (seen: RecordedRequest | undefined) =>
    ['X-Merchant-Id', 'X-Key-Id', 'X-Environment', 'X-Permissions'].map((name) => valuesOf(seen, name))
  const ownIdentity = [
    [merchant],
    [key.id],
    ['live'],
    ['transaction.read,transaction.refund,transaction.search'],
  ]

  await t.test('hole 1: identity cannot be taken away by Connection', async (t) => {
    for (const names of ['X-Merchant-Id, X-Permissions, X-Key-Id, X-Environment', 'x-merchant-id', '*']) {
      t.equal((await send('GET /v1/transactions/1', [`Connection: ${names}`])).status, 200)
      t.same(identityOf(program.last()), ownIdentity, names)
    }
  })

  const aliases = [
    'X-Merchant-Id',
    'X_Merchant_Id',
    'X.Merchant.Id',
    'x~mErChAnT!iD',
    'X_Permissions',
    'X*Key*Id',
  ]
  await t.test('hole 2: no alias of an identity name stands beside the real one', async (t) => {
    const forged = aliases.map((name) => `${name}: forged`)
    await send('GET /v1/transactions/1', forged)
    t.same(identityOf(program.last()), ownIdentity)
    t.notMatch(JSON.stringify(program.last()), 'forged')
    await raw(request('GET /v1/status', [host, ...forged]))
    t.same(identityOf(program.last()), [[], [], [], []], 'a public route carries no identity at all')
    t.notMatch(JSON.stringify(program.last()), 'forged')
  })

  await t.test('hole 3: no path is rewritten on the way', async (t) => {
    const hostile = ['.', '%2e', '..', '%2E%2e', 'a\\b', 'a\tb', 'a%2fb', 'a%5Cb', 'a%00b', 'a%25b', 'a;b']
    for (const id of hostile) t.equal(await refusal(t, get(`/v1/transactions/${id}`)), 'INVALID_PATH', id)
    t.equal(await refusal(t, get('/v1/transactions/')), 'ROUTE_NOT_FOUND', 'an empty id is no id')
    const long = `/v1/transactions/${'a'.repeat(5_000)}`
    t.equal((await send(`GET ${long}`)).status, 200)
    t.equal(program.last()?.target, long)
  })

  await t.test('hole 4: what was judged is what is sent, byte for byte', async (t) => {
    for (const target of [
      '/v1/transactions/a%2Bb+c',
      '/v1/transactions/%7e%41%20',
      '/v1/files/a/%E2%82%AC/c?x=%0d%0a&y=%2e%2e/../#'.slice(0, -1),
      '/v1/transactions/1?',
      '/v1/transactions/1??a=b&&=',
    ]) {
      t.equal((await send(`GET ${target}`)).status, 200, target)
      t.equal(program.last()?.target, target)
    }
    t.equal(await refusal(t, get('/v1/transactions/a%0d%0aX-Merchant-Id:%20b')), 'INVALID_PATH')
  })

  await t.test('hole 5: header fields beyond a number are refused, not dropped', async (t) => {
    const many = Array.from({ length: 1_200 }, (_, i) => `X-${i}: a`)
    const post = request('POST /v1/upload', [host, auth, ...many, 'Content-Length: 3'], 'abc')
    t.equal(await refusal(t, post), 'HEADERS_TOO_LARGE')
    for (const field of [host, 'Content-Length: 3', 'Transfer-Encoding: chunked']) {
      const fields = [host, auth, ...(field === host ? ['Content-Length: 3', field] : [field, field])]
      t.equal(await refusal(t, request('POST /v1/upload', fields, 'abc')), 'BAD_REQUEST', `${field} twice`)
    }
  })

  await t.test('hole 6: Expect, Keep-Alive, Upgrade and TE end at the gateway', async (t) => {
    const fields = ['Expect: 100-continue', 'Keep-Alive: timeout=9', 'Upgrade: h2c', 'TE: trailers']
    const response = await send('GET /v1/transactions/1', fields)
    t.equal(response.status, 200)
    for (const name of ['Expect', 'Keep-Alive', 'Upgrade', 'TE']) t.same(valuesOf(program.last(), name), [])
    const withoutKey = request('POST /v1/upload', [host, 'Expect: 100-continue', 'Content-Length: 3'])
    t.equal(await refusal(t, withoutKey), 'MISSING_API_KEY', 'told at once, without 100 Continue')
  })

  await t.test('hole 8: bodies are opaque bytes, whatever their type says', async (t) => {
    for (const type of [
      'text/plain',
      'application/json',
      'multipart/form-data',
      'no type at all',
      '*/*',
      '',
    ]) {
      const body = '{"a":1,, \u00ff\u0000}\r\n\r\n--x'
      const fields = [`Content-Type: ${type}`, `Content-Length: ${body.length}`]
      t.equal((await send('POST /v1/upload', fields, body)).status, 200, type)
      t.equal(program.last()?.body, body)
      t.same(valuesOf(program.last(), 'Content-Type'), [type])
    }
  })

  await t.test('hole 10: every refusal has the one shape and repeats nothing', async (t) => {
    const withKey = `/v1/nothing/${key.secret}`
    for (const bytes of [
      get(withKey),
      get(`${withKey}%zz`),
      get(`/${'a'.repeat(20_000)}${key.secret}`),
      get(withKey, [`X-Large: ${'a'.repeat(300_000)}`]),
      `GET ${withKey} HTTP/9.9\r\n\r\n`,
      `NONSENSE ${withKey}\r\n\r\n`,
      request(`FOO ${withKey}`, [host]),
    ]) {
      t.type(await refusal(t, bytes), 'string')
    }
    t.equal(await refusal(t, get(`http://api.flintn.com${withKey}`)), 'ROUTE_NOT_FOUND')
    t.equal(await refusal(t, get(`http://api.flintn.com:80${withKey}`)), 'INVALID_PATH')
    t.equal(await refusal(t, get(`http://other.example${withKey}`)), 'INVALID_PATH')
  })

  await t.test('hole 12: credentials and what only a proxy may say go no further', async (t) => {
    const dropped = ['X-HTTP-Method-Override', 'X-Original-URL', 'X-Rewrite-URL', 'Forwarded', 'X-Real-IP']
    const fields = [...dropped, 'X-Forwarded-Port', 'X_Forwarded_For', 'X-Client-IP', 'True-Client-IP']
    await send('GET /v1/transactions/1', [
      ...fields.map((name) => `${name}: dropped`),
      'Authorization: Bearer dropped',
      `X_Api_Key: ${key.secret}`,
    ])
    t.notMatch(JSON.stringify(program.last()), 'dropped')
    t.notMatch(JSON.stringify(program.last()), key.secret)
    await raw(request('GET /v1/status', [host, auth, 'Authorization: Bearer dropped']))
    t.notMatch(JSON.stringify(program.last()), key.secret, 'also on a public route')
    t.notMatch(JSON.stringify(program.last()), 'dropped')
  })

  await t.test('hole 14: what Node answers by itself has the same shape', async (t) => {
    t.equal(await refusal(t, request('GET /v1/status', [])), 'BAD_REQUEST', 'no Host')
    t.equal(await refusal(t, request('GET /v1/status', [host, host])), 'BAD_REQUEST', 'two Hosts')
    t.equal((await send('GET /v1/status', ['Expect: miracles'])).status, 200)
  })

  await t.test('hole 15: a parameter cannot hide a sibling literal', async (t) => {
    for (const id of ['%73ummary', 'SUMMARY', 'summar%79', '%53ummary']) {
      t.equal(await refusal(t, get(`/v1/exports/${id}`)), 'INVALID_PATH', id)
    }
    t.equal((await send('GET /v1/exports/summary')).status, 200)
  })
})
