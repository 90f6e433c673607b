// Contract 5.1.
// Requests that two programs could read differently, found by generated ones and by thought.

import t from 'tap'
import { converse } from '../support/conversation.ts'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { codeOf, request } from '../support/wire.ts'

t.setTimeout(300_000)

t.test('odd requests', async (t) => {
  const program = await startKeyedProgram(t)
  const { auth, live, raw } = program

  await t.test('a length that no number holds exactly is refused, not rounded', async (t) => {
    // 2^64 - 1 was sent on as 2^64 + 384, which wraps to 384 where lengths have 64 bits.
    const before = live.connections()
    for (const length of ['18446744073709551615', '9007199254740993']) {
      const response = await raw(request('POST /v1/upload', [host, auth, `Content-Length: ${length}`], 'abc'))
      t.equal(codeOf(response), 'BAD_REQUEST', length)
    }
    t.equal(live.connections(), before, 'the upstream saw nothing')
  })

  await t.test('a client of HTTP/1.0 is not sent 100 Continue', async (t) => {
    const fields = `${host}\r\n${auth}\r\nExpect: 100-continue\r\nContent-Length: 3\r\n`
    const { bytes } = await raw(`POST /v1/upload HTTP/1.0\r\n${fields}\r\nabc`)
    t.match(bytes, /^HTTP\/1\.1 200 OK/)
    t.equal(program.last()?.body, 'abc')
  })

  await t.test('100 Continue for a pipelined request never stands in the middle of its answer', async (t) => {
    const first = request('GET /v1/transactions/1', [host, auth])
    const second = request(
      'POST /v1/upload',
      [host, auth, 'Expect: 100-continue', 'Content-Length: 3'],
      'abc',
    )
    const answers = await converse(program.gatewayPort, {
      bytes: first + second,
      cuts: [],
      methods: ['GET', 'POST'],
    })
    t.equal(answers.length, 2)
    for (const answer of answers) t.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n\{"ok":true\}$/)
  })

  await t.test('a byte beside a key that is no white space on the wire is part of it', async (t) => {
    const before = live.requests.length
    const secret = auth.slice('X-Api-Key: '.length)
    // 0xA0 is white space to JavaScript, the others to it or to C. The parser itself refuses control characters.
    for (const byte of ['\xa0', '\x85', '\xad', '\x0b', '\x0c']) {
      for (const value of [`${byte}${secret}`, `${secret}${byte}`, `${secret} ${byte}`]) {
        const response = await raw(request('GET /v1/transactions/1', [host, `X-Api-Key: ${value}`]))
        const expected = byte < ' ' ? 'BAD_REQUEST' : 'INVALID_API_KEY'
        t.equal(codeOf(response), expected, JSON.stringify(value.replace(secret, 'key')))
      }
    }
    t.equal(live.requests.length, before, 'the upstream saw none')
    const blanks = await raw(request('GET /v1/transactions/1', [host, `X-Api-Key: \t ${secret} \t`]))
    t.equal(blanks.status, 200)
  })

  await t.test('a Connection takes away what it names, and no more than 32 names', async (t) => {
    const kept = ['X-A: 1', 'X-B: 2', 'X-C: 3']
    const names = (fields: readonly string[]) =>
      raw(request('GET /v1/transactions/1', [host, auth, ...kept, ...fields])).then(({ status }) => ({
        status,
        passed: program.last()?.headers.flatMap(([name]) => (/^X-[ABC]$/.test(name) ? [name] : [])),
      }))
    t.same(await names(['Connection: x-a \t, X-B\xa0,\xa0X-C']), { status: 200, passed: ['X-B', 'X-C'] })
    t.same(await names(['Connection: X-A', 'Connection: close, x_b']), { status: 200, passed: ['X-C'] })
    t.same(await names([`Connection: ${'z,'.repeat(31)}X-A`]), { status: 200, passed: ['X-B', 'X-C'] })
    t.match(await names([`Connection: ${'z,'.repeat(32)}X-A`]), { status: 431 })
    t.match(await names(Array.from({ length: 33 }, () => 'Connection: X-A')), { status: 431 })
  })

  await t.test(
    'a head over a limit is refused in the form that its Accept asks for, and is the last one',
    async (t) => {
      const before = live.connections()
      const next = request('GET /v1/transactions/next', [host, auth])
      const over: Record<string, readonly string[]> = {
        header_count: Array.from({ length: 300 }, (_, i) => `X-${i}: a`),
        header_bytes: [`X: ${'a'.repeat(40_000)}`],
        connection_names: [`Connection: upgrade${',a'.repeat(40)}`, 'Upgrade: h2c'],
      }
      for (const [reason, fields] of Object.entries(over)) {
        const accept = 'Accept: application/problem+json'
        const body = ['Content-Length: 3', 'X-Last: 1']
        const first = request('POST /v1/upload', [host, auth, accept, ...fields, ...body], 'abc')
        const response = await raw(first + next)
        t.equal(response.status, 431, reason)
        t.match(response.head, /Content-Type: application\/problem\+json/i)
        t.match(response.head, /Connection: close/i)
        t.equal(response.bytes.split('HTTP/1.1 ').length, 2, 'nothing is answered behind it')
        const line = program.log.findLast(({ msg, reason: told }) => msg === 'request' && told === reason)
        t.match(
          line,
          { decision: 'deny', code: 'HEADERS_TOO_LARGE', status: 431, client: '127.0.0.1' },
          'it is in the log',
        )
      }
      t.equal(live.connections(), before, 'the upstream saw nothing')
      t.equal((await raw(next)).status, 200)
    },
  )
})
