// Why refusals happened, in sentences for whoever sent the request: those of requests that were in order and came to nothing: too much to do, too large a body, the upstream, the gateway itself.

import type { ErrorCode } from '../catalogue.ts'

const ours =
  'Something went wrong inside the gateway, not in your request. Please tell the platform the request id.'
const upstreamAway = 'Your request was accepted, but the service behind the gateway could not be reached.'
const upstreamTrust =
  'Your request was accepted, but the gateway could not make a trusted connection to the service behind it. The platform must mend that.'
const upstreamGarbled =
  'Your request was accepted, but the service behind the gateway gave an answer that could not be passed on.'
const busy = 'The gateway had too much to do at that moment. Please send the request again in a moment.'

export const upstreamSentences = {
  OVERLOADED: {
    in_flight: busy,
    event_loop_delay: busy,
    connections: busy,
    descriptors: busy,
    streams: 'Too many people watched live at that moment. Please try again in a while.',
    webhook_asked:
      'Deliveries of this webhook that were asked for are still waiting. Please try again when they have been sent.',
    exports: 'Too many exports of the audit were under way. Please try again in a while.',
  },
  BODY_TOO_LARGE: {
    content_length: 'The body of the request is larger than this address takes.',
    streamed: 'The body of the request grew larger than this address takes.',
    body_limit: 'The body of the call to the admin API is too large.',
    import: 'The import is too large for one call. Please send it in parts.',
  },
  UPSTREAM_ERROR: {
    refused: upstreamAway,
    reset: 'Your request was accepted, but the service behind the gateway broke the connection off.',
    closed: 'Your request was accepted, but the service behind the gateway ended its answer too early.',
    connect_timeout: upstreamAway,
    unreachable: upstreamAway,
    name_not_found: upstreamAway,
    malformed: upstreamGarbled,
    not_http: upstreamGarbled,
    headers_too_large: 'Your request was accepted, but the header fields of the answer to it were too large.',
    transfer_coding: upstreamGarbled,
    response_too_large: 'Your request was accepted, but the answer to it was larger than is passed on.',
    head: upstreamGarbled,
    expired: upstreamTrust,
    not_yet_valid: upstreamTrust,
    wrong_name: upstreamTrust,
    unknown_issuer: upstreamTrust,
    self_signed: upstreamTrust,
    certificate: upstreamTrust,
    client_certificate_wanted: upstreamTrust,
    client_certificate_refused: upstreamTrust,
    alpn: upstreamTrust,
    tls_version: upstreamTrust,
    not_tls: upstreamTrust,
    tls: upstreamTrust,
    upstream_failed: 'Your request was accepted, but the service behind the gateway failed.',
  },
  UPSTREAM_UNAVAILABLE: {
    queue_full:
      'Your request was accepted, but the service behind the gateway had too many others to answer.',
    queue_timeout:
      'Your request was accepted, but the service behind the gateway had no room for it in time.',
    circuit_open: 'Your request was accepted, but the service behind the gateway has been away for a while.',
  },
  UPSTREAM_TIMEOUT: {
    name_timeout: upstreamAway,
    connect_timeout: upstreamAway,
    no_response_head:
      'Your request was accepted, but the service behind the gateway did not answer in time. It may have done its work all the same, so please check before you send it again.',
    body_not_read:
      'The service behind the gateway stopped reading the body of the request. It may have done a part of its work.',
  },
  INTERNAL_ERROR: {
    stage_failed: ours,
    framework_error: ours,
    past_the_stages: ours,
    no_principal: ours,
    no_upstream: ours,
    not_given: ours,
    unforeseen: 'Something went wrong inside the admin API. Please tell the platform the request id.',
  },
} as const satisfies Partial<Record<ErrorCode, Readonly<Record<string, string>>>>
