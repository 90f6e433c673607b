// The answers that are read, and those that are none.

import t from 'tap'
import { InvalidAnswer, maxHeadBytes } from '../../../src/gateway/upstream/answer-head.ts'
import { AnswerReader } from '../../../src/gateway/upstream/answer-reader.ts'
import { cuts, type ReadAnswer, readAnswer } from './read-answers.ts'

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const ok = 'HTTP/1.1 200 OK\r\n'
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`

interface Case {
  readonly bytes: string
  readonly method?: string
  readonly isEnded?: boolean
  readonly read: {
    readonly head?: object | undefined
    readonly interim?: readonly object[]
    readonly body?: string
    readonly trailers?: readonly string[]
    readonly isWhole?: boolean
    readonly rest?: number
  }
}

const whole = { isWhole: true, rest: 0, interim: [], trailers: [] }

const good: Readonly<Record<string, Case>> = {
  'a body of a length': {
    bytes: `${ok}Content-Type: a/b\r\nContent-Length: 5\r\n\r\nhello`,
    read: {
      ...whole,
      body: 'hello',
      head: {
        status: 200,
        reason: 'OK',
        fields: ['Content-Type', 'a/b', 'Content-Length', '5'],
        contentLength: 5,
        isChunked: false,
        isPersistent: true,
      },
    },
  },
  'a body of no length': { bytes: `${ok}Content-Length: 0\r\n\r\n`, read: { ...whole, body: '' } },
  'a length with zeros before it': {
    bytes: `${ok}Content-Length: 005\r\n\r\nhello`,
    read: { ...whole, body: 'hello' },
  },
  'a body in chunks': {
    bytes: `${chunked}5\r\nhello\r\nA;x=y;z="a b"\r\n, chunked \r\n00f \r\n123456789012345\r\n0\r\n\r\n`,
    read: { ...whole, body: 'hello, chunked 123456789012345' },
  },
  'chunks with trailers': {
    bytes: `${chunked}2\r\nok\r\n000\r\nX-Sum: 1\r\nX-Sum:2 \r\n\r\n`,
    read: { ...whole, body: 'ok', trailers: ['X-Sum', '1', 'X-Sum', '2'] },
  },
  'chunks that hold what looks like framing': {
    bytes: `${chunked}9\r\n\r\n0\r\n\r\n\r\n\r\n4\r\n0\r\n\r\r\n0\r\n\r\n`,
    read: { ...whole, body: '\r\n0\r\n\r\n\r\n0\r\n\r' },
  },
  'a size with zeros before it': {
    bytes: `${chunked}${'0'.repeat(20)}2\r\nok\r\n${'0'.repeat(20)}\r\n\r\n`,
    read: { ...whole, body: 'ok' },
  },
  'no chunk but the last': { bytes: `${chunked}0\r\n\r\n`, read: { ...whole, body: '' } },
  'a body until the end': {
    bytes: `${ok}\r\nhello`,
    isEnded: true,
    read: { ...whole, body: 'hello', head: { contentLength: undefined, isChunked: false } },
  },
  'no body until the end': { bytes: `${ok}\r\n`, isEnded: true, read: { ...whole, body: '' } },
  'values in bytes beyond ASCII, and white space around them': {
    bytes: `${ok}X:\t caf\u00e9\u0080\u00ff \t\r\nY:\r\nZ: \r\nW: a  b\tc\r\nContent-Length: \t0 \r\n\r\n`,
    read: {
      ...whole,
      head: {
        fields: ['X', 'caf\u00e9\u0080\u00ff', 'Y', '', 'Z', '', 'W', 'a  b\tc', 'Content-Length', '0'],
      },
    },
  },
  'names in all characters that a name may have': {
    bytes: `${ok}!#$%&'*+-.^_\`|~09AZaz: 1\r\nContent-Length: 0\r\n\r\n`,
    read: { ...whole, head: { fields: ["!#$%&'*+-.^_`|~09AZaz", '1', 'Content-Length', '0'] } },
  },
  'a reason of any bytes': {
    bytes: 'HTTP/1.1 299 G\u00c3\u00bc\u0001\t \r\nContent-Length: 0\r\n\r\n',
    read: { ...whole, head: { status: 299, reason: 'G\u00c3\u00bc\u0001\t ' } },
  },
  'no reason': {
    bytes: 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n',
    read: { ...whole, head: { reason: '' } },
  },
  'an empty reason': {
    bytes: 'HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n',
    read: { ...whole, head: { reason: '' } },
  },
  'interim answers': {
    bytes: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n${ok}Content-Length: 2\r\n\r\nok`,
    read: {
      ...whole,
      interim: [
        { status: 100, fields: [] },
        { status: 103, fields: ['Link', '<a>'] },
      ],
      body: 'ok',
    },
  },
  'an answer to HEAD with the length of another': {
    bytes: `${ok}Content-Length: 5\r\n\r\n`,
    method: 'HEAD',
    read: { ...whole, body: '' },
  },
  'an answer to HEAD with the coding of another': {
    bytes: chunked,
    method: 'HEAD',
    read: { ...whole, body: '' },
  },
  'no content': {
    bytes: 'HTTP/1.1 204 No Content\r\n\r\n',
    read: { ...whole, head: { isPersistent: true } },
  },
  'no content, of a length': {
    bytes: 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
    read: { ...whole, body: '', head: { isPersistent: false } },
  },
  'no content, in chunks': {
    bytes: 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n',
    read: { ...whole, body: '', head: { isPersistent: false } },
  },
  'not modified, with the length of what was not': {
    bytes: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
    read: { ...whole, body: '', head: { isPersistent: true } },
  },
  'an answer and bytes behind it': {
    bytes: `${ok}Content-Length: 2\r\n\r\nok${ok}`,
    read: { ...whole, body: 'ok', rest: ok.length },
  },
  'bytes behind a last chunk': { bytes: `${chunked}0\r\n\r\n\r\n`, read: { ...whole, rest: 2 } },
  'an answer of HTTP/1.0': {
    bytes: 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
    read: { ...whole, body: 'ok', head: { isPersistent: false } },
  },
  'HTTP/1.0 that stays': {
    bytes: 'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok',
    read: { ...whole, head: { isPersistent: true } },
  },
  'HTTP/1.0 in chunks, which it does not know': {
    bytes:
      'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    read: { ...whole, body: 'ok', head: { isPersistent: false } },
  },
  'a connection that is closed': {
    bytes: `${ok}Connection: Close\r\nContent-Length: 0\r\n\r\n`,
    read: { ...whole, head: { isPersistent: false } },
  },
  'a connection that is closed, among other words': {
    bytes: `${ok}Connection: keep-alive\r\nConnection: x , close\r\nContent-Length: 0\r\n\r\n`,
    read: { ...whole, head: { isPersistent: false } },
  },
  'how long a connection stays': {
    bytes: `${ok}Keep-Alive: max=100, Timeout=7\r\nContent-Length: 0\r\n\r\n`,
    read: { ...whole, head: { keepAliveSeconds: 7, isPersistent: true } },
  },
  'not how long a connection stays': {
    bytes: `${ok}Keep-Alive: xtimeout=7, timeout=a\r\nContent-Length: 0\r\n\r\n`,
    read: { ...whole, head: { keepAliveSeconds: undefined } },
  },
  'a body that is cut': {
    bytes: `${ok}Content-Length: 5\r\n\r\nhell`,
    isEnded: true,
    read: { isWhole: false },
  },
  'a chunk that is cut': { bytes: `${chunked}5\r\nhell`, isEnded: true, read: { isWhole: false } },
  'chunks without their end': { bytes: `${chunked}2\r\nok\r\n`, isEnded: true, read: { isWhole: false } },
  'a last chunk without its end': { bytes: `${chunked}0\r\n`, isEnded: true, read: { isWhole: false } },
  'a head that is cut': {
    bytes: `${ok}Content-Le`,
    isEnded: true,
    read: { isWhole: false, head: undefined },
  },
}

t.test('answers are read alike however they are cut', async (t) => {
  for (const [name, { bytes, read, ...of }] of Object.entries(good)) {
    const results = cuts(latin1(bytes)).map((pieces) => readAnswer(pieces, of))
    t.match(results[0], read, name)
    // What lies behind an answer is counted read by read.
    t.same(new Set(results.map((result) => JSON.stringify(result))).size, 1, `${name}: all cuts`)
  }
})

const long = 'a'.repeat(maxHeadBytes)

const bad: Readonly<Record<string, readonly [bytes: string, what: RegExp, reason?: string]>> = {
  'no HTTP': ['card-4242 is no status line\r\n\r\n', /status line/],
  'an empty line first': [`\r\n${ok}\r\n`, /status line/],
  'another protocol': ['ICY 200 OK\r\n\r\n', /status line/],
  'another version': ['HTTP/2.0 200 OK\r\n\r\n', /status line/],
  'a version beside the point': ['HTTP/1.10 200 OK\r\n\r\n', /status line/],
  'a version in lower case': ['http/1.1 200 OK\r\n\r\n', /status line/],
  'two spaces before the status': ['HTTP/1.1  200 OK\r\n\r\n', /status line/],
  'a status of two digits': ['HTTP/1.1 20 OK\r\n\r\n', /status line/],
  'a status of four digits': ['HTTP/1.1 2000 OK\r\n\r\n', /status line/],
  'a status with a sign': ['HTTP/1.1 +20 OK\r\n\r\n', /status line/],
  'a status below 100': ['HTTP/1.1 099 OK\r\n\r\n', /below 100/],
  'a bare CR in the reason': ['HTTP/1.1 200 O\rK\r\n\r\n', /status line/],
  'a bare LF in the reason': ['HTTP/1.1 200 O\nK: 1\r\n\r\n', /status line/],
  'a NUL in the reason': ['HTTP/1.1 200 O\0K\r\n\r\n', /status line/],
  'another protocol from here on': ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n', /switches/],
  'a line that goes on in the next': [`${ok}X: 1\r\n 2\r\n\r\n`, /header field/],
  'a first line that begins with a space': [`${ok} X: 1\r\n\r\n`, /header field/],
  'a space before the colon': [`${ok}Content-Length : 5\r\n\r\nhello`, /header field/],
  'a line without a colon': [`${ok}X\r\n\r\n`, /header field/],
  'a line without a name': [`${ok}: 1\r\n\r\n`, /header field/],
  'a name beyond ASCII': [`${ok}X\u00e9: 1\r\n\r\n`, /header field/],
  'a bare LF between lines': [`${ok}X: 1\nContent-Length: 5\r\n\r\nhello`, /header field/],
  'a bare CR between lines': [`${ok}X: 1\rContent-Length: 5\r\n\r\nhello`, /header field/],
  'a NUL in a value': [`${ok}X: 1\0\r\n\r\n`, /header field/],
  'a control character in a value': [`${ok}X: 1\x7f\r\n\r\n`, /header field/],
  'two lengths': [`${ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`, /more than once/],
  'the same length twice': [`${ok}Content-Length: 5\r\ncontent-length: 5\r\n\r\nhello`, /more than once/],
  'a list of lengths': [`${ok}Content-Length: 5, 5\r\n\r\nhello`, /no length/],
  'a length with a sign': [`${ok}Content-Length: +5\r\n\r\nhello`, /no length/],
  'a length below nothing': [`${ok}Content-Length: -5\r\n\r\nhello`, /no length/],
  'a length in hex': [`${ok}Content-Length: 0x5\r\n\r\nhello`, /no length/],
  'a length with a fraction': [`${ok}Content-Length: 5.0\r\n\r\nhello`, /no length/],
  'a length with an exponent': [`${ok}Content-Length: 5e0\r\n\r\nhello`, /no length/],
  'a length that is empty': [`${ok}Content-Length:\r\n\r\nhello`, /no length/],
  'a length that no number holds': [`${ok}Content-Length: 9007199254740993\r\n\r\nhello`, /no length/],
  'a length beside chunks': [
    `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    /beside/,
  ],
  'chunks beside a length': [
    `${ok}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
    /beside/,
  ],
  'another coding': [
    `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    /chunked alone/,
    'transfer_coding',
  ],
  'an empty coding': [`${ok}Transfer-Encoding:\r\n\r\n0\r\n\r\n`, /chunked alone/, 'transfer_coding'],
  'chunks twice': [
    `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    /chunked alone/,
    'transfer_coding',
  ],
  'a coding that looks like chunks': [
    `${ok}Transfer-Encoding: xchunked\r\n\r\n`,
    /chunked alone/,
    'transfer_coding',
  ],
  'chunks with a vertical tab': [`${ok}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`, /header field/],
  'a chunk without a size': [`${chunked}\r\nhello\r\n0\r\n\r\n`, /no size/],
  'a size that is no number': [`${chunked}5g\r\nhello\r\n0\r\n\r\n`, /no size/],
  'a size with a sign': [`${chunked}+5\r\nhello\r\n0\r\n\r\n`, /no size/],
  'a size with a prefix': [`${chunked}0x5\r\nhello\r\n0\r\n\r\n`, /no size/],
  'a size after a space': [`${chunked} 5\r\nhello\r\n0\r\n\r\n`, /no size/],
  'a size that no number holds': [`${chunked}ffffffffffffff\r\nhello\r\n`, /no size/],
  'a size that ends in LF alone': [`${chunked}5\nhello\r\n0\r\n\r\n`, /no size/],
  'an extension that ends in LF alone': [`${chunked}5;x\nhello\r\n0\r\n\r\n`, /no size/],
  'a bare CR in an extension': [`${chunked}5;x\ry\r\nhello\r\n0\r\n\r\n`, /no size/],
  'a NUL in an extension': [`${chunked}5;x\0\r\nhello\r\n0\r\n\r\n`, /no size/],
  'an extension without end': [`${chunked}5;${long}`, /too long/],
  'a chunk longer than its size': [`${chunked}4\r\nhello\r\n0\r\n\r\n`, /does not end/],
  'a chunk that ends in LF alone': [`${chunked}5\r\nhello\n0\r\n\r\n`, /does not end/],
  'a chunk that ends in CR alone': [`${chunked}5\r\nhello\r0\r\n\r\n`, /does not end/],
  'trailers that are none': [`${chunked}0\r\nX 1\r\n\r\n`, /header field/],
  'a trailer that goes on in the next line': [`${chunked}0\r\nX: 1\r\n 2\r\n\r\n`, /header field/],
  'a length after the chunks': [`${chunked}0\r\nContent-Length: 0\r\n\r\n`, /frames the message/],
  'a coding after the chunks': [
    `${chunked}0\r\nX: 1\r\ntransfer-Encoding: chunked\r\n\r\n`,
    /frames the message/,
  ],
  'trailers without end': [`${chunked}0\r\nX: ${long}`, /longer than/, 'headers_too_large'],
  'a head without end': [`${ok}X: ${long}`, /longer than/, 'headers_too_large'],
  'a head that is too long': [`${ok}X: ${long}\r\n\r\n`, /longer than/, 'headers_too_large'],
  'a status line without end': [`HTTP/1.1 200 ${long}`, /longer than/, 'headers_too_large'],
}

t.test('what could be read in two ways is no answer, however it is cut', async (t) => {
  for (const [name, [bytes, what, reason = 'malformed']] of Object.entries(bad)) {
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
    ['HTTP/1.1 200 OK\n', /status line/],
    ['HTTP/1.1 200 OK\rX', /status line/],
    [`${ok}X: 1\nContent-Length: 0\n\n`, /header field/],
    [`${ok}X: 1\rY`, /header field/],
  ] as const)
    t.match(
      faultOf(() => readAnswer([latin1(bytes)])),
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
  ])
    t.equal(readAnswer([latin1(bytes)]).isWhole, false, JSON.stringify(bytes))
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
