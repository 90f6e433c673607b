// Stage 1: the head of the message, judged as request/head.ts has read it. What the HTTP parser lets through and two readers
// could still frame differently ends here (RFC 9112 §3.2, §6.1, §6.3). The proxy's parser (llhttp, strict) has refused
// obs-fold, bare CR and LF, repeated Content-Length, Content-Length beside Transfer-Encoding, and control characters in values.

import type { Limits } from '../config/compiled.ts'
import { isHostValue } from '../config/hosts.ts'
import { refuseLongTarget } from './request/target.ts'
import { type Denial, deny } from '../errors/denial.ts'
import type { Inquiry, Stage } from './inquiry.ts'

/** Refuses heads over the limits, ambiguous framing, and plain http where https is required. */
export function judgeMessage(limits: Pick<Limits, 'urlBytes'>, requireHttps: boolean): Stage {
  return (inquiry) =>
    overLimit(inquiry, limits) ??
    ambiguousFraming(inquiry) ??
    (requireHttps && !inquiry.isSecure ? deny('HTTPS_REQUIRED', 'plain_http') : undefined)
}

function overLimit({ target, head }: Inquiry, limits: Pick<Limits, 'urlBytes'>): Denial | undefined {
  const tooLong = refuseLongTarget(target, limits)
  if (tooLong !== undefined) return tooLong
  return head.excess === undefined ? undefined : deny('HEADERS_TOO_LARGE', head.excess)
}

function ambiguousFraming(inquiry: Inquiry): Denial | undefined {
  const { httpMajor, httpMinor, head } = inquiry
  if (httpMajor !== 1 || httpMinor > 1) return deny('BAD_REQUEST', 'http_version')
  const isHttp10 = httpMinor === 0
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
