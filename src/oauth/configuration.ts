// How oidc-provider is to behave: codes with PKCE, pushed requests, refresh tokens that rotate, client credentials, DPoP; nothing that
// RFC 9700 advises against, and nothing that it does beside OAuth.

import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { Api, Table } from '../config/compiled.ts'
import { proofAlgorithms } from '../credentials/proof-algorithms.ts'
import { type AdapterDeps, createAdapter } from './adapter.ts'
import { ownMetadata } from './client-metadata.ts'
import { deviceCodeSeconds } from './device-codes.ts'
import { errorPage } from './error-page.ts'
import { type MutualTls, mutualTlsFeature } from './mutual-tls.ts'
import type { ServerKeys } from './server-keys.ts'

export interface ConfigurationDeps extends AdapterDeps {
  readonly keys: ServerKeys
  readonly mutualTls: MutualTls
  /** Where people grant: a path below the public URL. */
  consentPath(interactionId: string): string
}

const interactionSeconds = 10 * 60
const codeSeconds = 60
/** Nothing lasts on it: each request to authorize is confirmed anew. */
const sessionSeconds = interactionSeconds
const idTokenSeconds = 5 * 60
/** Of the rows; the grant itself has its end with its last refresh token. */
const grantSeconds = 24 * 60 * 60

export function configurationOf(deps: ConfigurationDeps): Configuration {
  const { table, keys } = deps
  const oauthOf = (context: unknown) => mustHaveOauth(table, clientOf(context)).oauth
  return {
    adapter: (model: string) => createAdapter(deps, model),
    jwks: { keys: [...keys.signing] },
    cookies: {
      keys: [...keys.cookies],
      names: { session: 'latchkey-oauth', interaction: 'latchkey-consent', resume: 'latchkey-resume' },
      short: { httpOnly: true, sameSite: 'lax', signed: true },
      long: { httpOnly: true, sameSite: 'lax', signed: true },
    },
    scopes: scopesOf(table),
    claims: { openid: ['sub'] },
    responseTypes: ['code'],
    subjectTypes: ['public'],
    clientAuthMethods: [
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
      'tls_client_auth',
      'self_signed_tls_client_auth',
    ],
    enabledJWA: {
      clientAuthSigningAlgValues: ['ES256', 'PS256', 'EdDSA'],
      idTokenSigningAlgValues: ['ES256'],
      dPoPSigningAlgValues: [...proofAlgorithms],
      introspectionSigningAlgValues: ['ES256'],
    },
    clientDefaults: { id_token_signed_response_alg: 'ES256', introspection_signed_response_alg: 'ES256' },
    extraClientMetadata: { properties: [...ownMetadata] },
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    clientBasedCORS: () => false,
    // What is fetched of others is fetched by client-key-sets.ts alone.
    fetch: () => Promise.reject(new Error('nothing is fetched here')),
    conformIdTokenClaims: true,
    features: { ...featuresOf(table), mTLS: mutualTlsFeature(deps.mutualTls, deps.now) },
    routes: {
      authorization: '/auth',
      token: '/token',
      jwks: '/jwks',
      pushed_authorization_request: '/request',
      introspection: '/introspection',
      revocation: '/revocation',
      device_authorization: '/device',
      code_verification: unusedPath,
    },
    extraParams: { resource: checkRequest(table) },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    interactions: { url: (_context, { uid }) => deps.consentPath(uid) },
    issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token'),
    // Which FAPI 2.0 forbids: a refresh token is of use to its client alone, which shows itself by a key (§5.3.2.1).
    rotateRefreshToken: ({ oidc: { client } }) => oauthOf(client).profile !== 'fapi2',
    revokeGrantPolicy: () => true,
    expiresWithSession: () => false,
    renderError: errorPage,
    ttl: {
      AccessToken: (_context, _token, client) => seconds(oauthOf(client).accessTokenMs),
      ClientCredentials: (_context, _token, client) => seconds(oauthOf(client).accessTokenMs),
      RefreshToken: (_context, _token, client) => seconds(oauthOf(client).refreshTokenMs),
      AuthorizationCode: codeSeconds,
      DeviceCode: deviceCodeSeconds,
      Interaction: interactionSeconds,
      Session: sessionSeconds,
      IdToken: idTokenSeconds,
      Grant: grantSeconds,
    },
  }
}

function seconds(ms: number): number {
  return Math.max(1, Math.floor(ms / 1000))
}

function featuresOf(table: Table): Configuration['features'] {
  const off = { enabled: false } as const
  return {
    clientCredentials: { enabled: true },
    introspection: {
      enabled: true,
      // Whoever it was given to may ask of it.
      allowedPolicy: (_context, client, token) => token.clientId === client.clientId,
    },
    jwtIntrospection: { enabled: true },
    revocation: {
      enabled: true,
      allowedPolicy: (_context, client, token) => token.clientId === client.clientId,
    },
    pushedAuthorizationRequests: { enabled: true, allowUnregisteredRedirectUris: false },
    dPoP: { enabled: true },
    fapi: {
      enabled: true,
      profile: (_context, client) =>
        client !== undefined && mustHaveOauth(table, client['latchkey_api']).oauth.profile === 'fapi2'
          ? '2.0'
          : undefined,
    },
    devInteractions: off,
    userinfo: off,
    rpInitiatedLogout: off,
    requestObjects: off,
    resourceIndicators: off,
    claimsParameter: off,
    registration: off,
    // The page where people type the code is the hub's: see tidy-answer.ts.
    deviceFlow: { enabled: true, charset: 'base-20', mask: '****-****', deviceInfo },
  }
}

/** Of its own pages for a code that is typed, which are nobody's. */
export const unusedPath = '/unused'

/** Shown to whoever types the code. */
function deviceInfo({ ip }: KoaContextWithOIDC): { readonly ip: string } {
  return { ip }
}

/** All permissions of all APIs that take tokens; which of them a client may ask for its metadata says. */
export function scopesOf(table: Table): string[] {
  const names = [...table.apis.values()].flatMap((api) =>
    api.oauth === null ? [] : [...api.permissions.keys()],
  )
  return [...new Set(names)]
}

/** Run for each request to authorize, pushed or not: what oidc-provider would let pass in silence is refused, or said. */
function checkRequest(table: Table) {
  return async (context: KoaContextWithOIDC, resource: string | undefined): Promise<void> => {
    const { params = {}, client } = context.oidc
    const api = mustHaveOauth(table, client?.['latchkey_api'])
    const asked = scopeOf(askedScope(context), client?.scope ?? '')
    params['scope'] ??= asked
    if (resource !== undefined && !isResourceOf(resource, api))
      throw new errors.InvalidTarget('the API that the client is for does not have this resource')
  }
}

/** As it was sent: unknown ones are taken out in silence before it comes here, and what is left then would be all. */
export function askedScope({ oidc, query }: Pick<KoaContextWithOIDC, 'oidc' | 'query'>): string {
  const sent = oidc.body?.['scope']
  if (sent !== undefined) return textOf(sent)
  // What was pushed was looked at then.
  return query['request_uri'] === undefined ? textOf(query['scope']) : ''
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** What is asked for, or all that the client may. Throws InvalidScope for what it may not. */
export function scopeOf(asked: string, allowed: string): string {
  if (asked === '') return allowed
  const may = new Set(allowed.split(' '))
  const foreign = asked.split(' ').find((name) => !may.has(name))
  if (foreign !== undefined) throw new errors.InvalidScope('requested scope is not allowed', foreign)
  return asked
}

/** A URL on a host of the API (RFC 8707). */
function isResourceOf(resource: string, api: Api): boolean {
  const url = URL.canParse(resource) ? new URL(resource) : undefined
  if (url === undefined || url.hash !== '') return false
  return api.environments.some(({ hosts }) =>
    hosts.some((host) => host === url.hostname || host === url.host),
  )
}

type OauthApi = Api & { readonly oauth: NonNullable<Api['oauth']> }

function clientOf(client: unknown): unknown {
  const { latchkey_api: api }: { latchkey_api?: unknown } = Object(client)
  return api
}

/** Of a client that is active and whose API takes tokens: others have no metadata. */
function mustHaveOauth(table: Table, name: unknown): OauthApi {
  const api = table.apis.get(String(name))
  if (api === undefined || api.oauth === null)
    throw new errors.InvalidClient('the client is of no API that takes tokens', '')
  return { ...api, oauth: api.oauth }
}
