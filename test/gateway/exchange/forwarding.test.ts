// Contract 5.9 and 6: what reaches the upstream, what comes back, and what happens when either side misbehaves.

import { createServer, type Socket } from 'node:net'
import t from 'tap'
import { startTestProgram } from '../../support/program.ts'
import { plainAnswer, type RecordedRequest, valuesOf } from '../../support/upstream.ts'
import { codeOf, exchange, fieldOf, request } from '../../support/wire.ts'

const host = 'Host: api.flintn.com'

t.test('what is forwarded', async (t) => {
  const program = await startTestProgram(t, {
    upstream: ', headers: { X-Internal-Auth: inner }',
    answer: answerFor,
  })
  const { admin, gatewayPort, live } = program
  const merchant = await admin.makeMerchant()
  const key = await admin.makeKey(merchant, { permissions: ['transaction.read', 'transaction.refund'] })
  const auth = `X-Api-Key: ${key.secret}`
  const get = (path: string, fields: readonly string[] = []) =>
    exchange(gatewayPort, request(`GET ${path}`, [host, auth, ...fields]))

  await t.test('identity aliases in any spelling are dropped, the real ones stand alone', async (t) => {
    await get('/v1/transactions/plain', [
      'X-Merchant-Id: forged',
      'x_merchant_id: forged',
      'X.Merchant.Id: forged',
      'X-MERCHANT_ID: forged',
      'X~Permissions: forged',
      'X_Key_Id: forged',
      'x-environment: forged',
      'X-Latchkey-Anything: forged',
      'X_Internal_Auth: forged',
      'X-Request-Id: forged',
      'Connection: X-Merchant-Id, X-Permissions, X-Key-Id, X-Internal-Auth, close',
    ])
    const seen = live.requests.at(-1)
    t.same(valuesOf(seen, 'X-Merchant-Id'), [merchant])
    t.same(valuesOf(seen, 'X-Key-Id'), [key.id])
    t.same(valuesOf(seen, 'X-Internal-Auth'), ['inner'])
    t.notMatch(JSON.stringify(seen), 'forged')
  })

  await t.test(
    'what could change the request at the upstream, or names another client, is dropped',
    async (t) => {
      const names = [
        'X-HTTP-Method',
        'X-HTTP-Method-Override',
        'X-Method-Override',
        'X_Method_Override',
        'X-Original-URL',
        'X-Original-Host',
        'X-Rewrite-URL',
        'X-Replaced-Path',
        'X-Envoy-Original-Path',
        'X-Accel-Redirect',
        'X-Auth-Request-User',
        'X-Remote-User',
        'Remote-User',
        'SCRIPT_NAME',
        'path_info',
        'X-Script-Name',
        'X-WebAuth-User',
        'X-Authenticated-Userid',
        'X-Client-Id',
        'X_User_Id',
        'X-Forwarded-Prefix',
        'CF-Connecting-IPv6',
        'Proxy',
        'Proxy-Authorization',
        'Proxy-Connection',
        'Forwarded',
        'X-Forwarded-Port',
        'X-Forwarded-User',
        'X-Real-IP',
        'True-Client-IP',
        'X-Client-IP',
        'CF-Connecting-IP',
        'Keep-Alive',
        'TE',
        'Upgrade',
        'Expect',
        'Trailer',
        'Authorization',
        'X_Api_Key',
      ]
      const response = await get(
        '/v1/transactions/plain',
        names.map((name) => `${name}: dropped`),
      )
      t.equal(response.status, 200)
      t.notMatch(JSON.stringify(live.requests.at(-1)), 'dropped')
    },
  )

  await t.test('everything else passes unchanged, in order, case and repeats kept', async (t) => {
    const fields = ['aCCept: a', 'X-Multi: 1', 'x-multi: 2', 'Cookie: a=b', 'X-Multi: 3', 'X-Latin: \u00e9']
    await get('/v1/transactions/plain', fields)
    const seen = live.requests.at(-1)?.headers.map(([name, value]) => `${name}: ${value}`) ?? []
    t.same(
      seen.filter((line) => fields.includes(line)),
      fields,
    )
  })

  await t.test('the client is named by what we saw, not by what it says', async (t) => {
    await get('/v1/transactions/plain', [
      'X-Forwarded-For: 1.2.3.4',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil',
    ])
    const seen = live.requests.at(-1)
    t.same(valuesOf(seen, 'X-Forwarded-For'), ['127.0.0.1'])
    t.same(valuesOf(seen, 'X-Forwarded-Proto'), ['http'])
    t.same(valuesOf(seen, 'X-Forwarded-Host'), ['api.flintn.com'])
  })

  await t.test('a response keeps order, case and repeats, and loses what is between hops', async (t) => {
    const response = await get('/v1/transactions/headers')
    const lines = response.head.split('\r\n').slice(1)
    t.same(lines.slice(0, 5), [
      'X-First: 1',
      'Set-Cookie: a=1',
      'x-CASE: k',
      'Set-Cookie: b=2',
      'Content-Length: 2',
    ])
    t.notMatch(response.head, 'X-Hop')
    t.notMatch(response.head, 'Keep-Alive: timeout=77')
    t.notMatch(response.head, 'upstream-id')
    t.notMatch(response.head, 'X-Error-Source')
    t.equal(fieldOf(response, 'X-Request-Id'), valuesOf(live.requests.at(-1), 'X-Request-Id')[0])
  })

  await t.test("an upstream's own 401 and its body pass untouched", async (t) => {
    const response = await get('/v1/transactions/401')
    t.equal(response.status, 401)
    t.equal(response.body, 'mine')
    t.equal(fieldOf(response, 'X-Error-Source'), undefined)
  })

  await t.test('204, 304, a chunked answer and its trailers arrive as they are', async (t) => {
    t.equal((await get('/v1/transactions/204')).status, 204)
    t.equal((await get('/v1/transactions/304')).status, 304)
    const chunked = await get('/v1/transactions/chunked')
    t.match(chunked.bytes, 'part one')
    t.match(chunked.bytes, 'X-Sum: 7')
  })

  await t.test('103 Early Hints goes on to the client', async (t) => {
    const response = await get('/v1/transactions/103')
    t.match(response.bytes, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1\.1 200 OK/)
  })

  await t.test('a body cut by the upstream looks cut', async (t) => {
    const short = await get('/v1/transactions/cut')
    t.equal(short.status, 200)
    t.equal(short.body, 'only')
    const chunked = await get('/v1/transactions/cut-chunked')
    t.notMatch(chunked.bytes, '\r\n0\r\n\r\n')
  })

  const faults: Record<string, { status: number; code: string }> = {
    reset: { status: 502, code: 'UPSTREAM_ERROR' },
    garbled: { status: 502, code: 'UPSTREAM_ERROR' },
    'garbled-header': { status: 502, code: 'UPSTREAM_ERROR' },
    closed: { status: 502, code: 'UPSTREAM_ERROR' },
    upgrade: { status: 502, code: 'UPSTREAM_ERROR' },
  }
  for (const [name, expected] of Object.entries(faults)) {
    await t.test(`an upstream that answers ${name} is 502`, async (t) => {
      const before = live.requests.length
      const response = await exchange(
        gatewayPort,
        request(`POST /v1/transactions/${name}/refund`, [host, auth, 'Content-Length: 2'], 'ab'),
      )
      t.equal(response.status, expected.status)
      t.equal(codeOf(response), expected.code)
      t.equal(live.requests.length, before + 1, 'sent once')
    })
  }

  await t.test('a 503 of the upstream is passed on, and the request sent once', async (t) => {
    const before = live.requests.length
    const response = await get('/v1/transactions/503')
    t.equal(response.status, 503)
    t.equal(live.requests.length, before + 1)
  })

  await t.test(
    'a GET on a connection that had closed meanwhile is sent again, a refund is not',
    async (t) => {
      await get('/v1/transactions/plain')
      const before = live.requests.length
      t.equal((await get('/v1/transactions/close-if-reused')).status, 200)
      t.equal(live.requests.length, before + 2)
      await get('/v1/transactions/plain')
      const refunds = live.requests.length
      const response = await exchange(
        gatewayPort,
        request('POST /v1/transactions/close-if-reused/refund', [host, auth, 'Content-Length: 0']),
      )
      t.equal(response.status, 502)
      t.equal(live.requests.length, refunds + 1)
    },
  )

  await t.test('no head within the timeout is 504', async (t) => {
    const response = await exchange(gatewayPort, request('GET /v1/slow', [host, auth]), 1_500)
    t.equal(response.status, 504)
    t.equal(codeOf(response), 'UPSTREAM_TIMEOUT')
  })

  await t.test('100 Continue comes after the request is authorised, and not for a refused one', async (t) => {
    const expect = 'Expect: 100-continue'
    const accepted = await exchange(
      gatewayPort,
      request('POST /v1/upload', [host, auth, expect, 'Content-Length: 3']),
      200,
    )
    t.match(accepted.bytes, /^HTTP\/1\.1 100 Continue\r\n\r\n$/)
    const refused = await exchange(
      gatewayPort,
      request('POST /v1/upload', [host, expect, 'Content-Length: 3']),
    )
    t.equal(refused.status, 401)
    t.match(refused.head, /Connection: close/i)
    const whole = await exchange(
      gatewayPort,
      request('POST /v1/upload', [host, auth, expect, 'Content-Length: 3'], 'abc'),
    )
    t.match(whole.bytes, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/)
    t.same(valuesOf(live.requests.at(-1), 'Expect'), [])
    t.equal(live.requests.at(-1)?.body, 'abc')
  })

  await t.test('an unknown expectation is ignored and not passed on', async (t) => {
    const response = await get('/v1/transactions/plain', ['Expect: miracles'])
    t.equal(response.status, 200)
    t.same(valuesOf(live.requests.at(-1), 'Expect'), [])
  })

  await t.test('an upgrade is not made: the request goes on as a plain one', async (t) => {
    const response = await get('/v1/transactions/plain', ['Connection: Upgrade', 'Upgrade: websocket'])
    t.equal(response.status, 200)
    t.same(valuesOf(live.requests.at(-1), 'Upgrade'), [])
  })

  await t.test('a client that leaves ends the upstream request', async (t) => {
    const before = live.open()
    await exchange(gatewayPort, request('GET /v1/transactions/never', [host, auth]), 100).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 200))
    t.ok(live.open() <= before)
  })

  await t.test('pipelined requests are answered in order', async (t) => {
    const one = request('GET /v1/transactions/plain', [host, auth])
    const bad = request('GET /v1/transactions/a%00', [host, auth])
    const response = await exchange(gatewayPort, one + bad + one, 500, 3)
    const statuses = [...response.bytes.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1])
    t.same(statuses, ['200', '400', '200'])
  })
})

t.test('an upstream that refuses connections is 502', async (t) => {
  const free = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => free.once('listening', resolve))
  const address = free.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await new Promise((resolve) => free.close(resolve))
  const program = await startTestProgram(t)
  await program.live.close()
  const response = await exchange(program.gatewayPort, request('GET /v1/status', [host]))
  t.ok(port > 0)
  t.equal(response.status, 502)
  t.equal(codeOf(response), 'UPSTREAM_ERROR')
})

t.test('behind a trusted proxy the client, the scheme and the request id are believed', async (t) => {
  const program = await startTestProgram(t, { gateway: ', trusted_proxies: [127.0.0.0/8, 10.0.0.0/8]' })
  const { gatewayPort, live } = program
  await exchange(
    gatewayPort,
    request('GET /v1/status', [
      host,
      'X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.1.1.1',
      'X-Forwarded-Proto: https',
      'X-Request-Id: edge-1',
    ]),
  )
  const seen = live.requests.at(-1)
  t.same(valuesOf(seen, 'X-Forwarded-For'), ['6.6.6.6, 203.0.113.7, 10.1.1.1, 127.0.0.1'])
  t.same(valuesOf(seen, 'X-Forwarded-Proto'), ['https'])
  t.same(valuesOf(seen, 'X-Request-Id'), ['edge-1'])
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.match(
    program.log.find((line) => line['request_id'] === 'edge-1'),
    { client: '203.0.113.7' },
  )
})

t.test('where https is required, a plain request is refused', async (t) => {
  const program = await startTestProgram(t, {
    gateway: ', require_https: true, trusted_proxies: [127.0.0.1]',
  })
  const plain = await exchange(program.gatewayPort, request('GET /v1/status', [host]))
  t.equal(plain.status, 403)
  t.equal(codeOf(plain), 'HTTPS_REQUIRED')
  const secure = await exchange(
    program.gatewayPort,
    request('GET /v1/status', [host, 'X-Forwarded-Proto: https']),
  )
  t.equal(secure.status, 200)
})

/** Whole answers of the upstream of these tests, by the last word of the path. */
const answers: Readonly<Record<string, string>> = {
  headers:
    'HTTP/1.1 200 OK\r\nX-First: 1\r\nSet-Cookie: a=1\r\nx-CASE: k\r\nSet-Cookie: b=2\r\nConnection: X-Hop\r\nX-Hop: gone\r\nKeep-Alive: timeout=77\r\nX-Request-Id: upstream-id\r\nX-Error-Source: upstream\r\nContent-Length: 2\r\n\r\nok',
  401: 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nmine',
  204: 'HTTP/1.1 204 No Content\r\n\r\n',
  304: 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
  503: 'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n',
  chunked:
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n8\r\npart one\r\n0\r\nX-Sum: 7\r\n\r\n',
  103: `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${plainAnswer}`,
  garbled: 'NONSENSE\r\n\r\n',
  'garbled-header': 'HTTP/1.1 200 OK\r\nBad Header\r\n\r\n',
  upgrade: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
}

/** Connections that have served something. */
const used = new WeakSet<Socket>()

/** What needs the socket itself. */
const misdeeds: Readonly<Record<string, (socket: Socket) => string | undefined>> = {
  never: () => undefined,
  slow: () => undefined,
  reset(socket) {
    socket.resetAndDestroy()
    return undefined
  },
  closed(socket) {
    socket.end()
    return undefined
  },
  cut(socket) {
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly')
    return undefined
  },
  'cut-chunked'(socket) {
    socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n')
    return undefined
  },
  'close-if-reused'(socket) {
    if (!used.has(socket)) return plainAnswer
    socket.destroy()
    return undefined
  },
}

function answerFor(seen: RecordedRequest, socket: Socket): string | undefined {
  const word = seen.target.replace('/refund', '').split('/').at(-1) ?? ''
  const misdeed = misdeeds[word]
  const bytes = misdeed === undefined ? (answers[word] ?? plainAnswer) : misdeed(socket)
  used.add(socket)
  return bytes
}

t.test('ids as balancers write them are taken from a trusted proxy, and no others', async (t) => {
  const program = await startTestProgram(t, { gateway: ', trusted_proxies: [127.0.0.1]' })
  const idFor = async (id: string) => {
    await exchange(program.gatewayPort, request('GET /v1/status', [host, `X-Request-Id: ${id}`]))
    return valuesOf(program.live.requests.at(-1), 'X-Request-Id')[0]
  }
  for (const id of [
    '7F000001:8B3A_7F000001:01BB_5F3B1C2D_0001:4D2',
    'c29tZQ+/aWQ==@edge-1',
    'Root=1-67891233-abcdef012345678912345678',
    '{9b2c1f0e-7d5a-4c3b-8e2f-1a0b9c8d7e6f}',
    'a'.repeat(128),
  ])
    t.equal(await idFor(id), id)
  for (const id of ['a'.repeat(129), 'a b', 'a,b', 'a"b', 'a\\b', "a'b", 'a;b', 'a<b', 'a%b', 'a#b', 'ä'])
    t.match(await idFor(id), /^req_/, id)
})
