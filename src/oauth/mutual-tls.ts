// Clients that show themselves by a certificate, and tokens that are bound to it (RFC 8705), as oidc-provider asks for them.

import type { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Configuration } from 'oidc-provider'
import { hasName, isIssuedBy, tlsSubjectKinds } from '../credentials/certificate.ts'

export interface MutualTls {
  /** Whether clients can show a certificate here. */
  readonly isOffered: boolean
  /** Where they come to for that, if not to the public URL: scheme, host and port. */
  readonly url: string | null
  /** Who has issued certificates of clients, as it is now. */
  authorities(): readonly X509Certificate[]
}

const shown = new WeakMap<IncomingMessage, X509Certificate>()

/** Tells, before it is answered, which certificate the client of a request has shown. */
export function noteCertificate(request: IncomingMessage, certificate: X509Certificate | undefined): void {
  if (certificate !== undefined) shown.set(request, certificate)
}

interface Shown {
  readonly req: IncomingMessage
}

export function mutualTlsFeature(
  { authorities }: MutualTls,
  nowMs: () => number,
): NonNullable<NonNullable<Configuration['features']>['mTLS']> {
  return {
    ...{
      enabled: true,
      certificateBoundAccessTokens: true,
      selfSignedTlsClientAuth: true,
      tlsClientAuth: true,
    },
    getCertificate: ({ req }: Shown) => shown.get(req),
    certificateAuthorized({ req }: Shown) {
      const certificate = shown.get(req)
      return (
        certificate !== undefined && isIssuedBy(certificate, { authorities: authorities(), nowMs: nowMs() })
      )
    },
    certificateSubjectMatches({ req }: Shown, property: string, expected: string) {
      const certificate = shown.get(req)
      const kind = tlsSubjectKinds.find((one) => property === `tls_client_auth_${one}`)
      return certificate !== undefined && kind !== undefined && hasName(certificate, kind, expected)
    },
  }
}

const endpoints = [
  ...['token_endpoint', 'revocation_endpoint', 'introspection_endpoint'],
  ...['pushed_authorization_request_endpoint', 'device_authorization_endpoint'],
]

/** What the metadata says of it; `said`: what it says else. */
export function mutualTlsMetadata({ isOffered, url }: MutualTls, said: object): object {
  if (!isOffered) return { tls_client_certificate_bound_access_tokens: undefined }
  if (url === null) return {}
  const all: Readonly<Record<string, unknown>> = { ...said }
  const aliases = endpoints.flatMap((name) => {
    const at = all[name]
    return typeof at === 'string' ? [[name, url + new URL(at).pathname] as const] : []
  })
  return { mtls_endpoint_aliases: Object.fromEntries(aliases) }
}
