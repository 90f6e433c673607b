// A client as oidc-provider wants it (RFC 7591).

import type { AllClientMetadata } from 'oidc-provider'
import type { Api } from '../config/compiled.ts'
import { isByCertificate } from '../credentials/certificate.ts'
import { fullAccess } from '../credentials/permission.ts'
import type { StoredClient } from '../store/oauth/oauth-client-table.ts'

/** As it is asked for (RFC 8628 §3.4). */
export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

/** Members of our own. */
export const ownMetadata = ['latchkey_api', 'latchkey_environment', 'latchkey_merchant'] as const

/** The permissions that a client may ask for, by what its API has now. */
export function permissionsOfClient(client: Pick<StoredClient, 'permissions'>, api: Api): readonly string[] {
  const { permissions } = client
  return permissions.includes(fullAccess)
    ? [...api.permissions.keys()]
    : permissions.filter((name) => api.permissions.has(name))
}

export interface ShownBy {
  /** Stands where the secret would, which is known by its digest alone and compared elsewhere. */
  readonly stand: string
  /** Those that it publishes; undefined: it does not, or they are not known. */
  readonly keys: readonly object[] | undefined
}

/** undefined: its API takes no tokens, or it cannot be used with its profile. */
export function metadataOf(
  client: StoredClient,
  api: Api | undefined,
  { stand, keys }: ShownBy,
): AllClientMetadata | undefined {
  if (!api?.oauth || !api.environments.some(({ name }) => name === client.environment)) return undefined
  const isStrict = api.oauth.profile === 'fapi2'
  if (isStrict && client.authMethod === 'client_secret') return undefined
  const isBound = isStrict || client.isBound
  const hasCertificate = isByCertificate(client.authMethod)
  const takesCode = client.grants.includes('code')
  const takesDevice = client.grants.includes('device_code') && !isStrict
  return {
    client_id: client.id,
    client_name: client.name,
    redirect_uris: [...client.redirectUris],
    response_types: takesCode ? ['code'] : [],
    grant_types: [
      ...(takesCode ? ['authorization_code'] : []),
      ...(takesCode || takesDevice ? ['refresh_token'] : []),
      ...(takesDevice ? [deviceGrant] : []),
      ...(client.grants.includes('client_credentials') ? ['client_credentials'] : []),
    ],
    scope: permissionsOfClient(client, api).join(' '),
    ...shownBy(client, { stand, keys }),
    dpop_bound_access_tokens: isBound && !hasCertificate,
    tls_client_certificate_bound_access_tokens: isBound && hasCertificate,
    require_pushed_authorization_requests: isStrict,
    response_modes: ['query'],
    latchkey_api: client.api,
    latchkey_environment: client.environment,
    latchkey_merchant: client.merchantId ?? '',
  }
}

function shownBy(client: StoredClient, { stand, keys }: ShownBy): Partial<AllClientMetadata> {
  const { authMethod, tlsSubject, jwks } = client
  if (authMethod === 'client_secret')
    return { token_endpoint_auth_method: 'client_secret_basic', client_secret: stand }
  const how = { token_endpoint_auth_method: authMethod }
  if (authMethod === 'private_key_jwt') return { ...how, ...keysOf(client, keys) }
  if (authMethod === 'self_signed_tls_client_auth') return { ...how, jwks: { keys: [...(jwks?.keys ?? [])] } }
  const names = Object.entries(tlsSubject ?? {}).map(([kind, name]) => [`tls_client_auth_${kind}`, name])
  return { ...how, ...Object.fromEntries(names) }
}

/** Where none are known the address stands for them, by which the server gets none itself (configuration.ts). */
function keysOf({ jwks, jwksUri }: StoredClient, published: readonly object[] | undefined) {
  if (jwksUri !== null && published === undefined) return { jwks_uri: jwksUri }
  return { jwks: { keys: [...(published ?? jwks?.keys ?? [])] } }
}
