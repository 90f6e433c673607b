// The secret of a session as it travels: in a cookie that no page can read, and what follows from it as the token that pages
// must show (CSRF). Neither is kept or logged.

import { hash, timingSafeEqual } from 'node:crypto'
import { sessionPrefix } from '../../credentials/role.ts'
import { derivedFrom, isWellFormed, Secret } from '../../credentials/secret.ts'

/** A browser takes `__Host-` over https alone, for all of this host and no other, from this host alone (RFC 6265bis §4.1.3.2). */
export function cookieName(isSecure: boolean): string {
  return isSecure ? '__Host-latchkey-session' : 'latchkey-session'
}

/** The value of Set-Cookie that signs a browser in. */
export function sessionCookie(secret: Secret, isSecure: boolean, maxAgeSeconds: number): string {
  return cookie(Secret.reveal(secret), isSecure, maxAgeSeconds)
}

/** The one that signs it out. */
export function endedCookie(isSecure: boolean): string {
  return cookie('', isSecure, 0)
}

function cookie(value: string, isSecure: boolean, maxAgeSeconds: number): string {
  const secure = isSecure ? '; Secure' : ''
  return `${cookieName(isSecure)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`
}

/** What a Cookie field says. Which of two is meant nobody knows: then, and of one that cannot be one, `malformed`. */
export function presentedSession(
  header: string | undefined,
  isSecure: boolean,
): Secret | 'none' | 'malformed' {
  const name = `${cookieName(isSecure)}=`
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(name))
    .map((pair) => new Secret(pair.slice(name.length)))
  const [secret] = values
  if (secret === undefined) return 'none'
  return values.length === 1 && isWellFormed(secret, sessionPrefix) ? secret : 'malformed'
}

/** What a page shows to be one of ours: whoever has it does not have the session. */
export function csrfOf(session: Secret): string {
  return Secret.reveal(derivedFrom(session, 'latchkey csrf'))
}

/** Whether a field is the session's. */
export function isCsrfOf(session: Secret, presented: string): boolean {
  return timingSafeEqual(hash('sha256', csrfOf(session), 'buffer'), hash('sha256', presented, 'buffer'))
}
