// The fields of a line of the access log, in words for those who read it. docs/log.md has them (`npm run docs`).

/** Field → when it is there, and what it says. */
export const lineFields = {
  level: ['always', '`info`'],
  time: ['always', 'When the request was over, RFC 3339 in UTC with milliseconds'],
  request_id: ['always', "The id that the answer's `X-Request-Id` and an error's `request_id` have"],
  client: ['always', 'Address of the client: the peer, or whom a trusted proxy vouches for'],
  method: ['always', 'As it came; empty: the parser refused before it was known'],
  tls: ['over TLS', 'Version, such as `TLSv1.3`'],
  cipher: ['over TLS', "Cipher, by OpenSSL's name"],
  merchant: ['the key is known', 'Id of its merchant, also where the key was refused'],
  key_id: ['the key is known', 'Id of the key, also where it was refused; of an access token its client'],
  client_id: ['an access token is known', 'Id of the client that it was given to'],
  token_id: ['an access token is known', 'Id of the token, which is no secret'],
  user_id: ['an access token is known that was given for a person', 'Id of that person'],
  api: ['always, but where the parser refused', 'The API that the host belongs to; empty: none'],
  environment: [
    'always, but where the parser refused',
    'The name of the environment, such as `live`; empty: not known when it was over',
  ],
  route: ['always, but where the parser refused', 'Method and template; empty: none was found'],
  decision: [
    'always',
    '`allow`: forwarded; `deny`: refused; `error`: let through, and no answer could be had: of an upstream, or for a fault of the gateway; `none`: over before it was decided',
  ],
  reason: ['always', 'Why it was refused, or came to nothing: one of the words below; empty: it did not'],
  status: ['always', 'What the client was answered; 0: nothing'],
  code: ['refused', 'The code that the client was told'],
  required: ['a route was found', 'Permissions that it asks for; empty: public'],
  match: ['one of `required` is enough', '`any`'],
  host: [
    'no API has it, or none was looked for',
    'As it came, cut, escaped (`\\x3c`), keys masked (`pk_live_***`)',
  ],
  path: [
    'no route matched; `log.paths: all`: always; `none`: never',
    'As it came, without what is or stands for a query, cut at 256 bytes, escaped and masked like `host`',
  ],
  key_hint: [
    'a key of the right form was refused',
    'How it begins and ends: `pk_live_...Wx4f`, whose last four characters `latchkey keys list --last4` finds',
  ],
  limit: ['a rate limit refused it', 'The name of the limit'],
  upstream: ['it was let through', 'Name of the upstream that it went to, or would have gone to'],
  lookup: ['the key was looked up', 'Who answered: `memory`, `redis` or `postgres`'],
  upstream_ms: ['an upstream was waited for', 'Milliseconds that the upstream took'],
  gateway_ms: ['always, but where the parser refused', 'Milliseconds that the gateway itself took'],
  client_ms: ['more than 0', 'Milliseconds that the client held up: its body, and taking the answer'],
  held_ms: ['more than 0', 'Milliseconds for which a refusal of who has no known key waited for its turn'],
  bytes: [
    'always, but where the parser refused',
    "Bytes of the answer's body that were handed to the client's connection",
  ],
  trace_id: ['`traceparent` came', 'The trace that it belongs to (W3C Trace Context)'],
  cut: [
    'request or answer did not come to a proper end',
    'By whom: `client`, `upstream`, `timeout` (a limit of time), `gateway` (another limit, or a fault). A refusal has it where its client did not take it',
  ],
  table: ['always', 'SHA-256 of the permission table that decided'],
  failure: ['something failed that the reason does not tell', 'What was thrown, in words'],
  msg: ['always', '`request`'],
} as const satisfies Readonly<Record<string, readonly [when: string, what: string]>>
