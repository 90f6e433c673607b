// A request as it leaves for its upstream.

import type { Access } from '../access.ts'
import { sentTarget } from '../../decision/request/sent-target.ts'
import type { BodySource, OutgoingRequest } from '../upstream/outgoing-request.ts'
import type { UpstreamPool } from '../upstream/upstreams.ts'

/** The target as it was judged but for its beginning, the headers as they were built, the body whole or as it comes. */
export function outgoing(
  access: Access,
  { settings, headers, host }: UpstreamPool,
  body: Buffer | BodySource | null,
): OutgoingRequest {
  return {
    method: access.method,
    target: sentTarget(access.target, access.host?.api, settings.basePath),
    fields: `host: ${settings.preserveHost ? access.head.host : host}\r\n${headers.build(access)}`,
    contentLength: access.head.contentLength,
    body,
    reuse: settings.reuse,
  }
}
