// Answers, and what is to be read of each.

const ok = 'HTTP/1.1 200 OK\r\n'
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`

export interface GoodAnswer {
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

/** By what is odd about them; latin1. */
export const goodAnswers: Readonly<Record<string, GoodAnswer>> = {
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
  'the same length twice': {
    bytes: `${ok}Content-Length: 5\r\nX: 1\r\ncontent-length: 5\r\nContent-Length: 5\r\n\r\nhello`,
    read: {
      ...whole,
      body: 'hello',
      head: { fields: ['Content-Length', '5', 'X', '1'], contentLength: 5, oddity: 'repeated_length' },
    },
  },
  'lines that end in LF alone': {
    bytes: 'HTTP/1.1 200 OK\nX:  1 \nContent-Length: 8\n\nhe\r\n\r\n\nl',
    read: {
      ...whole,
      body: 'he\r\n\r\n\nl',
      head: { reason: 'OK', fields: ['X', '1', 'Content-Length', '8'], oddity: 'bare_lf' },
    },
  },
  'lines that end in LF alone after a status line that does not': {
    bytes: `${ok}Date: a\r\nContent-Type: a/b\n\nhello\r\n\r\n`,
    isEnded: true,
    read: { ...whole, body: 'hello\r\n\r\n', head: { fields: ['Date', 'a', 'Content-Type', 'a/b'] } },
  },
  'an empty line that ends in LF alone': {
    bytes: `${ok}Content-Length: 5\r\n\nhello`,
    read: { ...whole, body: 'hello', head: { oddity: 'bare_lf' } },
  },
  'an interim answer in LF, and one in CRLF': {
    bytes: `HTTP/1.1 103 Early Hints\nLink: <a>\n\n${ok}Content-Length: 2\r\n\r\nok`,
    read: { ...whole, body: 'ok', interim: [{ fields: ['Link', '<a>'] }], head: { oddity: undefined } },
  },
  'a head in LF before chunks': {
    bytes: 'HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\r\nhello\r\n0\r\n\r\n',
    read: { ...whole, body: 'hello' },
  },
  'control characters in values': {
    bytes: `${ok}X: \x01a\x0bb\x7f\r\nContent-Length: 2\r\n\r\nok`,
    read: {
      ...whole,
      body: 'ok',
      head: { fields: ['X', 'a b', 'Content-Length', '2'], oddity: 'control_character' },
    },
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
