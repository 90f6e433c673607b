// The answers that are read, and those that are none.

import t from 'tap'
import { InvalidAnswer, maxHeadBytes } from '../../../src/gateway/upstream/answer-head.ts'
import { AnswerReader } from '../../../src/gateway/upstream/answer-reader.ts'
import { badAnswers } from './bad-answers.ts'
import { goodAnswers } from './good-answers.ts'
import { cuts, type ReadAnswer, readAnswer } from './read-answers.ts'

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const ok = 'HTTP/1.1 200 OK\r\n'
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`

t.test('answers are read alike however they are cut', async (t) => {
  for (const [name, { bytes, read, ...of }] of Object.entries(goodAnswers)) {
    const results = cuts(latin1(bytes)).map((pieces) => readAnswer(pieces, of))
    t.match(results[0], read, name)
    // What lies behind an answer is counted read by read.
    t.same(new Set(results.map((result) => JSON.stringify(result))).size, 1, `${name}: all cuts`)
  }
})

t.test('what could be read in two ways is no answer, however it is cut', async (t) => {
  for (const [name, [bytes, what, reason = 'malformed']] of Object.entries(badAnswers)) {
    const ways = bytes.length > 1_000 ? [[latin1(bytes)], perByte(bytes)] : cuts(latin1(bytes))
    const faults = ways.map((pieces) => faultOf(() => readAnswer(pieces, { isEnded: true })))
    t.match(faults[0], what, name)
    t.equal(new Set(faults).size, 1, `${name}: all cuts`)
    const fault = errorOf(() => readAnswer([latin1(bytes)], { isEnded: true }))
    t.equal(fault instanceof InvalidAnswer ? fault.reason : fault, reason, name)
    t.notMatch(faults[0], /card|hello|aaa/, 'it repeats nothing')
  }
})

t.test('what no rest can make a head is refused before its end', async (t) => {
  for (const [bytes, what] of [
    ['-ERR unknown command\r\n', /status line/],
    ['\x15\x03\x01\0\x02\x02\x0a', /status line/],
    ['HTTP/1.1 200 OK\nX: 1\r', /status line/],
    ['HTTP/1.1 200 OK\rX', /status line/],
    [`${ok}X: 1\nContent-Length: 0\r`, /header field/],
    [`${ok}X: 1\rY`, /header field/],
  ] as const)
    for (const pieces of [[latin1(bytes)], perByte(bytes)])
      t.match(
        faultOf(() => readAnswer(pieces)),
        what,
        JSON.stringify(bytes),
      )
  for (const bytes of [
    'H',
    'HTTP/1.1 2',
    'HTTP/1.1 200 OK\r',
    ok,
    `${ok}X`,
    `${ok}X: 1\r`,
    `${ok}X: 1\r\n\r`,
    'HTTP/1.1 200 OK\n',
    `${ok}X: 1\n`,
  ])
    for (const pieces of [[latin1(bytes)], perByte(bytes)])
      t.equal(readAnswer(pieces).isWhole, false, JSON.stringify(bytes))
})

t.test('interim answers do not come without end', async (t) => {
  const interim = 'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n'
  const final = `${ok}Content-Length: 0\r\n\r\n`
  t.equal(readAnswer([latin1(interim.repeat(1_000)), latin1(final)]).isWhole, true)
  const flood = Array.from({ length: 2_000 }, () => latin1(interim))
  t.match(
    faultOf(() => readAnswer(flood)),
    /too many interim/,
  )
})

t.test('a head of the greatest length is read, and one byte more is not', async (t) => {
  const head = (length: number) => {
    const rest = `${ok}Content-Length: 0\r\nX: \r\n\r\n`
    return rest.replace('X: ', `X: ${'a'.repeat(length - rest.length)}`)
  }
  for (const pieces of [[latin1(head(maxHeadBytes))], perByte(head(maxHeadBytes))])
    t.equal(readAnswer(pieces).isWhole, true)
  for (const pieces of [[latin1(head(maxHeadBytes + 1))], perByte(head(maxHeadBytes + 1))])
    t.match(
      faultOf(() => readAnswer(pieces)),
      /longer than/,
    )
})

t.test('a head in LF may be followed by as much as there is', async (t) => {
  const body = 'a'.repeat(2 * maxHeadBytes)
  const { head, body: read } = readAnswer([latin1(`HTTP/1.1 200 OK\nX: 1\n\n${body}`)], { isEnded: true })
  t.same(head?.fields, ['X', '1'])
  t.equal(read, body)
})

t.test('who stops in the middle of an answer is told nothing more', async (t) => {
  t.same(stopAt('onHead'), ['onHead'])
  t.same(stopAt('onBody'), ['onHead', 'onBody'])
  t.same(stopAt('onInterim'), ['onInterim'])
})

/** What is told of an answer by a reader that is stopped at the first call of `name`. */
function stopAt(name: string): string[] {
  const told: string[] = []
  const reader = new AnswerReader()
  const tell = (call: string) => {
    told.push(call)
    if (call === name) reader.stop()
  }
  const receiver = {
    onInterim: () => tell('onInterim'),
    onHead: () => tell('onHead'),
    onBody: () => tell('onBody'),
    onEnd: () => tell('onEnd'),
  }
  reader.await(receiver, false)
  const interim = name === 'onInterim' ? 'HTTP/1.1 103 Early\r\n\r\n' : ''
  const bytes = latin1(`${interim}${chunked}2\r\nok\r\n2\r\nok\r\n0\r\n\r\n`)
  reader.read(bytes, bytes.length)
  reader.end()
  return told
}

function perByte(text: string): Buffer[] {
  return Array.from(text, (_, i) => latin1(text.slice(i, i + 1)))
}

function errorOf(read: () => ReadAnswer): unknown {
  try {
    return `read: ${JSON.stringify(read())}`
  } catch (error) {
    return error
  }
}

function faultOf(read: () => ReadAnswer): string {
  const error = errorOf(read)
  return error instanceof InvalidAnswer ? error.message : String(error)
}
