// The head of a request as the stages see it: gathered in one pass over the raw list, and no further than the limits reach.
// Whoever has no key may write what he likes into a head: no step of this takes longer than the bytes are many, and nothing
// is remembered of the names that come.

import type { Limits } from '../../config/compiled.ts'
import { foldHeaderName } from '../../config/header-names.ts'
import { listElements } from '../../errors/wire-text.ts'

/** How many names Connection may list in all of its fields; each other field is compared with all of them. */
export const mostConnectionNames = 32

export type HeadLimits = Pick<Limits, 'headerBytes' | 'headerCount'>

/** What a head may have too much of: fields, bytes, names that its Connection lists. */
export type HeadExcess = 'header_count' | 'header_bytes' | 'connection_names'

/** The header fields that decide anything, gathered in one pass over the raw list. */
export interface Head {
  /** Why the head was not read to its end: nothing but Accept is known of it then; undefined: it was. */
  excess: HeadExcess | undefined
  hosts: number
  host: string
  contentLength: number | undefined
  /** A body follows whose length is not known: it comes in chunks, or the head was not read to its end. */
  isChunked: boolean
  /** How many Transfer-Encoding fields there are, and the value of the last one. */
  transferEncodings: number
  transferEncoding: string
  expectsContinue: boolean
  accept: string | undefined
  /** Values of Authorization fields. */
  authorization: string[]
  /** Folded names of the fields that Connection lists. */
  connectionNames: string[]
  /** X-Forwarded-For values joined in order of arrival. */
  forwardedFor: string | undefined
  forwardedProto: string | undefined
  forwardedHost: string | undefined
  requestId: string | undefined
  /** Origin; a repeated one is a list, which is no origin. */
  origin: string | undefined
  /** Access-Control-Request-Method; a repeated one is a list, which is no method. */
  requestMethod: string | undefined
  /** Traceparent; a repeated one is none. */
  traceParent: string
}

/** Whether a request body follows the head. */
export function hasBody(head: Head): boolean {
  return head.isChunked || (head.contentLength ?? 0) > 0
}

/**
 * Gathers what the stages need of the header fields. Of a head that is over a limit only Accept is kept, as it decides the
 * form of the refusal, and only from within the limits: what a proxy vouches for may stand beyond them. `fields`: names and
 * values in turn, as they came; `httpMinor`: of HTTP/1.
 */
export function readHead(fields: readonly string[], httpMinor: number, limits: HeadLimits): Head {
  const head = emptyHead()
  const end = Math.min(fields.length, limits.headerCount * 2)
  let excess: HeadExcess | undefined = fields.length > end ? 'header_count' : undefined
  let bytesLeft = limits.headerBytes
  for (let i = 0; i + 1 < end; i += 2) {
    const name = fields[i] ?? ''
    const value = fields[i + 1] ?? ''
    // Each field line also has a colon, a space and CRLF.
    bytesLeft -= name.length + value.length + 4
    if (bytesLeft < 0) {
      excess ??= 'header_bytes'
      break
    }
    const read = readerOf(name)
    if (read !== null) read(head, value)
  }
  if (head.connectionNames.length > mostConnectionNames) excess ??= 'connection_names'
  if (excess !== undefined) return unreadHead(excess, head.accept)
  // RFC 9110 §10.1.1: such a client does not know of interim answers.
  if (httpMinor === 0) head.expectsContinue = false
  return head
}

function unreadHead(excess: HeadExcess, accept: string | undefined): Head {
  const head = emptyHead()
  head.excess = excess
  head.accept = accept
  head.isChunked = true
  return head
}

function emptyHead(): Head {
  return {
    excess: undefined,
    hosts: 0,
    host: '',
    contentLength: undefined,
    isChunked: false,
    transferEncodings: 0,
    transferEncoding: '',
    expectsContinue: false,
    accept: undefined,
    authorization: none,
    connectionNames: none,
    forwardedFor: undefined,
    forwardedProto: undefined,
    forwardedHost: undefined,
    requestId: undefined,
    origin: undefined,
    requestMethod: undefined,
    traceParent: '',
  }
}

/** Stands for a list in which there is nothing; never added to. */
const none: string[] = []

type Reader = (head: Head, value: string) => void

const readers: ReadonlyMap<string, Reader> = new Map(
  Object.entries({
    host(head: Head, value: string) {
      head.hosts++
      head.host = value
    },
    'content-length'(head: Head, value: string) {
      head.contentLength = Number(value)
    },
    'transfer-encoding'(head: Head, value: string) {
      head.isChunked = true
      head.transferEncodings++
      head.transferEncoding = value
    },
    expect(head: Head, value: string) {
      if (value.toLowerCase() === '100-continue') head.expectsContinue = true
    },
    accept(head: Head, value: string) {
      head.accept = joined(head.accept, value)
    },
    authorization(head: Head, value: string) {
      if (head.authorization === none) head.authorization = [value]
      else head.authorization.push(value)
    },
    connection(head: Head, value: string) {
      if (isUsualConnection(value)) return
      if (head.connectionNames === none) head.connectionNames = []
      const { connectionNames } = head
      // One more than may be: that there are more is then known.
      const names = listElements(value, mostConnectionNames + 1 - connectionNames.length)
      for (const name of names) connectionNames.push(foldHeaderName(name))
    },
    'x-forwarded-for'(head: Head, value: string) {
      head.forwardedFor = joined(head.forwardedFor, value)
    },
    'x-forwarded-proto'(head: Head, value: string) {
      head.forwardedProto = joined(head.forwardedProto, value)
    },
    'x-forwarded-host'(head: Head, value: string) {
      head.forwardedHost = joined(head.forwardedHost, value)
    },
    'x-request-id'(head: Head, value: string) {
      head.requestId = joined(head.requestId, value)
    },
    origin(head: Head, value: string) {
      head.origin = joined(head.origin, value)
    },
    'access-control-request-method'(head: Head, value: string) {
      head.requestMethod = joined(head.requestMethod, value)
    },
    traceparent(head: Head, value: string) {
      head.traceParent = head.traceParent === '' ? value : `${head.traceParent}, ${value}`
    },
  }),
)

/** RFC 9110 §5.3: repeated fields are one list. A text put together like this costs no copy of what was there before. */
function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`
}

/** What most clients send and nobody here reads. */
const unread = [
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-type',
  'cookie',
  'idempotency-key',
  'referer',
  'user-agent',
  'x-api-key',
]

/** By the spellings that nearly all names have: all in lower case, or each word with a capital. Others are looked at anew. */
const usualSpellings: ReadonlyMap<string, Reader | null> = new Map(
  [...readers.keys(), ...unread].flatMap((name) =>
    [name, name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase())].map(
      (spelling) => [spelling, readers.get(name) ?? null] as const,
    ),
  ),
)

const readLengths = new Set([...readers.keys()].map((name) => name.length))
const isReadLength = Array.from({ length: Math.max(...readLengths) + 1 }, (_, i) => readLengths.has(i))

function readerOf(name: string): Reader | null {
  const reader = usualSpellings.get(name)
  if (reader !== undefined) return reader
  return isReadLength[name.length] === true ? (readers.get(name.toLowerCase()) ?? null) : null
}

/** What nearly every Connection says: it names no field that would have to be looked for. */
export function isUsualConnection(value: string): boolean {
  return value === 'keep-alive' || value === 'close'
}
