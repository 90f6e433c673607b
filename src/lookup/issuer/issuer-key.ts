// What an issuer publishes (a JWK Set, RFC 7517) → the keys in it that can have signed tokens, ready to check signatures with.

import { type CryptoKey, importJWK } from 'jose'
import { type TokenAlgorithm, tokenAlgorithms } from '../../config/jwt-schema.ts'
import { whyNoClientKey } from '../../credentials/client-keys.ts'

export interface IssuerKey {
  /** undefined: it has no name. */
  readonly kid: string | undefined
  /** By algorithm: an algorithm that is not here is not this key's (RFC 8725 §3.1). */
  readonly byAlgorithm: ReadonlyMap<TokenAlgorithm, CryptoKey>
}

/** More are passed over. */
const mostKeys = 50

/** Fewer bits are too weak (RFC 7518 §3.3): 342 digits of base64url are 2048 of them. More than 8192 take too long. */
const modulus = /^[A-Za-z0-9_-]{342,1366}$/

type Jwk = Readonly<Record<string, unknown>>

/** Those of no use are left out. Throws where the text is no key set, or holds none of use: then the ones before are as good. */
export async function keysOf(text: string): Promise<readonly IssuerKey[]> {
  const { keys }: { keys?: unknown } = Object(parsed(text))
  if (!Array.isArray(keys)) throw new Error('what it publishes is no key set')
  const made = await Promise.all(keys.slice(0, mostKeys).map(readKey))
  const usable = made.filter(({ byAlgorithm }) => byAlgorithm.size > 0)
  if (usable.length === 0) throw new Error('it publishes no key that tokens can be signed with')
  return usable
}

async function readKey(value: unknown): Promise<IssuerKey> {
  const jwk: Jwk = { ...Object(value) }
  const byAlgorithm = new Map<TokenAlgorithm, CryptoKey>()
  for (const algorithm of algorithmsOf(jwk)) {
    try {
      const key = await importJWK({ ...jwk, kty: String(jwk['kty']) }, algorithm)
      if (!(key instanceof Uint8Array)) byAlgorithm.set(algorithm, key)
    } catch {
      // Such as a point that is not on the curve.
    }
  }
  return { kid: typeof jwk['kid'] === 'string' ? jwk['kid'] : undefined, byAlgorithm }
}

/** What the key is for: what its type allows, and it says of itself. A key with a secret in it is nobody's any more. */
function algorithmsOf(jwk: Jwk): readonly TokenAlgorithm[] {
  if (whyNoClientKey(jwk) !== undefined) return []
  const { use, alg, key_ops: operations } = jwk
  if (use !== undefined && use !== 'sig') return []
  if (Array.isArray(operations) && !operations.includes('verify')) return []
  const said = alg === 'Ed25519' ? 'EdDSA' : alg
  return tokenAlgorithms.filter((one) => fits(one, jwk) && (said === undefined || said === one))
}

function fits(algorithm: TokenAlgorithm, { kty, crv, n }: Jwk): boolean {
  if (algorithm === 'ES256') return kty === 'EC' && crv === 'P-256'
  if (algorithm === 'EdDSA') return kty === 'OKP' && crv === 'Ed25519'
  return kty === 'RSA' && typeof n === 'string' && modulus.test(n)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('what it publishes is no JSON')
  }
}
