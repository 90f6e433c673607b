// Keys and settings for tests of outside issuers, with nothing fetched: what is published is said.

import type { JwtSettings } from '../../../src/config/jwt-schema.ts'
import { createKeySet, type KeySet, type KeySetDeps } from '../../../src/lookup/issuer/key-set.ts'
import type { SigningKey } from '../../support/token-issuer.ts'

export const nowMs = 1_800_000_000_000
export const merchant = 'mer_01K8ZX3V9QABCDEFGHJKMNPQRS'

export function settingsOf(change: Partial<JwtSettings> = {}): JwtSettings {
  return {
    issuer: 'https://id.test',
    audience: 'https://api.test',
    merchantClaim: 'merchant',
    permissionsClaim: 'scope',
    environment: 'live',
    environmentClaim: null,
    jwksUri: 'https://id.test/jwks',
    algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    maxLifetimeMs: 3_600_000,
    ...change,
  }
}

export function claimsOf(change: Readonly<Record<string, unknown>> = {}) {
  const seconds = nowMs / 1_000
  return {
    ...{ iss: 'https://id.test', aud: 'https://api.test', sub: 'ada', merchant },
    ...{ scope: 'transaction.read', iat: seconds, exp: seconds + 300, ...change },
  }
}

/** What is published, as text. */
export function published(...keys: readonly SigningKey[]): string {
  return JSON.stringify({ keys: keys.map(({ jwk }) => jwk) })
}

/** A set that has been had from what `fetch` gives. */
export async function keySetOf(
  t: { teardown(fn: () => void): unknown },
  fetch: KeySetDeps['fetch'],
  { settings = settingsOf(), ...deps }: Partial<KeySetDeps> & { readonly settings?: JwtSettings } = {},
): Promise<KeySet> {
  const set = createKeySet(settings, { fetch, monotonicNow: () => 0, tried: () => {}, ...deps })
  t.teardown(() => set.stop())
  await set.start()
  return set
}
