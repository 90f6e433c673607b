// What callers say of a client, and whether it holds against the table and the rules of the API's profile.

import type { Static } from 'typebox'
import type { Api } from '../../config/compiled.ts'
import {
  isByCertificate,
  tlsSubjectKinds,
  whyNoCertificate,
  whyNoName,
} from '../../credentials/certificate.ts'
import { whyNoClientKey } from '../../credentials/client-keys.ts'
import { whyNoRedirectUri } from '../../credentials/redirect-uri.ts'
import { noKeyLimits } from '../../store/keys/limit-table.ts'
import type { ClientPatch } from '../../store/oauth/oauth-client-change-table.ts'
import type { StoredClient } from '../../store/oauth/oauth-client-table.ts'
import type { Scope } from '../../store/scope.ts'
import { seesApi } from '../../store/scope.ts'
import type { AdminDeps, ControlDeps } from '../dependencies.ts'
import { apiOf, noEnvironment, permissionFaults, permissionsOf, unknownApi } from '../keys/key-request.ts'
import { keyLimitsOf } from '../limit-fields.ts'
import { invalid } from '../refusal.ts'
import type { clientPatchBody, newClientBody } from './client-object.ts'

type NewClientBody = Static<typeof newClientBody>
export type AskedClient = Pick<
  StoredClient,
  | ('merchantId' | 'api' | 'environment' | 'name' | 'grants' | 'redirectUris')
  | ('permissions' | 'authMethod' | 'jwks' | 'jwksUri' | 'tlsSubject' | 'isBound' | 'limits')
>

/** Throws VALIDATION_FAILED. */
export function askedClient(deps: AdminDeps, scope: Scope, body: NewClientBody): AskedClient {
  const api = apiAsked(deps, scope, body)
  const merchantId = merchantAsked(scope, body)
  const { grants, redirect_uris: redirectUris = [], auth_method: authMethod = 'client_secret' } = body
  if (grants.includes('client_credentials') && merchantId === null)
    throw invalid('/merchant_id', 'client_credentials needs a merchant: nobody chooses one')
  refuseUris(grants, redirectUris)
  const { jwks = null, jwksUri = null } = keysAsked(deps, authMethod, body)
  if (hasKeys(authMethod) !== (jwks !== null || jwksUri !== null)) throw invalid('/jwks', whichKeys)
  const { tls_subject: tlsSubject = null } = body
  if ((authMethod === 'tls_client_auth') !== (tlsSubject !== null))
    throw invalid('/tls_subject', 'is for tls_client_auth, which needs it')
  refuseImpossible(tlsSubject)
  const isStrict = api.oauth?.profile === 'fapi2'
  if (isStrict && authMethod === 'client_secret')
    throw invalid(
      '/auth_method',
      `must be private_key_jwt, or a certificate: the profile of ${api.name} is fapi2`,
    )
  if (isStrict && grants.includes('device_code'))
    throw invalid('/grants', `must not be device_code: the profile of ${api.name} is fapi2`)
  return {
    ...{ merchantId, api: api.name, environment: environmentAsked(api, body.environment), name: body.name },
    ...{ grants: grants.toSorted(), redirectUris, permissions: permissionsOf(api, body.permissions) },
    ...{ authMethod, jwks, jwksUri, tlsSubject, isBound: isStrict || body.bound === true },
    limits: { ...noKeyLimits, ...keyLimitsOf({ api, scope }, body) },
  }
}

/** What a patch says, judged by the client as it is. Throws VALIDATION_FAILED. */
export function askedPatch(
  deps: AdminDeps,
  { client, scope }: { readonly client: StoredClient; readonly scope: Scope },
  body: Static<typeof clientPatchBody>,
): ClientPatch {
  const { name, redirect_uris: redirectUris, permissions } = body
  if (redirectUris !== undefined) refuseUris(client.grants, redirectUris)
  const held = permissions && permissionsOf(apiOf(deps, client.api, '/api'), permissions)
  return {
    ...{ name, redirectUris, permissions: held, ...keysAsked(deps, client.authMethod, body) },
    limits: keyLimitsOf({ api: deps.table().apis.get(client.api), scope }, body),
  }
}

/** The one that is named; else, of those that take tokens, the only one, or the only one that has the permissions. */
function apiAsked(deps: ControlDeps, scope: Scope, { api: name, permissions }: NewClientBody): Api {
  if (name !== undefined) {
    if (!seesApi(scope, name)) throw unknownApi('/api')
    const api = apiOf(deps, name, '/api')
    if (api.oauth === null) throw invalid('/api', 'takes no tokens: it has no `oauth`')
    return api
  }
  const all = [...deps.table().apis.values()].filter((api) => api.oauth !== null && seesApi(scope, api.name))
  const fitting = all.length > 1 ? all.filter((api) => permissionFaults(api, permissions).length === 0) : all
  const [api, other] = fitting
  if (all.length === 0) throw invalid('/api', 'no API takes tokens: none has `oauth`')
  if (api === undefined || other !== undefined)
    throw invalid('/api', `must be said: one of ${all.map((one) => one.name).join(', ')}`)
  return api
}

/** The first one of the API unless said: `live`, where there is one. */
function environmentAsked(api: Api, name: string | undefined): string {
  const found = api.environments.find((one) => name === undefined || one.name === name)
  if (found === undefined) throw invalid('/environment', noEnvironment(api))
  return found.name
}

/** Whoever sees one merchant alone means that one. */
function merchantAsked({ merchantIds }: Scope, { merchant_id: asked }: NewClientBody): string | null {
  if (asked !== undefined) return asked
  const [only] = merchantIds ?? []
  if (merchantIds?.length === 1 && only !== undefined) return only
  throw invalid('/merchant_id', 'is required: a merchant, or null for all')
}

function refuseUris(grants: readonly string[], uris: readonly string[]): void {
  if (grants.includes('code') !== uris.length > 0)
    throw invalid('/redirect_uris', 'are for `code`: where people are sent back to, one at least')
  for (const [index, uri] of uris.entries()) {
    const why = whyNoRedirectUri(uri)
    if (why !== undefined) throw invalid(`/redirect_uris/${index}`, why)
  }
}

const whichKeys =
  'are for private_key_jwt, which needs them, or jwks_uri, and for self_signed_tls_client_auth, with x5c'

function hasKeys(method: StoredClient['authMethod']): boolean {
  return method === 'private_key_jwt' || method === 'self_signed_tls_client_auth'
}

/** One takes the place of the other. undefined: nothing is said. Throws VALIDATION_FAILED. */
function keysAsked(
  { webhooks }: AdminDeps,
  authMethod: StoredClient['authMethod'],
  { jwks, jwks_uri: jwksUri }: Pick<NewClientBody, 'jwks' | 'jwks_uri'>,
): Pick<ClientPatch, 'jwks' | 'jwksUri'> {
  if (jwks === undefined && jwksUri === undefined) return {}
  if (!hasKeys(authMethod) || (jwks !== undefined && jwksUri !== undefined)) throw invalid('/jwks', whichKeys)
  // Those of certificates are the client's own to say: nobody else may change which one it is.
  if (isByCertificate(authMethod) && jwksUri !== undefined)
    throw invalid('/jwks_uri', 'is for private_key_jwt')
  const fault = jwksUri === undefined ? undefined : webhooks.rule.fault(jwksUri)
  if (fault !== undefined) throw invalid('/jwks_uri', fault)
  for (const [index, key] of (jwks?.keys ?? []).entries()) {
    const why = whyNoClientKey(key) ?? (isByCertificate(authMethod) ? whyNoCertificate(key) : undefined)
    if (why !== undefined) throw invalid(`/jwks/keys/${index}`, why)
  }
  return { jwks: jwks ?? null, jwksUri: jwksUri ?? null }
}

/** A client of which no certificate has the name would never be let in. */
function refuseImpossible(tlsSubject: StoredClient['tlsSubject']): void {
  for (const kind of tlsSubjectKinds) {
    const name = tlsSubject?.[kind]
    const why = name === undefined ? undefined : whyNoName(kind, name)
    if (why !== undefined) throw invalid(`/tls_subject/${kind}`, why)
  }
}
