// Contract 6.
// A client cannot tell that a gateway stands in between: answers arrive as the upstream sent them, byte for byte.

import { brotliCompressSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { plainAnswer, valuesOf } from '../support/upstream.ts'
import { fieldOf, type RawResponse } from '../support/wire.ts'

t.setTimeout(300_000)

const gzipped = gzipSync('{"amount":1000}'.repeat(50))
const brotli = brotliCompressSync('{"amount":1000}'.repeat(50))
const withBody = (head: string, body: Buffer) =>
  Buffer.concat([Buffer.from(`${head}\r\nContent-Length: ${body.length}\r\n\r\n`), body])

/** By the last word of the path. What is in `closing` is ended by the end of the connection. */
const answers: Readonly<Record<string, string | Buffer>> = {
  gzip: withBody('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nVary: Accept-Encoding', gzipped),
  br: withBody('HTTP/1.1 200 OK\r\nContent-Encoding: br', brotli),
  range:
    'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-4/10\r\nAccept-Ranges: bytes\r\nContent-Length: 3\r\n\r\ncde',
  interim: `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\n${plainAnswer}`,
  '204': 'HTTP/1.1 204 No Content\r\nX-Left: 1\r\n\r\n',
  '304': 'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\nContent-Length: 99\r\n\r\n',
  head: 'HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 123456\r\n\r\n',
  cookies:
    'HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nX-Between: 1\r\nSet-Cookie: b=2, c\r\nset-cookie: d=3\r\nContent-Length: 0\r\n\r\n',
  trailers:
    'HTTP/1.1 200 OK\r\nTrailer: X-Sum, X-Rows\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 9\r\nX-Rows: 1\r\n\r\n',
  moved:
    'HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:9/v1/%7Eelsewhere/../x?a=b#c\r\nContent-Length: 0\r\n\r\n',
  order:
    'HTTP/1.1 200 OK\r\nzEd: 1\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nALPHA: 2\r\nserver: s/1\r\nvia: 1.1 up\r\nALPHA: 3\r\nX-Empty: \r\nContent-Length: 2\r\n\r\nok',
  reason: 'HTTP/1.1 402 Card Declined (try another)\r\nContent-Length: 0\r\n\r\n',
  error: 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\nContent-Type: text/x\r\n\r\noops',
}
const closing: Readonly<Record<string, string>> = {
  'until-closed': 'HTTP/1.1 200 OK\r\nConnection: close\r\nX-A: 1\r\n\r\nno length at all',
  'http-1.0': 'HTTP/1.0 200 OK\r\nX-A: 1\r\n\r\nno length at all',
}

/** The header fields without those that are between gateway and client, and the gateway's own. */
function passed(response: RawResponse): string[] {
  return response.head
    .split('\r\n')
    .slice(1)
    .filter((line) => !/^(?:connection|keep-alive|transfer-encoding|x-request-id):/i.test(line))
}

/** Header fields of an answer of the table, and what a keyed route's answer says to shared caches besides. */
function sent(word: string): string[] {
  const [head = ''] = (answers[word] ?? '').toString('latin1').split('\r\n\r\n')
  return forCaches(head.split('\r\n').slice(1))
}

/** No answer here says anything of caching, and at most one line of Vary. */
function forCaches(lines: readonly string[]): string[] {
  const vary = lines.find((line) => line.startsWith('Vary: '))
  const completed = lines.map((line) => (line === vary ? `${vary}, X-Api-Key` : line))
  return [...completed, ...(vary === undefined ? ['Vary: X-Api-Key'] : []), 'Cache-Control: private']
}

t.test('answers', async (t) => {
  const program = await startKeyedProgram(t, {
    answer({ target }, socket) {
      const word = target.split('/').at(-1) ?? ''
      const last = closing[word]
      if (last === undefined) return answers[word] ?? plainAnswer
      socket.end(last)
      return undefined
    },
  })
  const get = (word: string, fields: readonly string[] = []) =>
    program.send(`GET /v1/transactions/${word}`, fields)

  await t.test('compressed bodies are opaque, and what the client accepts is told unchanged', async (t) => {
    const response = await get('gzip', ['Accept-Encoding: gzip;q=0.5, br'])
    t.equal(response.body, gzipped.toString('latin1'))
    t.same(passed(response), sent('gzip'))
    t.same(valuesOf(program.last(), 'Accept-Encoding'), ['gzip;q=0.5, br'])
    t.equal((await get('br')).body, brotli.toString('latin1'))
    t.same(valuesOf(program.last(), 'Accept-Encoding'), [], 'nothing is asked for that the client did not')
  })

  await t.test('ranges', async (t) => {
    const response = await get('range', ['Range: bytes=2-4', 'If-Range: "v1"'])
    t.equal(response.status, 206)
    t.same(passed(response), sent('range'))
    t.equal(response.body, 'cde')
    t.same(valuesOf(program.last(), 'Range'), ['bytes=2-4'])
    t.same(valuesOf(program.last(), 'If-Range'), ['"v1"'])
  })

  await t.test('interim answers, each in its place', async (t) => {
    const { bytes } = await get('interim')
    const heads = bytes.split('\r\n\r\n')
    t.same(heads.slice(0, 2), [
      'HTTP/1.1 102 Processing',
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>',
    ])
    t.match(heads[2], /^HTTP\/1\.1 200 OK\r\n/)
  })

  await t.test('204 and 304 have no body, whatever length they name', async (t) => {
    for (const word of ['204', '304']) {
      const response = await get(word)
      t.equal(response.status, Number(word))
      t.same(passed(response), sent(word))
      t.equal(response.body, '')
    }
  })

  await t.test('HEAD has the length of what GET would bring', async (t) => {
    const response = await program.send('HEAD /v1/transactions/head')
    t.same(passed(response), sent('head'))
    t.equal(response.body, '')
  })

  await t.test('repeated Set-Cookie, order and case of header fields', async (t) => {
    for (const word of ['cookies', 'order']) t.same(passed(await get(word)), sent(word))
  })

  await t.test('trailers', async (t) => {
    const response = await get('trailers')
    t.equal(fieldOf(response, 'Trailer'), 'X-Sum, X-Rows')
    t.equal(response.body, '3\r\nabc\r\n0\r\nX-Sum: 9\r\nX-Rows: 1\r\n\r\n')
  })

  await t.test('Location is not touched, and not followed', async (t) => {
    const before = program.live.requests.length
    const response = await get('moved')
    t.equal(response.status, 307)
    t.same(passed(response), sent('moved'))
    t.equal(program.live.requests.length, before + 1)
  })

  await t.test('reason phrases and errors of the upstream', async (t) => {
    t.match((await get('reason')).head, /^HTTP\/1\.1 402 Card Declined \(try another\)\r\n/)
    const error = await get('error')
    t.equal(error.body, 'oops')
    t.same(passed(error), sent('error'))
  })

  await t.test('a body that ends with its connection arrives whole', async (t) => {
    for (const word of Object.keys(closing)) {
      const response = await get(word)
      t.same(passed(response), forCaches(['X-A: 1']), word)
      t.equal(response.body, '10\r\nno length at all\r\n0\r\n\r\n', word)
    }
  })

  await t.test('a client of HTTP/1.0 gets a body without chunks, and its connection ends', async (t) => {
    for (const word of ['until-closed', 'trailers', 'range']) {
      const response = await program.raw(
        `GET /v1/transactions/${word} HTTP/1.0\r\n${host}\r\n${program.auth}\r\n\r\n`,
      )
      t.match(response.head, /\r\nConnection: close/i)
      t.notMatch(response.head, /transfer-encoding/i)
      t.match(response.body, /^(?:no length at all|abc|cde)$/, word)
    }
  })
})
