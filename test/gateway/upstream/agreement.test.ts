// What our reader takes for an answer, another parser reads in the same way: undici's, which is llhttp. It may refuse what
// that one takes, never the other way round, and never read something else. Heads that are mended before they are read (LF
// alone, a length twice, control characters) the other one gets as they should have been: what that is, is said here anew.

import { createServer, type Socket } from 'node:net'
import * as fc from 'fast-check'
import t, { type Test } from 'tap'
import { Client } from 'undici'
import { readAnswer } from './read-answers.ts'

t.setTimeout(300_000)

const seeds = [
  'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\na;x=1\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n',
  'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello',
  'HTTP/1.0 404 Not Found\r\nX: 1\r\n\r\nhello',
  'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello',
  'HTTP/1.1 200 OK\r\nX: 1\nTransfer-Encoding: chunked\n\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
]

/** What is put in place of a character, or between two. */
const pieces = [
  ...[
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    '\0',
    '\t',
    ' ',
    ':',
    ';',
    ',',
    '-',
    '+',
    '0',
    '1',
    '5',
    'a',
    'F',
    'g',
    'x',
  ],
  ...['\x7f', '\x80', '\xe9', '\r\n ', '\r\nContent-Length: 1', '\r\nTransfer-Encoding: chunked', '0x', '"'],
]

const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  removes: fc.integer({ min: 0, max: 2 }),
  puts: fc.constantFrom('', ...pieces),
})

const answers = fc
  .tuple(fc.constantFrom(...seeds), fc.array(mutation, { maxLength: 3 }))
  .map(([seed, mutations]) =>
    mutations.reduce((text, { at, removes, puts }) => {
      const place = Math.floor(at * text.length)
      return text.slice(0, place) + puts + text.slice(place + removes)
    }, seed),
  )

interface Reading {
  readonly status: number
  readonly fields: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
}

/** What we read; undefined: no answer, or not all of one. */
function ours(bytes: Buffer, method: 'GET' | 'HEAD'): Reading | undefined {
  try {
    const { head, body, trailers, isWhole, interim } = readAnswer([bytes], { method, isEnded: true })
    if (!isWhole || head === undefined) return undefined
    // undici refuses both, against RFC 9110 §15.2 and §15.4.5.
    if (interim.some(({ status }) => status === 100)) return undefined
    if (body === '' && method === 'GET' && (head.contentLength ?? 0) > 0) return undefined
    return { status: head.status, fields: head.fields, body, trailers }
  } catch {
    return undefined
  }
}

const plain = (parts: readonly (Buffer | string)[]) =>
  parts.map((part) =>
    (typeof part === 'string' ? part : part.toString('latin1')).replace(/^[\t ]+|[\t ]+$/g, ''),
  )

/** An answer that we take, as it should have been. Every head of it, interim ones too, up to an empty line of either kind. */
function asItShouldBe(text: string): string {
  let mended = ''
  let rest = text
  for (;;) {
    const head = /^[^]*?\n\r?\n/.exec(rest)?.[0]
    if (head === undefined) return mended + rest
    rest = rest.slice(head.length)
    const [start = '', ...lines] = head.split(/\r?\n/)
    const lengths = lines.map((line) => /^content-length:[\t ]*(.*?)[\t ]*$/i.exec(line)?.[1])
    const once = lines.filter((_, i) => lengths[i] === undefined || lengths.indexOf(lengths[i]) === i)
    mended += [start, ...once.map(withSpaces)].join('\r\n')
    if (!/^HTTP\/1\.[01] 1/.test(start)) return mended + rest
  }
}

const withSpaces = (line: string) => line.replace(/[^\0\t\n\r\x20-\x7e\x80-\xff]/g, ' ')

interface Witness {
  /** What the other one reads of an answer after which the connection ends. */
  read(bytes: Buffer, method: 'GET' | 'HEAD'): Promise<Reading | string>
}

async function startWitness(t: Test): Promise<Witness> {
  let bytes: Buffer = Buffer.alloc(0)
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(bytes))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => void server.close())
  return {
    async read(next, method) {
      bytes = next
      const client = new Client(`http://127.0.0.1:${Object(server.address()).port}`)
      const reading = await new Promise<Reading | string>((resolve) => {
        let head = { status: 0, fields: [] as string[] }
        let body = ''
        client.dispatch(
          { path: '/', method },
          {
            onConnect() {},
            onHeaders(status, raw) {
              if (status >= 200) head = { status, fields: plain(raw) }
              return true
            },
            onData(chunk) {
              body += chunk.toString('latin1')
              return true
            },
            onComplete: (trailers) => resolve({ ...head, body, trailers: plain(trailers ?? []) }),
            onError: (error) => resolve(error.message),
          },
        )
      })
      await client.destroy()
      return reading
    },
  }
}

t.test('what is read as an answer is read alike by another', async (t) => {
  const witness = await startWitness(t)
  let agreed = 0
  let refused = 0
  let mended = 0
  await fc.assert(
    fc.asyncProperty(answers, fc.constantFrom('GET' as const, 'HEAD' as const), async (text, method) => {
      const bytes = Buffer.from(text, 'latin1')
      const mine = ours(bytes, method)
      if (mine === undefined) {
        refused++
        return
      }
      const other = await witness.read(Buffer.from(asItShouldBe(text), 'latin1'), method)
      if (JSON.stringify(other) !== JSON.stringify(mine))
        throw new Error(`${JSON.stringify(other)}\nwhere we read\n${JSON.stringify(mine)}`)
      agreed++
      if (asItShouldBe(text) !== text) mended++
    }),
    { numRuns: process.env['LATCHKEY_TEST_LONG'] === undefined ? 1_000 : 20_000 },
  )
  t.ok(agreed > 100, `${agreed} answers were read by both`)
  t.ok(mended > 50, `${mended} of them after they were mended`)
  t.ok(refused > 100, `${refused} were none`)
})
