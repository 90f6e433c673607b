// The kinds of requests there are, by how they end, and what each has to leave behind: its lines in the access log, each
// with its status, code and who cut it, and its uses in the activity.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AdminClient } from './admin.ts'
import { type Answer, plainAnswer } from './upstream.ts'
import { exchange, request } from './wire.ts'

export interface Kind {
  readonly name: string
  /** A line each: `status`, `status CODE`, or `status decision cut by`; in any order. */
  readonly lines: readonly string[]
  /** How many of them count as a use of a key. */
  readonly uses: number
  /** Sends it; resolves when the client is done with it. */
  readonly send: (port: number, keys: KindKeys, pace?: Pace) => Promise<void>
}

/** How patient clients are, in milliseconds: short of time, they may take a pause for the end, and leave before they were heard. */
export interface Pace {
  /** Without another byte on a connection that stays open. */
  readonly quietMs: number
  /** From the request until who leaves does so. */
  readonly leaveMs: number
}

const usualPace: Pace = { quietMs: 200, leaveMs: 700 }

export interface KindKeys {
  /** May do everything. */
  readonly all: string
  /** May read transactions alone. */
  readonly reader: string
  /** Revoked. */
  readonly dead: string
  /** Of the other environment, whose upstream is down. */
  readonly sandbox: string
}

/** What the gateway has to be told for these kinds to end within seconds. */
export const kindLimits = ', limits: { header_timeout: 3s, idle_timeout: 3s }'

/** Makes the keys, all of one merchant. */
export async function makeKindKeys(admin: AdminClient): Promise<KindKeys> {
  const merchant = await admin.makeMerchant()
  const all = await admin.makeKey(merchant, { permissions: ['*'] })
  const reader = await admin.makeKey(merchant, { permissions: ['transaction.read'] })
  const dead = await admin.makeKey(merchant)
  const sandbox = await admin.makeKey(merchant, { environment: 'sandbox', permissions: ['*'] })
  await admin.call('POST', `/keys/${dead.id}/revoke?wait=all`)
  return { all: all.secret, reader: reader.secret, dead: dead.secret, sandbox: sandbox.secret }
}

/**
 * Asks with the keys until each process has them in memory, as good as surely: a client that leaves has been known for long
 * then. Gives how many requests that took, each of them a use.
 */
export async function warmKeys(port: number, { all, reader }: KindKeys): Promise<number> {
  const turns = 8
  for (let i = 0; i < turns; i++) {
    await Promise.all(
      [all, reader].map((secret) => exchange(port, get('/v1/transactions/1', [host, key(secret)]), 30_000)),
    )
  }
  return 2 * turns
}

const half = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nonly'
const large = `HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n${'x'.repeat(8_000_000)}`
const served = new WeakSet<Socket>()

/** What the upstream of these requests has to do, by a segment of the target. */
const answers: Readonly<Record<string, (socket: Socket) => string | undefined>> = {
  reset: (socket) => void socket.resetAndDestroy(),
  closed: (socket) => void socket.end(),
  garbled: () => 'NO HTTP\r\n\r\n',
  silent: () => undefined,
  slow: () => undefined,
  half: (socket) => void socket.end(half),
  'half-chunked': (socket) =>
    void socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n'),
  falls: () => half,
  switches: () => 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n',
  interim: () => `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${plainAnswer}`,
  pieces(socket) {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n')
    setTimeout(() => socket.write('4\r\nonly\r\n0\r\nX-Trailer: a\r\n\r\n'), 30)
    return undefined
  },
  'until-close': (socket) => void socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall'),
  large: () => large,
  late(socket) {
    setTimeout(() => socket.write(plainAnswer), 800)
    return undefined
  },
  304: () => 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n',
  204: () => 'HTTP/1.1 204 No Content\r\n\r\n',
  401: () => 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno',
  // It had closed a connection that it is asked on once more.
  stale(socket) {
    if (served.has(socket)) return void socket.resetAndDestroy()
    return plainAnswer
  },
}

/** Answers all kinds, but those that are answered before their body has come. */
export const kindsAnswer: Answer = ({ target, method }, socket) => {
  const kind = target.split('/').find((segment) => segment in answers)
  const bytes = kind === undefined ? plainAnswer : answers[kind]?.(socket)
  served.add(socket)
  return method === 'HEAD' && bytes !== undefined ? bytes.slice(0, bytes.indexOf('\r\n\r\n') + 4) : bytes
}

const host = 'Host: api.flintn.com'
const chunked = 'Transfer-Encoding: chunked'
const key = (secret: string) => `X-Api-Key: ${secret}`

/** Writes pieces in turn, pauses where a number stands, until the other side closes or falls silent for `quietMs`. */
function talk(port: number, pieces: readonly (string | number)[], quietMs: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve()
    }
    let timer = setTimeout(end, 30_000)
    socket.on('error', () => {}).on('close', end)
    socket.on('data', () => {
      clearTimeout(timer)
      timer = setTimeout(end, quietMs)
    })
    void writeAll(socket, pieces)
  })
}

async function writeAll(socket: Socket, pieces: readonly (string | number)[]): Promise<void> {
  for (const piece of pieces) {
    if (typeof piece === 'number') await sleep(piece)
    else socket.write(piece, 'latin1')
  }
}

interface Leave {
  readonly how?: 'close' | 'reset'
  readonly afterMs?: number
  /** It takes what comes until then. */
  readonly reads?: boolean
}

/** A client that goes a while after it has written. */
async function leave(port: number, bytes: string, { how = 'close', afterMs, reads = true }: Leave) {
  const socket = connect(port, '127.0.0.1')
  // The other side may be gone first.
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  if (reads) socket.resume()
  await once(socket, 'connect')
  socket.write(bytes, 'latin1')
  await sleep(afterMs)
  if (how === 'reset') socket.resetAndDestroy()
  else socket.destroy()
  await closed
}

/** Of one request, or several in a row, that are answered. */
function asked(
  name: string,
  bytes: (keys: KindKeys) => string | readonly (string | number)[],
  lines: string | readonly string[],
  uses = 0,
): Kind {
  return {
    name,
    lines: typeof lines === 'string' ? [lines] : lines,
    uses,
    send(port, keys, { quietMs } = usualPace) {
      const pieces = bytes(keys)
      return talk(port, typeof pieces === 'string' ? [pieces] : pieces, quietMs)
    },
  }
}

const get = (path: string, fields: readonly string[]) => request(`GET ${path}`, fields)
const post = (path: string, fields: readonly string[], body = '') => request(`POST ${path}`, fields, body)
const as = (keys: KindKeys, ...fields: readonly string[]) => [host, key(keys.all), ...fields]

const served200: readonly Kind[] = [
  asked('a GET', (k) => get('/v1/transactions/1', as(k)), '200', 1),
  asked('a HEAD', (k) => request('HEAD /v1/transactions/1', as(k)), '200', 1),
  asked('a public route', () => get('/v1/status', [host]), '200'),
  asked('a public route with a key', (k) => get('/v1/status', as(k)), '200'),
  asked('a POST of a known length', (k) => post('/v1/upload', as(k, 'Content-Length: 3'), 'abc'), '200', 1),
  asked('a POST of nothing', (k) => post('/v1/upload', as(k, 'Content-Length: 0')), '200', 1),
  asked('a POST in chunks', (k) => post('/v1/upload', as(k, chunked), '3\r\nabc\r\n0\r\n\r\n'), '200', 1),
  asked(
    'a body in two packets',
    (k) => [post('/v1/upload', as(k, 'Content-Length: 6'), 'abc'), 30, 'def'],
    '200',
    1,
  ),
  asked(
    'a body that waits to be asked for',
    (k) => [post('/v1/upload', as(k, 'Content-Length: 3', 'Expect: 100-continue')), 30, 'abc'],
    '200',
    1,
  ),
  asked('a DELETE', (k) => request('DELETE /v1/transactions/1', as(k)), '200', 1),
  asked('a 304', (k) => get('/v1/transactions/304', as(k)), '304', 1),
  asked('a 204', (k) => get('/v1/transactions/204', as(k)), '204', 1),
  asked('an upstream’s own 401', (k) => get('/v1/transactions/401', as(k)), '401', 1),
  asked('an answer before the answer', (k) => get('/v1/transactions/interim', as(k)), '200', 1),
  asked('an answer in pieces with trailers', (k) => get('/v1/transactions/pieces', as(k)), '200', 1),
  asked(
    'an answer that ends with its connection',
    (k) => get('/v1/transactions/until-close', as(k)),
    '200',
    1,
  ),
  asked('a large answer', (k) => get('/v1/transactions/large', as(k)), '200', 1),
  asked('HTTP/1.0', (k) => get('/v1/transactions/1', as(k)).replace('HTTP/1.1', 'HTTP/1.0'), '200', 1),
  asked('absolute form', (k) => get('http://api.flintn.com/v1/transactions/1', as(k)), '200', 1),
  asked(
    'an upgrade that is ignored',
    (k) => get('/v1/transactions/1', as(k, 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c')),
    '200',
    1,
  ),
  asked(
    'requests sent ahead',
    (k) => get('/v1/transactions/1', as(k)) + get('/v1/status', [host]) + get('/v1/transactions/2', as(k)),
    ['200', '200', '200'],
    2,
  ),
  asked(
    'one sent ahead behind the last one of a connection',
    (k) => get('/v1/transactions/1', as(k, 'Connection: close')) + get('/v1/transactions/2', as(k)),
    '200',
    1,
  ),
  asked(
    'one that is lost on a connection that had rested, and sent again',
    (k) => [get('/v1/transactions/1', as(k)), 50, get('/v1/transactions/stale', as(k))],
    ['200', '200'],
    2,
  ),
]

const refused: readonly Kind[] = [
  asked('no key', () => get('/v1/transactions/1', [host]), '401 MISSING_API_KEY'),
  asked(
    'a malformed key',
    () => get('/v1/transactions/1', [host, key('pk_live_short')]),
    '401 INVALID_API_KEY',
  ),
  asked('a dead key', (k) => get('/v1/transactions/1', [host, key(k.dead)]), '401 INVALID_API_KEY', 1),
  asked(
    'the key of another environment',
    (k) => get('/v1/transactions/1', [host, key(k.sandbox)]),
    '401 WRONG_ENVIRONMENT',
  ),
  asked(
    'two keys',
    (k) => get('/v1/transactions/1', [host, key(k.all), key(k.reader)]),
    '401 INVALID_API_KEY',
  ),
  asked('a key in the query', () => get('/v1/status?a=pk_live_x', [host]), '401 INVALID_API_KEY'),
  asked(
    'a key that may not',
    (k) => post('/v1/upload', [host, key(k.reader), 'Content-Length: 3'], 'abc'),
    '403 INSUFFICIENT_PERMISSIONS',
    1,
  ),
  asked('no such route', (k) => get('/v1/nothing', as(k)), '404 ROUTE_NOT_FOUND'),
  asked('a method that is not listed', (k) => request('PUT /v1/upload', as(k)), '405 METHOD_NOT_ALLOWED'),
  asked('no such host', () => get('/v1/status', ['Host: other.example']), '421 UNKNOWN_HOST'),
  asked('two hosts', () => get('/v1/status', [host, host]), '400 BAD_REQUEST'),
  asked('no host', () => get('/v1/status', []), '400 BAD_REQUEST'),
  asked('a path that reads in two ways', (k) => get('/v1/transactions/%2e', as(k)), '400 INVALID_PATH'),
  asked(
    'two codings',
    (k) => post('/v1/upload', as(k, 'Transfer-Encoding: gzip, chunked'), '0\r\n\r\n'),
    '400 BAD_REQUEST',
  ),
  asked(
    'too large by its length, all of it there',
    (k) => post('/v1/small', as(k, 'Content-Length: 2000'), 'x'.repeat(2000)),
    '413 BODY_TOO_LARGE',
    1,
  ),
  asked(
    'far too large by its length',
    (k) => post('/v1/small', as(k, 'Content-Length: 200000'), 'x'.repeat(70_000)),
    '413 BODY_TOO_LARGE',
    1,
  ),
  asked(
    'too large as it comes',
    (k) => post('/v1/small', as(k, chunked), `800\r\n${'x'.repeat(2048)}\r\n0\r\n\r\n`),
    '413 BODY_TOO_LARGE',
    1,
  ),
  asked('too long a target', (k) => get(`/v1/${'x'.repeat(20_000)}`, as(k)), '414 URI_TOO_LONG'),
  asked(
    'too many fields',
    (k) => get('/v1/status', as(k, ...Array.from({ length: 250 }, (_, i) => `X-${i}: a`))),
    '431 HEADERS_TOO_LARGE',
  ),
  asked('refusals in a row', (k) => get('/v1/nothing', as(k)) + get('/v1/transactions/1', [host]), [
    '404 ROUTE_NOT_FOUND',
    '401 MISSING_API_KEY',
  ]),
]

const unparsed: readonly Kind[] = [
  asked('no HTTP', () => 'garbage\r\n\r\n', '400 BAD_REQUEST'),
  asked('a folded field', () => get('/v1/status', [host, 'X: a', ' b']), '400 BAD_REQUEST'),
  asked('a control byte', () => get('/v1/status', [host, 'X: a\u0000']), '400 BAD_REQUEST'),
  asked(
    'a head far beyond all limits',
    () => `GET /v1/status HTTP/1.1\r\n${host}\r\nX: ${'x'.repeat(400_000)}\r\n\r\n`,
    '431 HEADERS_TOO_LARGE',
  ),
  asked('CONNECT', () => 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', '400 INVALID_PATH'),
  asked('a head that comes too slowly', () => 'GET /v1/status HTTP/1.1\r\nHost: ap', '408 REQUEST_TIMEOUT'),
  asked(
    'garbage behind an answer',
    (k) => [get('/v1/transactions/1', as(k)), 50, 'garbage\r\n\r\n'],
    ['200', '400 BAD_REQUEST'],
    1,
  ),
  asked(
    'a body that turns into no HTTP',
    (k) => [post('/v1/upload', as(k, chunked), '3\r\nabc\r\n'), 50, 'no size\r\n'],
    '400 BAD_REQUEST cut client',
    1,
  ),
  asked(
    'what was refused goes on with no HTTP',
    (k) => [post('/v1/nothing', as(k, 'Content-Length: 10'), 'abc'), 50, 'defghij', 50, 'garbage\r\n\r\n'],
    ['404 ROUTE_NOT_FOUND', '400 BAD_REQUEST'],
  ),
]

const failed: readonly Kind[] = [
  asked(
    'a reset of an upload',
    (k) => post('/v1/transactions/reset/refund', as(k, 'Content-Length: 3'), 'abc'),
    '502 UPSTREAM_ERROR',
    1,
  ),
  asked('a reset of a GET', (k) => get('/v1/transactions/reset', as(k)), '502 UPSTREAM_ERROR', 1),
  asked('a close', (k) => get('/v1/transactions/closed', as(k)), '502 UPSTREAM_ERROR', 1),
  asked('an answer that is none', (k) => get('/v1/transactions/garbled', as(k)), '502 UPSTREAM_ERROR', 1),
  asked('another protocol', (k) => get('/v1/transactions/switches', as(k)), '502 UPSTREAM_ERROR', 1),
  asked('no answer in time', (k) => get('/v1/slow', as(k)), '504 UPSTREAM_TIMEOUT', 1),
  asked('half an answer', (k) => get('/v1/transactions/half', as(k)), '200 cut upstream', 1),
  asked(
    'half an answer in chunks',
    (k) => get('/v1/transactions/half-chunked', as(k)),
    '200 cut upstream',
    1,
  ),
  {
    ...asked('an answer that falls silent', () => '', '200 cut timeout', 1),
    send: (port, k) => talk(port, [get('/v1/transactions/falls', as(k))], 10_000),
  },
  asked(
    'a body that comes to a stop',
    (k) => post('/v1/upload', as(k, 'Content-Length: 9'), 'abc'),
    '408 REQUEST_TIMEOUT',
    1,
  ),
  asked(
    'an upstream that is down',
    (k) => get('/v1/transactions/1', ['Host: sandbox.api.flintn.com', key(k.sandbox)]),
    '50x',
    1,
  ),
]

function left(name: string, line: string | null, bytes: (keys: KindKeys) => string, how: Leave = {}): Kind {
  const isUse = line !== null && !line.startsWith('413') && !line.startsWith('404')
  return {
    ...{ name, lines: line === null ? [] : [line], uses: isUse ? 1 : 0 },
    send: (port, keys, { leaveMs } = usualPace) => leave(port, bytes(keys), { afterMs: leaveMs, ...how }),
  }
}

const upload = (k: KindKeys) => post('/v1/upload', as(k, 'Content-Length: 1000'), 'abc')
const silent = (k: KindKeys) => get('/v1/transactions/silent', as(k))
const beginsAHead = () => 'GET /v1/sta'

const leaving: readonly Kind[] = [
  left('before the answer', '0 allow cut client', silent),
  left('before the answer, by a reset', '0 allow cut client', silent, { how: 'reset' }),
  left('in the midst of the answer', '200 cut client', (k) => get('/v1/transactions/large', as(k)), {
    how: 'reset',
    reads: false,
  }),
  left('while the answer pauses', '200 cut client', (k) => get('/v1/transactions/falls', as(k))),
  left('in the midst of the body', '400 BAD_REQUEST cut client', upload),
  left('in the midst of the body, by a reset', '0 allow cut client', upload, { how: 'reset' }),
  left('in the midst of a body in chunks', '400 BAD_REQUEST cut client', (k) =>
    post('/v1/upload', as(k, chunked), '3\r\nabc\r\n'),
  ),
  left('in the midst of a body that was refused', '404 ROUTE_NOT_FOUND', (k) =>
    post('/v1/nothing', as(k, 'Content-Length: 1000'), 'abc'),
  ),
  {
    ...left('in the midst of a body that was too large', '413 BODY_TOO_LARGE', (k) =>
      post('/v1/small', as(k, 'Content-Length: 2000'), 'abc'),
    ),
    uses: 1,
  },
  left(
    'after its body was given up',
    '408 REQUEST_TIMEOUT',
    (k) => post('/v1/upload', as(k, 'Content-Length: 9'), 'abc'),
    { afterMs: 6_000 },
  ),
  left('before a body that it was asked for', '400 BAD_REQUEST cut client', (k) =>
    post('/v1/upload', as(k, 'Content-Length: 9', 'Expect: 100-continue')),
  ),
  { ...left('in the midst of a head', '400 BAD_REQUEST', beginsAHead), uses: 0 },
  left('in the midst of a head, by a reset', null, beginsAHead, { how: 'reset' }),
  left('without a word', null, () => ''),
  left('with requests sent ahead', '0 allow cut client', (k) => silent(k) + get('/v1/transactions/1', as(k))),
]

/** All of them. */
export const kinds: readonly Kind[] = [
  ...served200,
  ...refused,
  ...unparsed,
  ...failed,
  ...leaving.map((kind) => ({ ...kind, name: `a client that leaves ${kind.name}` })),
]

/** What a line says, in the words of `Kind.lines`. */
export function wordsOf(line: Readonly<Record<string, unknown>>): string {
  if (line['code'] === 'UPSTREAM_UNAVAILABLE' || line['reason'] === 'refused') return '50x'
  let words = String(line['status'])
  if (typeof line['code'] === 'string') words += ` ${line['code']}`
  else if (line['status'] === 0) words += ` ${String(line['decision'])}`
  return typeof line['cut'] === 'string' ? `${words} cut ${line['cut']}` : words
}
