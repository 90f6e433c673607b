// The key that a proof was signed with, as its header names it: which kinds are taken, what its thumbprint is, and whether a
// signature is its own. Keys that tokens are bound to are kept ready, as to read one takes as long as to check a signature.

import {
  constants,
  createPublicKey,
  hash,
  type JsonWebKey,
  verify,
  type VerifyKeyObjectInput,
} from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { ProofAlgorithm } from '../../credentials/proof-algorithms.ts'

/** The members that a public key is made of, in the order in which they are hashed. */
export type PublicJwk =
  | { readonly crv: 'P-256'; readonly kty: 'EC'; readonly x: string; readonly y: string }
  | { readonly crv: 'Ed25519'; readonly kty: 'OKP'; readonly x: string }
  | { readonly e: string; readonly kty: 'RSA'; readonly n: string }

/** 32 bytes. */
const coordinate = /^[A-Za-z0-9_-]{43}$/
/** 2048 to 4096 bits. */
const modulus = /^[A-Za-z0-9_-]{342,683}$/
const exponent = /^[A-Za-z0-9_-]{2,6}$/
/** Of private keys, and of shared ones. */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const

/** A `jwk` member by what its algorithm asks for; undefined: it is another, or holds what nobody should have sent. */
export function readPublicJwk(algorithm: ProofAlgorithm, value: unknown): PublicJwk | undefined {
  if (typeof value !== 'object' || value === null || secretMembers.some((name) => name in value))
    return undefined
  const { kty, crv, x, y, n, e }: Readonly<Record<string, unknown>> = { ...value }
  if (algorithm === 'ES256')
    return kty === 'EC' && crv === 'P-256' && fits(coordinate, x) && fits(coordinate, y)
      ? { crv, kty, x, y }
      : undefined
  if (algorithm === 'PS256')
    return kty === 'RSA' && fits(modulus, n) && fits(exponent, e) ? { e, kty, n } : undefined
  return kty === 'OKP' && crv === 'Ed25519' && fits(coordinate, x) ? { crv, kty, x } : undefined
}

function fits(form: RegExp, value: unknown): value is string {
  return typeof value === 'string' && form.test(value)
}

/** RFC 7638: base64url SHA-256 of the required members, in the order of their names. */
export function thumbprintOf(jwk: PublicJwk): string {
  return hash('sha256', JSON.stringify(jwk), 'base64url')
}

/** What is to be found out about one signature. */
export interface Signed {
  readonly algorithm: ProofAlgorithm
  readonly jwk: PublicJwk
  readonly signed: string
  readonly signature: Buffer
}

/** Keys kept; of more, those that were not used for longest are read anew. */
const mostKeys = 10_000

/** Returns whether a signature is that of the key with this thumbprint. To be asked of keys alone that tokens are bound to. */
export function createVerifier(): (signed: Signed, thumbprint: string) => boolean {
  const keys = new LRUCache<string, VerifyKeyObjectInput>({ max: mostKeys })

  function keyOf({ algorithm, jwk }: Signed, thumbprint: string): VerifyKeyObjectInput | undefined {
    const name = `${algorithm} ${thumbprint}`
    const known = keys.get(name)
    if (known !== undefined) return known
    try {
      const key = createPublicKey({ key: { ...jwk } satisfies JsonWebKey, format: 'jwk' })
      const made = { key, ...ways[algorithm].how }
      keys.set(name, made)
      return made
    } catch {
      // Such as a point that is not on the curve.
      return undefined
    }
  }

  return (proof, thumbprint) => {
    const key = keyOf(proof, thumbprint)
    if (key === undefined) return false
    return verify(ways[proof.algorithm].digest, Buffer.from(proof.signed, 'latin1'), key, proof.signature)
  }
}

interface Way {
  readonly digest: string | null
  readonly how: Omit<VerifyKeyObjectInput, 'key'>
}

const edwards: Way = { digest: null, how: {} }
const ways: Readonly<Record<ProofAlgorithm, Way>> = {
  // RFC 7518 §3.4: the two numbers one behind the other, and no DER.
  ES256: { digest: 'sha256', how: { dsaEncoding: 'ieee-p1363' } },
  PS256: {
    digest: 'sha256',
    how: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  },
  EdDSA: edwards,
  Ed25519: edwards,
}
