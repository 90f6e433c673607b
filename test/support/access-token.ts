// Access tokens as an authorization server gives them out, without one; and proofs of possession as clients make them.

import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { digestOf, generateSecret, Secret } from '../../src/credentials/secret.ts'
import { issueAccessToken, type NewAccessToken } from '../../src/store/oauth/access-token-table.ts'
import type { Queryable } from '../../src/store/queryable.ts'

export interface MadeToken extends NewAccessToken {
  readonly text: string
}

let count = 0

/** Of API flintn, environment live, client `cli_client00001`, for `usr_person00001`, but for what is said. */
export async function issueToken(
  db: Queryable,
  merchantId: string,
  { prefix = 'pk_live_', ...of }: Partial<NewAccessToken> & { readonly prefix?: string } = {},
): Promise<MadeToken> {
  const secret = generateSecret(prefix)
  count += 1
  const token: NewAccessToken = {
    ...{ id: `atk_${process.pid}x${String(count).padStart(10, '0')}`, digest: digestOf(secret), merchantId },
    ...{ clientId: 'cli_client00001', userId: 'usr_person00001', grantId: 'grt_grant000001' },
    ...{ api: 'flintn', environment: 'live', permissions: ['transaction.read'], jkt: null },
    lifetimeMs: 900_000,
    ...of,
  }
  await issueAccessToken(db, token)
  return { ...token, text: Secret.reveal(secret) }
}

export interface ProofKey {
  readonly alg: string
  readonly privateKey: KeyObject
  readonly jwk: Readonly<Record<string, unknown>>
  readonly jkt: string
}

const kinds = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
  Ed25519: () => generateKeyPairSync('ed25519'),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
} as const

/** A key of a client's. */
export function proofKey(alg: keyof typeof kinds = 'ES256'): ProofKey {
  const { privateKey, publicKey } = kinds[alg]()
  const jwk: Record<string, unknown> = { ...publicKey.export({ format: 'jwk' }) }
  const required = Object.fromEntries(
    ['crv', 'e', 'kty', 'n', 'x', 'y'].filter((name) => name in jwk).map((name) => [name, jwk[name]]),
  )
  const jkt = createHash('sha256').update(JSON.stringify(required)).digest('base64url')
  return { alg, privateKey, jwk, jkt }
}

export interface ProofParts {
  readonly token: string
  readonly htm?: string
  readonly htu?: string
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A proof as RFC 9449 §4.2 has it, but for what is said; `undefined` takes a member away. */
export function makeProof(
  key: ProofKey,
  { token, htm = 'GET', htu = '', header, claims }: ProofParts,
): string {
  const ath = createHash('sha256').update(token).digest('base64url')
  const said = part({ typ: 'dpop+jwt', alg: key.alg, jwk: key.jwk, ...header })
  const body = part({ jti: randomUUID(), htm, htu, iat: Math.floor(Date.now() / 1_000), ath, ...claims })
  return `${said}.${body}.${signed(key, `${said}.${body}`)}`
}

function signed({ alg, privateKey }: ProofKey, text: string): string {
  const bytes = Buffer.from(text)
  if (alg === 'ES256')
    return sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')
  if (alg === 'PS256')
    return sign('sha256', bytes, { key: privateKey, padding: 6, saltLength: 32 }).toString('base64url')
  return sign(null, bytes, privateKey).toString('base64url')
}
