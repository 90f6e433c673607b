// Answers that are within the letter of HTTP, or nearly, and that Node cannot write as they are: each goes on as far as
// it can, and none ends more than its own request.

import t from 'tap'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { plainAnswer } from '../support/upstream.ts'
import { codeOf, fieldOf } from '../support/wire.ts'

t.setTimeout(300_000)

const body = 'Content-Length: 2\r\n\r\nok'

/** By the last word of the path; latin1. */
const answers: Readonly<Record<string, string>> = {
  'utf8-reason': `HTTP/1.1 200 Genehmigt f\u00c3\u00bcr\r\n${body}`,
  'latin1-reason': `HTTP/1.1 200 Genehmigt f\u00fcr\r\n${body}`,
  'control-in-reason': `HTTP/1.1 200 O\u0001K\r\n${body}`,
  bytes: `HTTP/1.1 200 OK\r\nX-Name: f\u00c3\u00bcr \u00e9\u0080\r\n${body}`,
  'no-reason': `HTTP/1.1 200\r\n${body}`,
  'empty-reason': `HTTP/1.1 200 \r\n${body}`,
  'empty-reason-201': `HTTP/1.1 201 \r\n${body}`,
  'other-reason': `HTTP/1.1 200 Fine by us \r\n${body}`,
  'bare-lf': 'HTTP/1.1 200 OK\nContent-Type: text/plain\nX-Name:  a b \nContent-Length: 2\n\nok',
  'bare-lf-script': 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\nContent-Length: 2\n\nok',
  'lf-then-crlf': 'HTTP/1.1 200 OK\nX-Name: a\r\nContent-Length: 2\r\n\r\nok',
  'bare-cr': 'HTTP/1.1 200 OK\nX-Name: a\rX-Other: b\nContent-Length: 2\n\nok',
  'length-twice': `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${body}`,
  'two-lengths': `HTTP/1.1 200 OK\r\nContent-Length: 3\r\n${body}`,
  'control-in-value': `HTTP/1.1 200 OK\r\nX-Name: a\u0001b\u007f\r\n${body}`,
  trailer: `HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\n${body}`,
  'trailer-304': 'HTTP/1.1 304 Not Modified\r\nTrailer: X-Sum\r\nETag: "a"\r\n\r\n',
  'trailer-head': 'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nETag: "a"\r\nTransfer-Encoding: chunked\r\n\r\n',
  'trailer-chunked':
    'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n' +
    'X-Sum: 1\r\nX-Error-Source: gateway\r\nConnection: close\r\n\r\n',
  'status-099': `HTTP/1.1 099 Odd\r\n${body}`,
  'no-end': '-ERR unknown command\r\n',
  'no-http': 'card-4242 is no status line\r\n\r\n',
  'two-codings': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  'interim-104': `HTTP/1.1 104 Upload Resumption\r\nLink: <a>\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-Error-Source: gateway\r\n\r\n${plainAnswer}`,
}

t.test('odd answers', async (t) => {
  const program = await startKeyedProgram(t, {
    answer: ({ target }) => Buffer.from(answers[target.split('/').at(-1) ?? ''] ?? plainAnswer, 'latin1'),
  })
  const get = (word: string) => program.send(`GET /v1/transactions/${word}`)
  const statusLine = (bytes: string) => bytes.slice(0, bytes.indexOf('\r\n'))

  await t.test('a reason phrase in UTF-8 arrives byte for byte', async (t) => {
    t.equal(statusLine((await get('utf8-reason')).bytes), 'HTTP/1.1 200 Genehmigt f\u00c3\u00bcr')
  })

  await t.test('header values beyond ASCII arrive byte for byte', async (t) => {
    t.equal(fieldOf(await get('bytes'), 'X-Name'), 'f\u00c3\u00bcr \u00e9\u0080')
  })

  await t.test(
    'a reason phrase that cannot be written is replaced, or left in another form, and the answer stands',
    async (t) => {
      for (const word of ['latin1-reason', 'control-in-reason', 'no-reason']) {
        const response = await get(word)
        t.equal(response.status, 200, word)
        t.equal(response.body, 'ok', word)
      }
      t.equal(statusLine((await get('control-in-reason')).bytes), 'HTTP/1.1 200 OK')
    },
  )

  await t.test('any other reason phrase arrives as it came, an empty one too', async (t) => {
    t.equal(statusLine((await get('empty-reason')).bytes), 'HTTP/1.1 200 ')
    t.equal(statusLine((await get('empty-reason-201')).bytes), 'HTTP/1.1 201 ')
    t.equal(statusLine((await get('no-reason')).bytes), 'HTTP/1.1 200 ')
    t.equal(statusLine((await get('other-reason')).bytes), 'HTTP/1.1 200 Fine by us ')
    t.equal(statusLine((await get('latin1-reason')).bytes), 'HTTP/1.1 200 Genehmigt f\u00fcr')
  })

  await t.test('a head in LF is written anew, and the log says so', async (t) => {
    for (const word of ['bare-lf', 'bare-lf-script']) {
      const { bytes, body } = await get(word)
      t.match(bytes, /^HTTP\/1\.1 200 OK\r\nContent-Type: text\/plain\r\n/, word)
      t.notMatch(bytes, /[^\r]\n/)
      t.equal(body, 'ok')
    }
    const told = program.log.filter((entry) => entry['oddity'] === 'bare_lf')
    t.equal(told.length, 1, 'once a minute')
    t.match(told[0], { level: 'warn', upstream: 'payments', msg: /LF alone/ })
  })

  await t.test('a head whose lines end in one way and then in the other is an error', async (t) => {
    for (const word of ['lf-then-crlf', 'bare-cr']) t.equal(codeOf(await get(word)), 'UPSTREAM_ERROR', word)
  })

  await t.test('a length that is said twice goes on once, another beside it nowhere', async (t) => {
    const { head, body } = await get('length-twice')
    t.equal(body, 'ok')
    t.equal(head.match(/Content-Length: 2/g)?.length, 1)
    t.equal(codeOf(await get('two-lengths')), 'UPSTREAM_ERROR')
    t.ok(program.log.some((entry) => entry['oddity'] === 'repeated_length'))
  })

  await t.test('control characters in a value arrive as spaces, and the log says so', async (t) => {
    const response = await get('control-in-value')
    t.match(response.head, /\r\nX-Name: a b\r\n/)
    t.equal(response.body, 'ok')
    t.ok(program.log.some((entry) => entry['oddity'] === 'control_character'))
  })

  await t.test('Trailer on an answer that has no place for trailers does not end it', async (t) => {
    t.equal((await get('trailer')).body, 'ok')
    t.equal(fieldOf(await get('trailer-304'), 'ETag'), '"a"')
    const head = await program.send('HEAD /v1/transactions/trailer-head')
    t.equal(head.status, 200)
    t.equal(fieldOf(head, 'ETag'), '"a"')
    const old = await program.raw(
      `GET /v1/transactions/trailer-chunked HTTP/1.0\r\n${host}\r\n${program.auth}\r\n\r\n`,
    )
    t.equal(old.body, 'ok', 'a client of HTTP/1.0 gets the body alone')
  })

  await t.test('trailers arrive, but for those that are between hops or speak for the gateway', async (t) => {
    const { bytes } = await get('trailer-chunked')
    t.match(bytes, /\r\nTrailer: X-Sum\r\n/)
    t.match(bytes, /\r\n0\r\nX-Sum: 1\r\n\r\n$/)
  })

  await t.test('a status below 100 is no answer', async (t) => {
    const response = await get('status-099')
    t.equal(statusLine(response.bytes), 'HTTP/1.1 502 Bad Gateway')
    t.equal(codeOf(response), 'UPSTREAM_ERROR')
  })

  await t.test(
    'what is no HTTP is an error, and the log says what was wrong, without repeating it',
    async (t) => {
      const response = await get('no-http')
      t.equal(codeOf(response), 'UPSTREAM_ERROR')
      const line = program.log.find((entry) => entry['request_id'] === fieldOf(response, 'X-Request-Id'))
      t.match(line?.['failure'], /the status line is not one of HTTP\/1\.1/)
      t.notMatch(JSON.stringify(line), 'card-4242')
    },
  )

  await t.test('what is no HTTP and does not end is not waited for', async (t) => {
    t.equal(codeOf(await get('no-end')), 'UPSTREAM_ERROR')
  })

  await t.test(
    'a transfer coding that nobody takes off is an error, not a body without its label',
    async (t) => {
      t.equal(codeOf(await get('two-codings')), 'UPSTREAM_ERROR')
    },
  )

  await t.test('an interim answer keeps its name and loses what is between hops', async (t) => {
    const { bytes } = await get('interim-104')
    t.match(bytes, /^HTTP\/1\.1 104 Upload Resumption\r\nLink: <a>\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  })
})
