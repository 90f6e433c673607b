// One identity provider (OpenID Connect Core 1.0): asked where it is and what its keys are when somebody first comes by it, and again
// after a while. Whom it names is believed by a signed ID token for us, with the nonce of the very browser that began.

import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretBasic,
  type Configuration,
  discovery,
  fetchUserInfo,
} from 'openid-client'
import { isLoopback } from '../../../config/address.ts'
import type { OidcSettings } from '../../../config/hub-compiled.ts'
import type { Secret } from '../../../credentials/secret.ts'
import { deny, DenialError } from '../../../errors/denial.ts'
import { derived } from './browser-secret.ts'

/** Whom a provider names. */
export interface Named {
  readonly issuer: string
  readonly subject: string
  /** Only where the provider says that it has verified it. */
  readonly email: string | null
  /** Whether the claim of operators holds. */
  readonly isOperator: boolean
}

export interface Provider {
  readonly settings: OidcSettings
  /** Where a browser is sent. Throws PROVIDER_UNAVAILABLE. */
  begin(secret: Secret): Promise<string>
  /** Who comes back; `url`: what the provider has led to. Rejects where it is not as it must be. */
  finish(secret: Secret, url: URL): Promise<Named>
}

const timeoutSeconds = 10
const knownForMs = 60 * 60_000

export interface ProviderDeps {
  readonly redirectUri: string
  now(): number
}

export function createProvider(settings: OidcSettings, { redirectUri, now }: ProviderDeps): Provider {
  let known: { readonly untilMs: number; readonly configuration: Promise<Configuration> } | undefined

  /** One question for all who come meanwhile; a failed one is asked again. */
  function configuration(): Promise<Configuration> {
    if (known !== undefined && now() < known.untilMs) return known.configuration
    const asked = discover(settings)
    const own = { untilMs: now() + knownForMs, configuration: asked }
    known = own
    asked.catch(() => {
      if (known === own) known = undefined
    })
    return asked
  }

  return {
    settings,
    async begin(secret) {
      const { state, nonce, verifier } = derived(secret)
      const provider = await configuration().catch((cause: unknown) => {
        throw new DenialError(deny('PROVIDER_UNAVAILABLE', 'oidc_discovery'), { cause })
      })
      const url = buildAuthorizationUrl(provider, {
        ...{ redirect_uri: redirectUri, scope: 'openid email profile', response_type: 'code', state, nonce },
        ...{ code_challenge: await calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
      })
      return url.href
    },
    async finish(secret, url) {
      const { state, nonce, verifier } = derived(secret)
      const provider = await configuration()
      const checks = {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      }
      const tokens = await authorizationCodeGrant(provider, url, checks)
      const claims = tokens.claims()
      if (claims === undefined) throw new Error('The provider gave no ID token')
      const more = await moreOf(provider, tokens.access_token, claims)
      // An address and whether it is verified are one statement: both of one source.
      const { email, email_verified } = claims['email_verified'] === undefined ? more : claims
      return namedBy(settings, { ...more, ...claims, email, email_verified })
    },
  }

  /** Some providers say in the ID token who somebody is, and the rest where they are asked for it. */
  async function moreOf(
    provider: Configuration,
    accessToken: string,
    claims: Readonly<Record<string, unknown>> & { readonly sub: string },
  ): Promise<Readonly<Record<string, unknown>>> {
    const wanted = ['email', 'email_verified', ...(settings.operators ? [settings.operators.claim] : [])]
    const isAll = wanted.every((name) => claims[name] !== undefined)
    if (isAll || provider.serverMetadata().userinfo_endpoint === undefined) return {}
    return fetchUserInfo(provider, accessToken, claims.sub)
  }
}

async function discover({ issuer, clientId, clientSecret }: OidcSettings): Promise<Configuration> {
  const url = new URL(issuer)
  return discovery(url, clientId, {}, ClientSecretBasic(clientSecret), {
    timeout: timeoutSeconds,
    // In clear on this machine alone: for development.
    execute: url.protocol === 'http:' && isLoopback(url.hostname) ? [allowInsecureRequests] : [],
  })
}

function namedBy(settings: OidcSettings, claims: Readonly<Record<string, unknown>>): Named {
  const { iss, sub, email, email_verified: isVerified } = claims
  if (typeof iss !== 'string' || typeof sub !== 'string') throw new Error('The ID token names nobody')
  return {
    ...{ issuer: iss, subject: sub },
    email: typeof email === 'string' && isVerified === true ? email : null,
    isOperator:
      settings.operators !== null && holds(claims[settings.operators.claim], settings.operators.value),
  }
}

function holds(claim: unknown, value: string): boolean {
  return Array.isArray(claim) ? claim.includes(value) : claim === value
}
