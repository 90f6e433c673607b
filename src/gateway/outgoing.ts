// A request as it leaves for its upstream, in the dispatcher's terms.

import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { Access } from './access.ts'
import type { ExchangeOptions, UpstreamPool } from './upstreams.ts'

/** The target as it was judged, the headers as they were built, the body whole or as it comes. */
export function outgoing(
  access: Access,
  { settings, headers }: UpstreamPool,
  body: Buffer | Readable | null,
): ExchangeOptions {
  const list = headers.build(access)
  // Otherwise it is the upstream's own, which undici has ready.
  if (settings.preserveHost) list.push('Host', access.head.host)
  if (access.head.contentLength !== undefined) list.push('Content-Length', String(access.head.contentLength))
  return {
    origin: settings.origin,
    path: access.target,
    method: access.raw.method ?? 'GET',
    headers: list,
    body,
  }
}

/** RFC 9110 §9.2.2, RFC 9112 §9.3.1: this may be sent anew on another connection. */
export function canBeSentAnew({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD'
}
