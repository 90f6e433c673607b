// The secret of a way to an identity provider as it travels: in a cookie of the browser that goes, and what follows from it as what the
// provider is shown. None of it is kept or logged.

import { ceremonyPrefix } from '../../../credentials/role.ts'
import { derivedFrom, isWellFormed, Secret } from '../../../credentials/secret.ts'

/** All of it follows from what stands in the browser alone: nothing that is kept here opens the way. */
export function derived(secret: Secret) {
  const of = (purpose: string) => Secret.reveal(derivedFrom(secret, `latchkey oidc ${purpose}`))
  return { state: of('state'), nonce: of('nonce'), verifier: of('verifier') }
}

/** The value of Set-Cookie for whoever goes. */
export function begunCookie(secret: Secret, isSecure: boolean, maxAgeSeconds: number): string {
  return cookie(Secret.reveal(secret), isSecure, maxAgeSeconds)
}

/** The one for whoever has come back. */
export function endedCookie(isSecure: boolean): string {
  return cookie('', isSecure, 0)
}

function cookieName(isSecure: boolean): string {
  return isSecure ? '__Host-latchkey-oidc' : 'latchkey-oidc'
}

/** Lax: the provider leads back from another site, and a browser sends it then alone. */
function cookie(value: string, isSecure: boolean, maxAgeSeconds: number): string {
  const secure = isSecure ? '; Secure' : ''
  return `${cookieName(isSecure)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`
}

/** What a Cookie field says; undefined: none that can be one, or two. */
export function presented(header: string | undefined, isSecure: boolean): Secret | undefined {
  const name = `${cookieName(isSecure)}=`
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(name))
  const [value] = values
  if (value === undefined || values.length > 1) return undefined
  const secret = new Secret(value.slice(name.length))
  return isWellFormed(secret, ceremonyPrefix) ? secret : undefined
}
