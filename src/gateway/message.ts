// Stage 1: the head of the message, judged as head.ts has read it. What the HTTP parser lets through and two readers could still frame differently
// ends here (RFC 9112 §3.2, §6.1, §6.3). The parser itself (llhttp, strict) has refused obs-fold, bare CR and LF,
// repeated Content-Length, Content-Length beside Transfer-Encoding, and control characters in values.

import type { Socket } from 'node:net'
import type { Limits } from '../config/compiled.ts'
import { isHostValue } from '../config/hosts.ts'
import { refuseLongTarget } from '../config/request/target.ts'
import { type Denial, deny } from '../errors/denial.ts'
import { type Access, hasBody, type Stage } from './access.ts'
import { endsParsing } from './listener/upgrades.ts'

/** Refuses heads over the limits, ambiguous framing, and plain http where https is required. */
export function judgeMessage(limits: Limits, requireHttps: boolean): Stage {
  const afterLast = createLastRequestGuard()
  return (access) =>
    afterLast(access) ??
    overLimit(access, limits) ??
    ambiguousFraming(access) ??
    (requireHttps && !access.isSecure ? deny('HTTPS_REQUIRED', 'plain_http') : undefined)
}

/**
 * A request behind which nothing can be trusted to be a message is the last one of its connection: one whose head was not
 * read to its end, and one behind which the parser has stopped.
 */
function createLastRequestGuard(): (access: Access) => Denial | undefined {
  const ended = new WeakSet<Socket>()
  return ({ raw, reply, head }) => {
    if (ended.has(raw.socket)) return deny('BAD_REQUEST', 'after_last_request')
    if (head.excess === undefined && !(hasBody(head) && endsParsing(raw))) return undefined
    ended.add(raw.socket)
    reply.shouldKeepAlive = false
    return undefined
  }
}

function overLimit({ target, head }: Access, limits: Limits): Denial | undefined {
  const tooLong = refuseLongTarget(target, limits)
  if (tooLong !== undefined) return tooLong
  return head.excess === undefined ? undefined : deny('HEADERS_TOO_LARGE', head.excess)
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
  if (head.transferEncodings === 0) return undefined
  if (isHttp10) return deny('BAD_REQUEST', 'transfer_encoding_in_http_1_0')
  if (head.transferEncodings > 1) return deny('BAD_REQUEST', 'repeated_transfer_encoding')
  if (head.transferEncoding.toLowerCase() !== 'chunked') return deny('BAD_REQUEST', 'transfer_encoding')
  return undefined
}
