import t from 'tap'
import { inertBody } from '../../../src/cli/upstreams/ask.ts'
import { readAnswer } from '../../../src/cli/upstreams/read-answer.ts'

const next = 'HTTP/1.1 200 OK\r\n\r\n'

for (const [name, bytes, expected] of [
  [
    'a body of known length',
    'HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nabc',
    { status: 404, saysClose: false },
  ],
  ['no body by its status', 'HTTP/1.1 204 None\r\nContent-Length: 3\r\n\r\n', { status: 204 }],
  [
    'chunks and trailers',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n',
    { status: 200 },
  ],
  ['lines that end with LF alone', 'HTTP/1.1 200 OK\nContent-Length: 1\n\na', { status: 200 }],
  ['no reason', 'HTTP/1.1 200 \r\nContent-Length: 0\r\nConnection: Close\r\n\r\n', { saysClose: true }],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', { version: '1.0', saysClose: true }],
  [
    'HTTP/1.0 that keeps',
    'HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\nKeep-Alive: max=5, timeout=7\r\n\r\n',
    { saysClose: false, keepAliveSeconds: 7 },
  ],
] as const) {
  t.test(`an answer is read to its end: ${name}`, async (t) => {
    const read = readAnswer(bytes + next, false)
    t.match(read, { kind: 'answer', answer: expected, rest: next })
    t.equal(readAnswer(bytes.slice(0, -1), false).kind, 'part')
    t.not(readAnswer(bytes.slice(0, -1), true).kind, 'part')
  })
}

t.test('an answer without a length goes on to the end', async (t) => {
  const bytes = 'HTTP/1.1 200 OK\r\n\r\nall of it'
  t.equal(readAnswer(bytes, false).kind, 'part')
  t.match(readAnswer(bytes, true), { kind: 'answer', rest: '' })
})

t.test('what is no HTTP/1 is seen at once', async (t) => {
  for (const bytes of ['SSH-2.0-x', '\x15\x03\x01', 'HTTP/2 200\r\n\r\n', 'HTTP/1.1 abc\r\n\r\n']) {
    t.equal(readAnswer(bytes, false).kind, 'garbled', bytes)
  }
  t.equal(readAnswer('HTT', false).kind, 'part')
})

t.test('no line of a body can be taken for a request', async (t) => {
  const lines = inertBody(10_000).split('\r\n')
  t.same(lines.slice(-2), ['', ''], 'and it ends with an empty one')
  t.notOk(lines.some((line) => /^\S+ \S+(?: HTTP\/\d\.\d)?$/.test(line)))
})
