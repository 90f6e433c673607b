// Contract 5, row by row, over raw sockets: what is refused, with which code, before anything reaches the upstream.

import t from 'tap'
import type tap from 'tap'
import { startTestProgram } from '../support/program.ts'
import { codeOf, exchange, fieldOf, request } from '../support/wire.ts'

t.test('what the gateway decides', async (t) => {
  const program = await startTestProgram(t)
  const { admin, gatewayPort, live } = program
  const merchant = await admin.makeMerchant()
  const key = await admin.makeKey(merchant, {
    permissions: ['transaction.read', 'transaction.refund'],
  })
  const auth = `X-Api-Key: ${key.secret}`
  const host = 'Host: api.flintn.com'

  const refused = async (
    t: Pick<typeof tap, 'equal' | 'match' | 'notMatch'>,
    bytes: string,
    expected: { status: number; code: string },
  ): Promise<string> => {
    const before = live.requests.length
    const response = await exchange(gatewayPort, bytes)
    t.equal(response.status, expected.status)
    t.equal(codeOf(response), expected.code)
    t.match(fieldOf(response, 'X-Request-Id'), /^req_[0-9A-HJKMNP-TV-Z]{26}$/)
    t.equal(fieldOf(response, 'X-Error-Source'), 'gateway')
    t.equal(fieldOf(response, 'Cache-Control'), 'no-store')
    t.equal(live.requests.length, before, 'the upstream saw nothing')
    t.notMatch(response.bytes, key.secret)
    return response.bytes
  }

  const heads: Record<string, string> = {
    'two Hosts': request('GET /v1/status', [host, host]),
    'no Host': request('GET /v1/status', []),
    'a Host with user info': request('GET /v1/status', ['Host: x@api.flintn.com']),
    'a Host with a path': request('GET /v1/status', ['Host: api.flintn.com/x']),
    'two Content-Lengths': request('POST /v1/upload', [host, 'Content-Length: 1', 'Content-Length: 1'], 'x'),
    'Content-Length and Transfer-Encoding': request(
      'POST /v1/upload',
      [host, 'Content-Length: 1', 'Transfer-Encoding: chunked'],
      '0\r\n\r\n',
    ),
    'two Transfer-Encodings': request(
      'POST /v1/upload',
      [host, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
      '0\r\n\r\n',
    ),
    'another Transfer-Encoding': request(
      'POST /v1/upload',
      [host, 'Transfer-Encoding: gzip, chunked'],
      '0\r\n\r\n',
    ),
    'an unknown Transfer-Encoding': request(
      'POST /v1/upload',
      [host, 'Transfer-Encoding: xchunked'],
      '0\r\n\r\n',
    ),
    'obs-fold': request('GET /v1/status', [host, 'X-A: b\r\n c']),
    'a bare LF': `GET /v1/status HTTP/1.1\n${host}\n\n`,
    'a bare LF in the head': `GET /v1/status HTTP/1.1\r\n${host}\nX-A: b\r\n\r\n`,
    'a bare CR in the head': `GET /v1/status HTTP/1.1\r\n${host}\rX-A: b\r\n\r\n`,
    'a space before the colon': request('GET /v1/status', [host, 'X-A : b']),
    'a NUL in a value': request('GET /v1/status', [host, 'X-A: b\u0000c']),
    'HTTP/2.0 in the request line': `GET /v1/status HTTP/2.0\r\n${host}\r\n\r\n`,
    'HTTP/0.9': 'GET /v1/status\r\n\r\n',
    'no HTTP at all': '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
    'a method that is none': request('FOO /v1/status', [host]),
    'Transfer-Encoding in HTTP/1.0': `POST /v1/upload HTTP/1.0\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  }
  for (const [name, bytes] of Object.entries(heads)) {
    await t.test(`the head: ${name} is a bad request`, async (t) => {
      await refused(t, bytes, { status: 400, code: 'BAD_REQUEST' })
    })
  }

  await t.test('the head: too long a target, too many and too large headers are told apart', async (t) => {
    await refused(t, request(`GET /v1/status?${'a'.repeat(17_000)}`, [host]), {
      status: 414,
      code: 'URI_TOO_LONG',
    })
    await refused(t, request(`GET /v1/${'a'.repeat(200_000)}`, [host]), { status: 414, code: 'URI_TOO_LONG' })
    const many = Array.from({ length: 300 }, (_, i) => `X-${i}: a`)
    await refused(t, request('GET /v1/status', [host, ...many]), { status: 431, code: 'HEADERS_TOO_LARGE' })
    const large = `X-Large: ${'a'.repeat(40_000)}`
    await refused(t, request('GET /v1/status', [host, large]), { status: 431, code: 'HEADERS_TOO_LARGE' })
    const huge = `X-Large: ${'a'.repeat(400_000)}`
    await refused(t, request('GET /v1/status', [host, huge]), { status: 431, code: 'HEADERS_TOO_LARGE' })
  })

  await t.test('the head: over a thousand fields lose nothing', async (t) => {
    const many = Array.from({ length: 1_200 }, (_, i) => `X-${i}: a`)
    await refused(t, request('POST /v1/upload', [host, ...many, 'Content-Length: 3', auth], 'abc'), {
      status: 431,
      code: 'HEADERS_TOO_LARGE',
    })
  })

  const paths = [
    'http://api.flint.com/v1/status',
    'http://api.flintn.com:80/v1/status',
    'http://a@api.flintn.com/v1/status',
    'http://api.flintn.com/v1/./status',
    'ftp://api.flintn.com/v1/status',
    '*',
    '/v1/./status',
    '/v1/../status',
    '/v1/transactions/.',
    '/v1/transactions/..',
    '/v1/transactions/%2e',
    '/v1/transactions/.%2E',
    '/v1/transactions/%2e%2e',
    '//v1/status',
    '/v1//status',
    '/v1/transactions//',
    '/v1\\status',
    '/v1/transactions/a;b',
    '/v1/transactions/a#b',
    '/v1/transactions/a%',
    '/v1/transactions/a%2',
    '/v1/transactions/a%zz',
    '/v1/transactions/%ff',
    '/v1/transactions/%c0%af',
    '/v1/transactions/%ed%a0%80',
    '/v1/transactions/a%2fb',
    '/v1/transactions/a%2Fb',
    '/v1/transactions/a%5cb',
    '/v1/transactions/a%25b',
    '/v1/transactions/a%3bb',
    '/v1/transactions/a%3fb',
    '/v1/transactions/a%23b',
    '/v1/transactions/a%00b',
    '/v1/transactions/a%0d%0ab',
    '/v1/transactions/a%7fb',
    '/v1/transactions/a\u00e9b',
    '/v1/transactions/a\tb',
    '/v1/transactions/a\u0001b',
    '/v1/status?a#b',
    '/v1/status?a=\u00e9',
    '/v1/exports/%73ummary',
    '/v1/exports/SUMMARY',
    '/v1/exports/sum%6Dary',
  ]
  for (const path of paths) {
    await t.test(`the path: ${JSON.stringify(path)} is refused`, async (t) => {
      await refused(t, request(`GET ${path}`, [host, auth]), { status: 400, code: 'INVALID_PATH' })
    })
  }

  await t.test('the path: CONNECT is refused', async (t) => {
    await refused(t, request('CONNECT api.flintn.com:443', [host]), { status: 400, code: 'INVALID_PATH' })
  })

  await t.test('what is accepted is forwarded byte for byte', async (t) => {
    for (const target of [
      '/v1/transactions/a%2Bb+c%20~!$&\'()*,=:@?x=%00&y=%zz/../;[]"{}|\\^`',
      `/v1/transactions/${'a'.repeat(300)}`,
      '/v1/transactions/%E2%82%AC',
      '/v1/files/a/b/c%20d/',
      '/v1/exports/summary?',
    ]) {
      const response = await exchange(gatewayPort, request(`GET ${target}`, [host, auth]))
      t.equal(response.status, 200, target)
      t.equal(live.requests.at(-1)?.target, target)
    }
  })

  await t.test('an unknown host is misdirected', async (t) => {
    await refused(t, request('GET /v1/status', ['Host: other.example']), {
      status: 421,
      code: 'UNKNOWN_HOST',
    })
    await refused(t, `GET /v1/status HTTP/1.0\r\n\r\n`, { status: 421, code: 'UNKNOWN_HOST' })
  })

  await t.test('a host is found in any case, with a port, with a trailing dot', async (t) => {
    for (const name of ['API.FlintN.com', 'api.flintn.com:8080', 'api.flintn.com.', 'api.flintn.com.:443']) {
      const response = await exchange(gatewayPort, request('GET /v1/status', [`Host: ${name}`]))
      t.equal(response.status, 200, name)
    }
  })

  await t.test('a route that is not there, and a method that it has not', async (t) => {
    await refused(t, request('GET /v1/nothing', [host, auth]), { status: 404, code: 'ROUTE_NOT_FOUND' })
    await refused(t, request('GET /v1/transactions/', [host, auth]), { status: 404, code: 'ROUTE_NOT_FOUND' })
    await refused(t, request('GET /v1/%73tatus', [host, auth]), { status: 404, code: 'ROUTE_NOT_FOUND' })
    const bytes = await refused(t, request('PUT /v1/transactions/1', [host, auth]), {
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
    })
    t.match(bytes, '\r\nAllow: DELETE, GET, HEAD\r\n')
    await refused(t, request('TRACE /v1/transactions/1', [host, auth]), {
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
    })
    await refused(t, request('PROPFIND /v1/transactions/1', [host, auth]), {
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
    })
  })

  await t.test('HEAD follows GET', async (t) => {
    const response = await exchange(gatewayPort, request('HEAD /v1/transactions/1', [host, auth]))
    t.equal(response.status, 200)
    t.equal(response.body, '')
    t.equal(live.requests.at(-1)?.method, 'HEAD')
  })

  const invalid: Record<string, readonly string[]> = {
    'the same key twice': [auth, auth],
    'a key and another': [auth, 'X-Api-Key: pk_live_x'],
    'a malformed key': ['X-Api-Key: pk_live_abc'],
    'a key with a wrong checksum': [
      `X-Api-Key: ${key.secret.slice(0, -1)}${key.secret.endsWith('0') ? '1' : '0'}`,
    ],
    'a key of no prefix': ['X-Api-Key: sk_whatever'],
    'a key of 10,000 characters': [`X-Api-Key: pk_live_${'a'.repeat(10_000)}`],
    'a key list': [`X-Api-Key: ${key.secret}, ${key.secret}`],
  }
  for (const [name, fields] of Object.entries(invalid)) {
    await t.test(`the credential: ${name} is invalid`, async (t) => {
      await refused(t, request('GET /v1/transactions/1', [host, ...fields]), {
        status: 401,
        code: 'INVALID_API_KEY',
      })
    })
  }

  await t.test('the credential: an empty one is missing', async (t) => {
    await refused(t, request('GET /v1/transactions/1', [host, 'X-Api-Key: ']), {
      status: 401,
      code: 'MISSING_API_KEY',
    })
  })

  await t.test('the credential: a place that the API does not take is no place', async (t) => {
    await refused(t, request('GET /v1/transactions/1', [host, `Authorization: Bearer ${key.secret}`]), {
      status: 401,
      code: 'MISSING_API_KEY',
    })
    const beside = await exchange(
      gatewayPort,
      request('GET /v1/transactions/1', [host, auth, 'Authorization: Basic eA==']),
    )
    t.equal(beside.status, 200)
    t.notMatch(JSON.stringify(live.requests.at(-1)), 'Basic')
  })

  await t.test(
    'the credential: a key in the query is refused on every route, beside a header too',
    async (t) => {
      for (const target of [
        `/v1/transactions/1?api_key=${key.secret}`,
        '/v1/transactions/1?a=1&k=%70k_live_x',
        '/v1/status?k=flint_test_1',
      ]) {
        await refused(t, request(`GET ${target}`, [host, auth]), { status: 401, code: 'INVALID_API_KEY' })
      }
    },
  )

  await t.test('the credential: where Bearer is taken, another scheme is invalid', async (t) => {
    const flint = 'Host: api.flint.com'
    for (const value of ['Basic eDp5', key.secret, `Bearer${key.secret}`]) {
      await refused(t, request('GET /documents', [flint, `Authorization: ${value}`]), {
        status: 401,
        code: 'INVALID_API_KEY',
      })
    }
    for (const value of ['Bearer', 'bearer  ', '']) {
      await refused(t, request('GET /documents', [flint, `Authorization: ${value}`]), {
        status: 401,
        code: 'MISSING_API_KEY',
      })
    }
  })

  await t.test('an all_of route wants all, an any_of route one, and says so', async (t) => {
    const both = await refused(t, request('GET /v1/both', [host, auth]), {
      status: 403,
      code: 'INSUFFICIENT_PERMISSIONS',
    })
    t.match(both, '"required":["transaction.read","transaction.search"]')
    t.notMatch(both, '"match"')
    const searcher = await admin.makeKey(merchant, { permissions: ['transaction.search'] })
    const any = await refused(t, request('GET /v1/either', [host, `X-Api-Key: ${searcher.secret}`]), {
      status: 403,
      code: 'INSUFFICIENT_PERMISSIONS',
    })
    t.match(any, '"match":"any"')
    t.equal((await exchange(gatewayPort, request('GET /v1/either', [host, auth]))).status, 200)
  })

  await t.test('a body that says that it is too large is refused unread', async (t) => {
    await refused(t, request('POST /v1/small', [host, auth, 'Content-Length: 1025'], 'x'), {
      status: 413,
      code: 'BODY_TOO_LARGE',
    })
    const fits = await exchange(
      gatewayPort,
      request('POST /v1/small', [host, auth, 'Content-Length: 1024'], 'x'.repeat(1024)),
    )
    t.equal(fits.status, 200)
  })

  await t.test('a chunked body that grows too large ends with 413', async (t) => {
    const chunk = `400\r\n${'x'.repeat(1024)}\r\n`
    const response = await exchange(
      gatewayPort,
      request('POST /v1/small', [host, auth, 'Transfer-Encoding: chunked'], `${chunk}${chunk}0\r\n\r\n`),
    )
    t.equal(response.status, 413)
    t.equal(codeOf(response), 'BODY_TOO_LARGE')
  })

  await t.test('a client that prefers problem+json gets RFC 9457', async (t) => {
    const response = await exchange(
      gatewayPort,
      request('GET /v1/transactions/1', [host, 'Accept: application/problem+json']),
    )
    t.equal(fieldOf(response, 'Content-Type'), 'application/problem+json')
    t.match(JSON.parse(response.body), {
      title: 'No API key was provided',
      status: 401,
      code: 'MISSING_API_KEY',
      request_id: fieldOf(response, 'X-Request-Id'),
    })
  })
})
