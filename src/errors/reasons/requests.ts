// Why refusals happen, in words for the log: those of requests that cannot be read, or lead nowhere.

import type { ErrorCode } from '../catalogue.ts'

export const requestReasons = {
  BAD_REQUEST: {
    parser: 'The bytes are no HTTP/1.1: the parser stopped',
    framework: 'The HTTP framework would not take it (control port)',
    unfinished: 'The client ended its side in the midst of a request',
    plain_http: 'http:// was spoken on a port with TLS',
    http_version: 'Another version than HTTP/1.0 and 1.1',
    missing_host: 'No Host field',
    repeated_host: 'More than one Host field',
    malformed_host: 'What stands in Host is no host',
    content_length: 'Content-Length is a number that cannot be held exactly',
    transfer_encoding: 'Transfer-Encoding is something else than `chunked` alone',
    repeated_transfer_encoding: 'More than one Transfer-Encoding field',
    transfer_encoding_in_http_1_0: 'Transfer-Encoding in HTTP/1.0, which has none',
    after_last_request: 'It came behind a request after which nothing can be trusted to be one',
    cut_body: 'The body of an import ended before its length (control port)',
  },
  URI_TOO_LONG: { url_bytes: 'The target is over `limits.url_bytes`' },
  HEADERS_TOO_LARGE: {
    header_bytes: 'The head is over `limits.header_bytes`',
    header_count: 'More fields than `limits.header_count`',
    connection_names: 'Connection lists more than 32 names',
    parser_overflow: 'The head is so far over all limits that the parser gave up',
    header_overflow: 'The same on the control port, from 16 KiB on',
  },
  REQUEST_TIMEOUT: {
    head_too_slow: 'The head did not come within `limits.header_timeout`',
    slow_head: 'The same on the control port',
    body_idle: 'No byte of the body came for `limits.idle_timeout`',
    body_too_slow: 'The body came more slowly than `limits.body_rate`',
  },
  HTTPS_REQUIRED: { plain_http: '`require_https` is set, and the client spoke http' },
  INVALID_PATH: {
    not_origin_form: 'The target is no path: `*`, an authority, or the URL of another host',
    connect: 'CONNECT, which asks for a tunnel',
    parser: 'The target holds bytes that the parser does not take',
    escape: 'The target holds an escape that is none (control port)',
    dot_segment: 'A segment is `.` or `..`, plain or escaped',
    empty_segment: 'Two slashes in a row',
    backslash: 'A backslash',
    semicolon: 'A semicolon',
    fragment: 'A hash',
    raw_byte: 'A control byte, a space, or a byte beyond ASCII in the path',
    raw_byte_in_query: 'The same in the query',
    malformed_escape: 'A percent sign that begins no escape',
    not_utf8: 'Escapes that are not UTF-8',
    escaped_slash: '`%2f`',
    escaped_backslash: '`%5c`',
    escaped_percent: '`%25`, where the route does not take it',
    escaped_semicolon: '`%3b`',
    escaped_question_mark: '`%3f`, where the route does not take it',
    escaped_hash: '`%23`, where the route does not take it',
    escaped_control: '`%00` to `%1f`, `%7f`',
    nested_escape:
      'Behind `%25` stands what would be a delimiter, a dot or a control character if decoded again',
    hidden_literal:
      'The value of a parameter can be read as a literal, or what has literals around it, that stands beside it, or the path without its last slash asks for others (`disguises`)',
  },
  UNKNOWN_HOST: {
    unknown_host: 'No API has the host, and none has `*`',
    control_host: 'A public name that `control.hosts` does not list (control port)',
  },
  ROUTE_NOT_FOUND: { route_not_found: 'No route of the API has the path' },
  METHOD_NOT_ALLOWED: { method_not_allowed: 'The path has routes, for other methods' },
} as const satisfies Partial<Record<ErrorCode, Readonly<Record<string, string>>>>
