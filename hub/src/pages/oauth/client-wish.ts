// An application as it is typed, what is missing of it, and how the API is asked for it.

import type { AuthMethod, ClientGrant, NewClient, SubjectKind } from '../../api/clients.ts'
import { words } from '../../words.ts'
import { oauthWords } from '../../words/oauth.ts'
import { linesOf } from './lines.ts'

export interface ClientWish {
  readonly name: string
  readonly merchant: string | null
  readonly isOfAll: boolean
  readonly api: string
  readonly environment: string
  readonly grants: readonly ClientGrant[]
  /** One a line. */
  readonly uris: string
  readonly permissions: ReadonlySet<string>
  readonly method: AuthMethod
  /** JSON. */
  readonly jwks: string
  /** One or more, PEM. */
  readonly certificates: string
  readonly subjectKind: SubjectKind
  readonly subject: string
  readonly bound: boolean
}

/** Of a part of the form. */
export interface PartProps {
  readonly wish: ClientWish
  readonly change: (part: Partial<ClientWish>) => void
}

export function wantsUris({ grants }: ClientWish): boolean {
  return grants.includes('code')
}

/** By field of the API: what is to be said before it is asked. */
export function faultsOf(wish: ClientWish): Readonly<Record<string, string | undefined>> {
  return {
    name: wish.name.trim() === '' ? words.newKey.needName : undefined,
    merchant_id: wish.isOfAll || wish.merchant !== null ? undefined : words.newKey.needMerchant,
    grants: wish.grants.length === 0 ? oauthWords.client.needWay : undefined,
    redirect_uris: wantsUris(wish) && linesOf(wish.uris).length === 0 ? oauthWords.client.needUri : undefined,
    permissions: wish.permissions.size === 0 ? words.newKey.needPermission : undefined,
    jwks: wrongKeys(wish),
    tls_subject:
      wish.method === 'tls_client_auth' && wish.subject.trim() === ''
        ? oauthWords.client.needSubject
        : undefined,
  }
}

export function wishFor(wish: ClientWish): NewClient {
  return {
    name: wish.name.trim(),
    merchant_id: wish.isOfAll ? null : wish.merchant,
    ...{ api: wish.api, environment: wish.environment, grants: wish.grants, bound: wish.bound },
    redirect_uris: wantsUris(wish) ? linesOf(wish.uris) : [],
    permissions: [...wish.permissions],
    auth_method: wish.method,
    ...(wish.method === 'private_key_jwt' && { jwks: parsed(wish.jwks) }),
    ...(wish.method === 'self_signed_tls_client_auth' && {
      jwks: { keys: certificatesIn(wish.certificates).map((text) => ({ x5c: [text] })) },
    }),
    ...(wish.method === 'tls_client_auth' && { tls_subject: { [wish.subjectKind]: wish.subject.trim() } }),
  }
}

function wrongKeys({ method, jwks, certificates }: ClientWish): string | undefined {
  if (method === 'private_key_jwt' && parsed(jwks) === undefined) return oauthWords.client.jwksWrong
  if (method !== 'self_signed_tls_client_auth') return undefined
  return certificatesIn(certificates).length === 0 ? oauthWords.client.needCertificate : undefined
}

/** Of a PEM file, whatever else stands in it, the certificates: base64 of DER. */
function certificatesIn(text: string): readonly string[] {
  const blocks = text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g)
  return [...blocks].map(([, body = '']) => body.replaceAll(/\s/g, ''))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
