// Stage 1: the head of the message. What the HTTP parser lets through and two readers could still frame differently
// ends here (RFC 9112 §3.2, §6.1, §6.3). The parser itself (llhttp, strict) has refused obs-fold, bare CR and LF,
// repeated Content-Length, Content-Length beside Transfer-Encoding, and control characters in values.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Limits } from '../config/compiled.ts'
import { foldHeaderName } from '../config/header-names.ts'
import { isHostValue } from '../config/hosts.ts'
import { refuseLongTarget } from '../config/request/target.ts'
import { type Denial, deny } from '../errors/denial.ts'
import type { Access, Head, Stage } from './access.ts'
import { isUsualConnection } from './headers.ts'

/** Refuses heads over the limits, ambiguous framing, and plain http where https is required. */
export function judgeMessage(limits: Limits, requireHttps: boolean): Stage {
  const afterUpgrade = createUpgradeGuard()
  return (access) =>
    afterUpgrade(access) ??
    overLimit(access, limits) ??
    ambiguousFraming(access) ??
    (requireHttps && !access.isSecure ? deny('HTTPS_REQUIRED', 'plain_http') : undefined)
}

/**
 * Upgrades are not made, so such a request goes on as a plain one (RFC 9110 §7.8). But the parser drops what came in one
 * packet behind it, and takes the next packet for the start of a message, which it may be in the middle of: the request
 * is the last one of its connection.
 */
function createUpgradeGuard(): (access: Access) => Denial | undefined {
  const ended = new WeakSet<Socket>()
  return ({ raw, reply, head }) => {
    if (ended.has(raw.socket)) return deny('BAD_REQUEST', 'after_upgrade')
    if (!head.connectionNames.includes('upgrade')) return undefined
    ended.add(raw.socket)
    reply.shouldKeepAlive = false
    return undefined
  }
}

function overLimit(access: Access, limits: Limits): Denial | undefined {
  const tooLong = refuseLongTarget(access.target, limits)
  if (tooLong !== undefined) return tooLong
  const fields = access.raw.rawHeaders
  if (fields.length > limits.headerCount * 2) return deny('HEADERS_TOO_LARGE', 'header_count')
  let bytes = 0
  // Each field line also has a colon, a space and CRLF.
  for (const text of fields) bytes += text.length + 2
  return bytes > limits.headerBytes ? deny('HEADERS_TOO_LARGE', 'header_bytes') : undefined
}

function ambiguousFraming(access: Access): Denial | undefined {
  const { raw, head } = access
  if (raw.httpVersionMajor !== 1 || raw.httpVersionMinor > 1) return deny('BAD_REQUEST', 'http_version')
  const isHttp10 = raw.httpVersionMinor === 0
  if (head.hosts > 1) return deny('BAD_REQUEST', 'repeated_host')
  if (head.hosts === 0 && !isHttp10) return deny('BAD_REQUEST', 'missing_host')
  if (head.hosts === 1 && !isHostValue(head.host)) return deny('BAD_REQUEST', 'malformed_host')
  // What no number holds exactly would be another length when written again.
  if (!Number.isSafeInteger(head.contentLength ?? 0)) return deny('BAD_REQUEST', 'content_length')
  const encodings = head.transferEncodings
  if (encodings.length === 0) return undefined
  if (isHttp10) return deny('BAD_REQUEST', 'transfer_encoding_in_http_1_0')
  if (encodings.length > 1) return deny('BAD_REQUEST', 'repeated_transfer_encoding')
  if (encodings[0]?.toLowerCase() !== 'chunked') return deny('BAD_REQUEST', 'transfer_encoding')
  return undefined
}

/** Gathers what the stages need of the header fields, in one pass over the raw list. */
export function readHead(raw: IncomingMessage): Head {
  const head: Head = {
    hosts: 0,
    host: '',
    contentLength: undefined,
    isChunked: false,
    transferEncodings: none,
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
  }
  const fields = raw.rawHeaders
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const read = readerOf(fields[i] ?? '')
    if (read !== null) read(head, fields[i + 1] ?? '')
  }
  // RFC 9110 §10.1.1: such a client does not know of interim answers.
  if (raw.httpVersionMinor === 0) head.expectsContinue = false
  return head
}

const none: readonly string[] = []

type Reader = (head: Head, value: string) => void

/** By the name as it came, in whatever case; bounded, as clients choose the names. */
const readersByName = new Map<string, Reader | null>()
const rememberedNames = 2_000

function readerOf(name: string): Reader | null {
  let reader = readersByName.get(name)
  if (reader === undefined) {
    reader = readers.get(name.toLowerCase()) ?? null
    if (readersByName.size >= rememberedNames) readersByName.clear()
    readersByName.set(name, reader)
  }
  return reader
}

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
      head.transferEncodings = [...head.transferEncodings, value]
    },
    expect(head: Head, value: string) {
      if (value.toLowerCase() === '100-continue') head.expectsContinue = true
    },
    accept(head: Head, value: string) {
      head.accept = joined(head.accept, value)
    },
    authorization(head: Head, value: string) {
      head.authorization = [...head.authorization, value]
    },
    connection(head: Head, value: string) {
      if (isUsualConnection(value)) return
      const names = value.split(',').map((name) => foldHeaderName(name.trim()))
      head.connectionNames = [...head.connectionNames, ...names]
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
  }),
)

/** RFC 9110 §5.3: repeated fields are one list. */
function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`
}
