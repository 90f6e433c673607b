// Header names that the gateway writes or consumes itself. Names are compared as upstreams may read them: lower-case,
// each character that is no letter or digit as `-` (CGI and WSGI make X_Key_Id and X-Key-Id one name).

/** The folded form in which two names collide. */
export function foldHeaderName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-')
}

/** To whom an access token was given, and for whom. Nobody else may say so on any route. */
export const clientHeader = 'X-Client-Id'
export const userHeader = 'X-User-Id'

/** RFC 9110 §7.6.1, and what frames or routes a message. Folded. */
const framing: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What the gateway adds to forwarded requests. Folded. */
const added: ReadonlySet<string> = new Set([
  'x-client-id',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-request-id',
  'x-user-id',
])

/** Why a configured header may not have this name; undefined: it may. */
export function whyReserved(name: string): string | undefined {
  const folded = foldHeaderName(name)
  if (framing.has(folded)) return 'it frames or routes the message'
  if (added.has(folded)) return 'the gateway writes it itself'
  return undefined
}

/** RFC 9110 §5.5, ASCII only, no blanks at the ends. */
export function isHeaderValue(value: string): boolean {
  return /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/.test(value)
}
