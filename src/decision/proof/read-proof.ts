// The text of a proof of possession (RFC 9449 §4.2) → its parts. Nothing is believed yet: who signed it, and for which request,
// is asked by check-proof.ts. Pure; text of any kind gives a proof or nothing.

import { LRUCache } from 'lru-cache'
import { type ProofAlgorithm, proofAlgorithms } from '../../credentials/proof-algorithms.ts'
import { type PublicJwk, readPublicJwk, thumbprintOf } from './proof-key.ts'

export interface Proof {
  readonly algorithm: ProofAlgorithm
  readonly jwk: PublicJwk
  /** Of that (RFC 7638). */
  readonly thumbprint: string
  /** The method and URL that it is for. */
  readonly htm: string
  readonly htu: string
  /** Hash of the token that it goes with. */
  readonly ath: string
  /** Tells it from every other proof of the same key. */
  readonly jti: string
  /** When it was made, in milliseconds since the epoch, as its maker says. */
  readonly issuedAtMs: number
  /** What is signed, and the signature. */
  readonly signed: string
  readonly signature: Buffer
}

/** One with an RSA key of 4096 bits and a long URL has half of it. */
const longestProof = 8_192
const longestJti = 256
const compactForm = /^([A-Za-z0-9_-]{1,4096})\.([A-Za-z0-9_-]{1,6144})\.([A-Za-z0-9_-]{1,1024})$/

/** undefined: it is none, or not of a kind that is taken. */
export function readProof(text: string): Proof | undefined {
  if (text.length > longestProof) return undefined
  const [, header = '', payload = '', signature = ''] = compactForm.exec(text) ?? []
  const signedBy = knownHead(header)
  const claims = objectIn(payload)
  if (signedBy === undefined || claims === undefined) return undefined
  const { htm, htu, ath, jti, iat } = claims
  if (!isText(htm) || !isText(htu) || !isText(ath) || !isText(jti)) return undefined
  if (jti === '' || jti.length > longestJti || typeof iat !== 'number' || !Number.isFinite(iat))
    return undefined
  return {
    ...signedBy,
    ...{ htm, htu, ath, jti, issuedAtMs: iat * 1_000 },
    signed: `${header}.${payload}`,
    signature: Buffer.from(signature, 'base64url'),
  }
}

type Head = Pick<Proof, 'algorithm' | 'jwk' | 'thumbprint'>

/** Heads by their text: a client's are all the same, and what one says does not change. */
const heads = new LRUCache<string, Head>({ max: 10_000 })

function knownHead(text: string): Head | undefined {
  const known = heads.get(text)
  if (known !== undefined) return known
  const head = readHead(text)
  if (head !== undefined) heads.set(text, head)
  return head
}

function readHead(text: string): Head | undefined {
  const said = objectIn(text)
  if (said === undefined) return undefined
  const algorithm = proofAlgorithms.find((known) => known === said['alg'])
  // What is critical would have to be understood (RFC 7515 §4.1.11).
  if (said['typ'] !== 'dpop+jwt' || algorithm === undefined || 'crit' in said) return undefined
  const jwk = readPublicJwk(algorithm, said['jwk'])
  return jwk && { algorithm, jwk, thumbprint: thumbprintOf(jwk) }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function objectIn(part: string): Readonly<Record<string, unknown>> | undefined {
  if (part === '') return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
