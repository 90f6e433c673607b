// Why refusals happened, in sentences for whoever sent the request: those of requests that cannot be read, or lead nowhere.

import type { ErrorCode } from '../catalogue.ts'

const ambiguousPath =
  'The address of the request can be read in two ways, so it was refused. Please check how your program builds its URLs.'
const brokenHttp =
  'The request was not well-formed HTTP, so it could not be read safely. Please check the HTTP client, or the proxy in between.'

export const requestSentences = {
  BAD_REQUEST: {
    parser: brokenHttp,
    framework: 'The admin API could not read the request. Please check how your program builds it.',
    unfinished: 'The connection was ended by the sender in the middle of the request.',
    plain_http: 'The request came unencrypted to a port that speaks TLS. Please use https.',
    http_version: 'The request used a version of HTTP that the gateway does not speak. Please use HTTP/1.1.',
    missing_host: 'The request did not say which host it is for. Please send the Host field.',
    repeated_host: 'The request named its host more than once. Please send the Host field once.',
    malformed_host: 'What the request gave as its host is not a host name. Please check the Host field.',
    content_length: 'The length that the request gave for its body is not a number that can be used.',
    transfer_encoding: 'The request encoded its body in a way that the gateway does not take.',
    repeated_transfer_encoding: 'The request said more than once how its body is encoded, so it was refused.',
    transfer_encoding_in_http_1_0:
      'The request used a chunked body, which its version of HTTP does not have. Please use HTTP/1.1.',
    after_last_request: 'It came behind another request on a connection that could not be trusted any more.',
    cut_body: 'The import ended before all of it had arrived. Please send it again.',
  },
  URI_TOO_LONG: { url_bytes: 'The address of the request is too long. Please send less in the URL.' },
  HEADERS_TOO_LARGE: {
    header_bytes:
      'The header fields of the request are too large together. Please send fewer or shorter ones.',
    header_count: 'The request has too many header fields. Please send fewer.',
    connection_names: 'The Connection field of the request lists too many names.',
    parser_overflow: 'The header fields of the request are far too large.',
    header_overflow: 'The header fields of the call to the admin API are too large.',
  },
  REQUEST_TIMEOUT: {
    head_too_slow: 'The beginning of the request did not arrive in time. Please check the connection.',
    slow_head: 'The beginning of the call to the admin API did not arrive in time.',
    body_idle: 'The body of the request stopped arriving, and was waited for no longer.',
    body_too_slow: 'The body of the request arrived too slowly, and was waited for no longer.',
  },
  HTTPS_REQUIRED: { plain_http: 'This API is served over https alone, and the request came over http.' },
  INVALID_PATH: {
    not_origin_form: 'What was asked for is not a path on this host. Please check the URL.',
    connect: 'The request asked for a tunnel, which this API does not offer.',
    parser: 'The address of the request holds characters that may not stand in one.',
    escape: 'The address of the call to the admin API holds a percent sign that begins no escape.',
    dot_segment: 'The path holds a segment of dots alone, which could lead elsewhere, so it was refused.',
    empty_segment: 'The path holds two slashes in a row. Please check whether an id was left out.',
    backslash: 'The path holds a backslash. Please use forward slashes.',
    semicolon: 'The path holds a semicolon, which could be read in two ways.',
    fragment: 'The address holds a hash sign. Please leave out what stands behind it, or encode it.',
    raw_byte: 'The path holds characters that must be encoded. Please encode everything beyond plain ASCII.',
    raw_byte_in_query: 'The query holds characters that must be encoded.',
    malformed_escape: 'The path holds a percent sign that begins no escape. Please encode it as %25.',
    not_utf8: 'The path is encoded in something else than UTF-8.',
    escaped_slash: ambiguousPath,
    escaped_backslash: ambiguousPath,
    escaped_percent: ambiguousPath,
    escaped_semicolon: ambiguousPath,
    escaped_question_mark: ambiguousPath,
    escaped_hash: ambiguousPath,
    escaped_control:
      'The path holds an encoded control character. Please check what your program puts there.',
    nested_escape: 'Something in the path was encoded twice. Please encode it once.',
    hidden_literal:
      'A value in the path looks like a part of another address, so it could be read in two ways. Please check the value.',
  },
  UNKNOWN_HOST: {
    unknown_host: 'No API is served under the host name that the request gave. Please check the base URL.',
    control_host: 'The control plane was asked under a name that is not its own.',
  },
  ROUTE_NOT_FOUND: {
    route_not_found: 'The API has no such address. Please check the path against the documentation.',
  },
  METHOD_NOT_ALLOWED: {
    method_not_allowed:
      'The address exists, but not for this method. Please check whether it is GET, POST or another.',
  },
} as const satisfies Partial<Record<ErrorCode, Readonly<Record<string, string>>>>
