// Who the client is behind trusted proxies, by IPv4 and IPv6, and what a browser may ask without a key.

import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { host, type KeyedProgram, startKeyedProgram, withKey } from '../support/keyed-program.ts'
import { prepareTestProgram, startPrepared } from '../support/program.ts'
import { valuesOf } from '../support/upstream.ts'
import { exchange, codeOf, request } from '../support/wire.ts'

t.setTimeout(300_000)

/** The client that the log names for a request id. */
async function loggedClient(program: KeyedProgram, requestId: string | undefined): Promise<unknown> {
  for (;;) {
    const line = program.log.find((candidate) => candidate['request_id'] === requestId)
    if (line !== undefined) return line['client']
    await sleep(5)
  }
}

const forwardedClients: Readonly<Record<string, string>> = {
  '203.0.113.7': '203.0.113.7',
  '6.6.6.6, 203.0.113.7, 10.1.1.1': '203.0.113.7',
  '6.6.6.6, 203.0.113.7:4711': '203.0.113.7',
  '2001:db8:1::9, fd00:aa::1, 10.0.0.1': '2001:db8:1::9',
  '6.6.6.6, [2001:db8:1::9]:4711, fd00:aa::1': '2001:db8:1::9',
  '::ffff:203.0.113.7, ::ffff:10.0.0.1': '203.0.113.7',
  '203.0.113.7, unknown': '127.0.0.1',
  '10.0.0.1, fd00:aa::1': '10.0.0.1',
}

t.test('behind trusted proxies', async (t) => {
  const trusted = '127.0.0.1, 10.0.0.0/8, "fd00:aa::/32"'
  const program = await startKeyedProgram(t, { gateway: `, trusted_proxies: [${trusted}]` })
  for (const [field, client] of Object.entries(forwardedClients)) {
    await t.test(`${field} is ${client}`, async (t) => {
      await program.send('GET /v1/status', [`X-Forwarded-For: ${field}`])
      const seen = program.last()
      t.same(valuesOf(seen, 'X-Forwarded-For'), [`${field}, 127.0.0.1`])
      t.equal(await loggedClient(program, valuesOf(seen, 'X-Request-Id')[0]), client)
    })
  }

  await t.test('requests of many clients over one connection of the proxy are told apart', async (t) => {
    const clients = ['203.0.113.7', '203.0.113.8', '203.0.113.7']
    const before = program.live.requests.length
    await exchange(
      program.gatewayPort,
      clients.map((client) => request('GET /v1/status', [host, `X-Forwarded-For: ${client}`])).join(''),
      300,
      clients.length,
    )
    const seen = program.live.requests.slice(before)
    t.equal(seen.length, clients.length)
    for (const one of seen) {
      const [forwarded] = valuesOf(one, 'X-Forwarded-For')
      const logged = await loggedClient(program, valuesOf(one, 'X-Request-Id')[0])
      t.equal(forwarded, `${String(logged)}, 127.0.0.1`)
    }
    t.equal(new Set(seen.map((one) => valuesOf(one, 'X-Forwarded-For')[0])).size, 2)
  })

  await t.test('what only a proxy may say is passed on, identity is not', async (t) => {
    await program.send('GET /v1/transactions/1', [
      'Forwarded: for=1.2.3.4',
      'X-Real-IP: 1.2.3.4',
      'X_Merchant_Id: x',
    ])
    t.same(valuesOf(program.last(), 'Forwarded'), ['for=1.2.3.4'])
    t.same(valuesOf(program.last(), 'X-Real-IP'), ['1.2.3.4'])
    t.same(valuesOf(program.last(), 'X_Merchant_Id'), [])
  })
})

t.test('a proxy that comes by IPv6 is trusted by its IPv6 block, and no other is', async (t) => {
  for (const [block, client] of [
    ['"::1/128"', '2001:db8::5'],
    ['"::2/128"', '::1'],
  ] as const) {
    const prepared = await prepareTestProgram(t, { gateway: `, trusted_proxies: [${block}]` })
    const config = await readFile(prepared.file, 'utf8')
    await writeFile(prepared.file, config.replace('host: 127.0.0.1', 'host: "::1"'))
    const program = await withKey(await startPrepared(t, prepared))
    const socket = connect(program.gatewayPort, '::1')
    socket.write(request('GET /v1/status', [host, 'X-Forwarded-For: 2001:db8::5', 'Connection: close']))
    t.match(await text(socket), /^HTTP\/1\.1 200 OK/)
    const [requestId] = valuesOf(program.last(), 'X-Request-Id')
    t.equal(await loggedClient(program, requestId), client, `trusted: ${block}`)
    t.same(valuesOf(program.last(), 'X-Forwarded-For'), client === '::1' ? ['::1'] : ['2001:db8::5, ::1'])
  }
})

const preflight = (path: string, method: string, fields: readonly string[] = [], body = '') =>
  request(
    `OPTIONS ${path}`,
    [
      ...fields,
      host,
      'Origin: https://shop.example',
      `Access-Control-Request-Method: ${method}`,
      'Access-Control-Request-Headers: x-api-key',
      'X-Merchant-Id: forged',
    ],
    body,
  )

t.test('a preflight is refused unless the API says otherwise', async (t) => {
  const program = await startKeyedProgram(t)
  t.equal(codeOf(await program.raw(preflight('/v1/transactions/1', 'DELETE'))), 'METHOD_NOT_ALLOWED')
  t.equal(program.live.requests.length, 0)
})

t.test('cors: upstream lets a preflight for a listed route through, without key and identity', async (t) => {
  const program = await startKeyedProgram(t, { api: '    cors: upstream' })
  t.equal((await program.raw(preflight('/v1/transactions/1?a=b', 'DELETE'))).status, 200)
  const seen = program.last()
  t.equal(`${seen?.method} ${seen?.target}`, 'OPTIONS /v1/transactions/1?a=b')
  t.same(valuesOf(seen, 'Origin'), ['https://shop.example'])
  for (const name of ['X-Merchant-Id', 'X-Key-Id', 'X-Permissions']) t.same(valuesOf(seen, name), [])

  const before = program.live.requests.length
  t.equal(codeOf(await program.raw(preflight('/v1/transactions/1', 'PUT'))), 'METHOD_NOT_ALLOWED')
  t.equal(codeOf(await program.raw(preflight('/v1/nothing', 'GET'))), 'ROUTE_NOT_FOUND')
  const plain = request('OPTIONS /v1/transactions/1', [host, 'Origin: https://shop.example'])
  t.equal(codeOf(await program.raw(plain)), 'METHOD_NOT_ALLOWED', 'OPTIONS alone is no preflight')
  t.equal(program.live.requests.length, before)
})

const listed = `
  GET     /v1/reports/{id}: transaction.read
  OPTIONS /v1/reports/{id}: transaction.refund
  OPTIONS /v1/open: public
  POST    /v1/open: transaction.read
  GET     /v1/plain: transaction.read
`

t.test('a route for OPTIONS that the table lists asks for its key, a preflight or not', async (t) => {
  const program = await startKeyedProgram(t, { api: '    cors: upstream', routes: listed })
  const weak = await program.admin.makeKey(program.merchant, { permissions: ['transaction.read'] })
  t.equal(codeOf(await program.raw(preflight('/v1/reports/1', 'GET'))), 'MISSING_API_KEY')
  t.equal(codeOf(await program.raw(preflight('/v1/reports/1', 'OPTIONS'))), 'MISSING_API_KEY')
  const withWeak = preflight('/v1/reports/1', 'GET', [`X-Api-Key: ${weak.secret}`])
  t.equal(codeOf(await program.raw(withWeak)), 'INSUFFICIENT_PERMISSIONS')
  t.equal(program.live.requests.length, 0)

  t.equal((await program.raw(preflight('/v1/reports/1', 'GET', [program.auth]))).status, 200)
  t.same(valuesOf(program.last(), 'X-Merchant-Id'), [program.merchant])
  t.equal((await program.raw(preflight('/v1/open', 'POST'))).status, 200)
  t.equal((await program.raw(preflight('/v1/plain', 'GET'))).status, 200)
  t.same(valuesOf(program.last(), 'X-Merchant-Id'), [])
})

t.test('what is not quite a preflight is none', async (t) => {
  const program = await startKeyedProgram(t, { api: '    cors: upstream', routes: listed })
  const chunks = '2\r\nab\r\n0\r\n\r\n'
  const refused: Readonly<Record<string, string>> = {
    'a body with its length': preflight('/v1/plain', 'GET', ['Content-Length: 2'], 'ab'),
    'a body in chunks': preflight('/v1/plain', 'GET', ['Transfer-Encoding: chunked'], chunks),
    'chunks of nothing': preflight('/v1/plain', 'GET', ['Transfer-Encoding: chunked'], '0\r\n\r\n'),
    'another method besides': preflight('/v1/plain', 'GET', ['Access-Control-Request-Method: GET']),
    'two origins': preflight('/v1/plain', 'GET', ['Origin: https://other.example']),
    'an empty origin': request('OPTIONS /v1/plain', [host, 'Origin:', 'Access-Control-Request-Method: GET']),
    'no origin': request('OPTIONS /v1/plain', [host, 'Access-Control-Request-Method: GET']),
    'small letters': preflight('/v1/plain', 'get'),
    'a list of methods': preflight('/v1/plain', 'GET, POST'),
    'OPTIONS, which is not listed': preflight('/v1/plain', 'OPTIONS'),
  }
  for (const [what, bytes] of Object.entries(refused))
    t.equal(codeOf(await program.raw(bytes)), 'METHOD_NOT_ALLOWED', what)
  t.equal(program.live.requests.length, 0)
  t.equal((await program.raw(preflight('/v1/plain', 'GET', ['Content-Length: 0']))).status, 200)
  t.equal((await program.raw(preflight('/v1/plain', 'HEAD'))).status, 200)
  t.equal(program.live.requests.length, 2)
})
