// Why refusals happen, in words for the log: those of requests that were in order and came to nothing: too much to do, too large a body, the upstream, the gateway itself.

import type { ErrorCode } from '../catalogue.ts'

const noConnection = 'The host of the upstream'
const certificate = 'The certificate of the upstream'

export const upstreamReasons = {
  OVERLOADED: {
    in_flight: 'More requests under way than `limits.in_flight`',
    event_loop_delay: 'The event loop lags more than `limits.event_loop_delay`',
    connections: 'More connections of clients than descriptors allow',
    descriptors: 'No descriptor was left for a connection to the upstream',
    streams: 'As many streams of events are open as one process serves, or serves one person or token',
    webhook_asked: 'As many deliveries of the webhook were asked for, and are not sent yet, as may wait',
    exports: 'As many exports of the audit are under way as one process makes at once',
  },
  BODY_TOO_LARGE: {
    content_length: "Content-Length is over the route's `max_body`",
    streamed: "A body in chunks grew over the route's `max_body`",
    body_limit: 'A body of the admin API is over 64 KiB',
    import: 'An import is over 64 MiB, 100,000 lines, or 64 KiB in a line',
  },
  UPSTREAM_ERROR: {
    refused: `${noConnection} refused the connection`,
    reset: 'The upstream reset the connection',
    closed: 'The upstream closed the connection before its answer was whole',
    connect_timeout: 'The system gave a connection to the upstream up, as nothing came back on it',
    unreachable: `${noConnection} or its network cannot be reached`,
    name_not_found: `${noConnection} has no address`,
    malformed: 'The answer is no HTTP/1.1 that can be read in one way only; `failure` says where',
    not_http: 'The answer does not begin as HTTP/1 does',
    headers_too_large: 'The head of the answer is over 16 KiB',
    transfer_coding: 'The answer has another Transfer-Encoding than chunked',
    response_too_large: 'The body of the answer is over `response.max_body` of route or API',
    head: 'The head of the answer could not be passed on; `failure` says why',
    expired: `${certificate}, or one above it, has expired`,
    not_yet_valid: `${certificate}, or one above it, is not valid yet`,
    wrong_name: `${certificate} is for another name: see \`server_name\``,
    unknown_issuer: `${certificate} is of an authority that is not known: see \`ca\``,
    self_signed: `${certificate} is of no authority: see \`ca\``,
    certificate: `${certificate} has another fault: revoked, not for servers, too weak a key`,
    client_certificate_wanted: 'The upstream asks for a certificate: see `cert` and `key`',
    client_certificate_refused: 'The upstream does not take the certificate that it was shown, or none',
    alpn: 'The upstream speaks HTTP/2 alone',
    tls_version: 'The upstream speaks TLS 1.1 or older',
    not_tls: 'The upstream speaks no TLS on that port',
    tls: 'The TLS handshake failed in another way',
    upstream_failed: 'Something else; `failure` says what',
  },
  UPSTREAM_UNAVAILABLE: {
    queue_full: 'All `connections` to the upstream are taken, and its `queue` is full',
    queue_timeout: 'No connection became free within `queue_timeout`',
    circuit_open: `${noConnection} took no connection five times in a row; one attempt a second tells when it does again`,
  },
  UPSTREAM_TIMEOUT: {
    name_timeout: 'The name of the upstream was not resolved within `connect_timeout`',
    connect_timeout: 'No connection within `connect_timeout`',
    no_response_head: 'No head of an answer within `timeout` after the last byte of the request',
    body_not_read: 'The upstream took nothing of the body for `limits.idle_timeout`',
  },
  INTERNAL_ERROR: {
    stage_failed: 'A fault of the gateway: a step of the decision threw; `failure` has where',
    framework_error: 'A fault of the gateway: the HTTP framework threw; `failure` has where',
    past_the_stages: 'A fault of the gateway: nothing decided',
    no_principal: 'A fault of the gateway: nobody to judge the permissions of',
    no_upstream: 'A fault of the gateway: nowhere to forward to',
    not_given:
      'A fault of the gateway: in `config explain` and its like, a step of the decision waits for a store',
    unforeseen: 'A fault of the control plane; its log has the stack',
  },
} as const satisfies Partial<Record<ErrorCode, Readonly<Record<string, string>>>>
