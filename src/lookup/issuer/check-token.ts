// One signed token against the keys of its issuer (RFC 7519, RFC 9068, and what RFC 8725 says of both). What was signed is believed;
// what it may be used for is for decision/outside-token.ts to say.

import { type CryptoKey, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose'
import type { JwtSettings, TokenAlgorithm } from '../../config/jwt-schema.ts'
import { isEnvironmentName } from '../../credentials/environment.ts'
import { fullAccess } from '../../credentials/permission.ts'
import { boundToCertificate } from '../../credentials/record.ts'
import { type Secret, shortDigestOf, signedTextOf } from '../../credentials/secret.ts'
import type { CheckedToken } from './checked-token.ts'
import type { KeySet } from './key-set.ts'

export interface CheckedBy {
  readonly settings: JwtSettings
  readonly keys: KeySet
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

/** How far clocks may be apart (RFC 7519 §4.1.4). */
export const toleranceSeconds = 30

type Wrong = (CheckedToken & { readonly kind: 'wrong' })['reason']

/** An access token says so (RFC 9068 §2.1), or says nothing: what is made for something else is none (RFC 8725 §3.11). */
const types: ReadonlySet<string> = new Set(['at+jwt', 'application/at+jwt', 'jwt', 'application/jwt'])

/** Never rejects. */
export async function checkToken(token: Secret, by: CheckedBy): Promise<CheckedToken> {
  const text = signedTextOf(token)
  const head = text === undefined ? undefined : headIn(text)
  if (text === undefined || head === undefined) return wrong('jwt_malformed')
  const { settings, keys } = by
  // RFC 9864 calls it by its curve.
  const named = head.alg === 'Ed25519' ? 'EdDSA' : head.alg
  const algorithm = settings.algorithms.find((one) => one === named)
  if (algorithm === undefined) return wrong('jwt_algorithm')
  if (head.typ !== undefined && !types.has(head.typ.toLowerCase())) return wrong('jwt_type')
  const key = keyFor(keys, { kid: head.kid, algorithm })
  if (typeof key === 'string') {
    if (!keys.isUsable())
      return { kind: 'unavailable', reason: keys.ageMs() === undefined ? 'jwt_no_keys' : 'jwt_keys_too_old' }
    return keys.lacks() ? wrong(key) : { kind: 'unavailable', reason: 'jwt_key_not_yet_known' }
  }
  try {
    const { payload } = await jwtVerify(text, key, {
      algorithms: [head.alg],
      issuer: settings.issuer,
      audience: settings.audience,
      clockTolerance: toleranceSeconds,
      currentDate: new Date(by.nowMs),
      requiredClaims: ['exp'],
    })
    const read = readClaims(payload, by)
    if (typeof read === 'string') return wrong(read)
    return { kind: 'right', token: { ...read, ...idsOf(token, payload) } }
  } catch (error) {
    return wrong(reasonOf(error))
  }
}

function wrong(reason: Wrong): CheckedToken {
  return { kind: 'wrong', reason }
}

interface Head {
  readonly alg: string
  readonly typ: string | undefined
  readonly kid: string | undefined
}

function headIn(text: string): Head | undefined {
  try {
    const { alg, typ, kid, crit } = decodeProtectedHeader(text)
    // What is critical would have to be understood (RFC 7515 §4.1.11).
    const isHead = typeof alg === 'string' && isTextOrNone(typ) && isTextOrNone(kid) && crit === undefined
    return isHead ? { alg, typ, kid } : undefined
  } catch {
    return undefined
  }
}

function isTextOrNone(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

/** The key that is named; where none is, the only one that it can be. */
function keyFor(
  set: KeySet,
  { kid, algorithm }: { readonly kid: string | undefined; readonly algorithm: TokenAlgorithm },
): CryptoKey | Wrong {
  const named = set.keys().filter((key) => kid === undefined || key.kid === kid)
  const [key, ...more] = named.flatMap(({ byAlgorithm }) => byAlgorithm.get(algorithm) ?? [])
  if (key !== undefined && more.length === 0) return key
  // A key that is there, and is not for this: what is signed in other ways with it is made up.
  return named.length > 0 && kid !== undefined && key === undefined ? 'jwt_algorithm' : 'jwt_key_unknown'
}

/** By the codes of jose. */
function reasonOf(error: unknown): Wrong {
  if (error instanceof errors.JWTExpired) return 'jwt_expired'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'jwt_signature'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss') return 'jwt_issuer'
    if (error.claim === 'aud') return 'jwt_audience'
    return error.claim === 'nbf' ? 'jwt_not_yet' : 'jwt_claims'
  }
  return 'jwt_malformed'
}

type Right = Extract<CheckedToken, { kind: 'right' }>['token']
type Ids = Pick<Right, 'id' | 'issuer' | 'subjectId' | 'issuerId'>

/** By what log and emergency stop call it: whoever knows `iss` and `jti` or `sub` can tell. */
function idsOf(token: Secret, { iss = '', jti, sub }: JWTPayload): Ids {
  const id = shortDigestOf(typeof jti === 'string' && jti !== '' ? `${iss} ${jti}` : token)
  return {
    id: `jti_${id}`,
    issuer: iss,
    subjectId: sub === undefined ? null : `sub_${shortDigestOf(`${iss} ${sub}`)}`,
    issuerId: `iss_${shortDigestOf(iss)}`,
  }
}

type Claims = Omit<Right, keyof Ids>

/** What stands in header fields and logs: no more than OpenID Connect Core §2 lets `sub` be. */
const plainText = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/

function readClaims(payload: JWTPayload, by: CheckedBy): Claims | Wrong {
  const { settings } = by
  const untimely = whyUntimely(payload, by)
  if (untimely !== undefined) return untimely
  const { exp = 0, sub } = payload
  const merchant = payload[settings.merchantClaim]
  const permissions = permissionsIn(payload[settings.permissionsClaim])
  const clientId = payload['client_id'] ?? payload['azp']
  const jkt = bindingIn(payload['cnf'])
  if (!isPlainOrNone(sub) || !isPlainOrNone(clientId) || typeof merchant !== 'string') return 'jwt_claims'
  if (permissions === undefined || jkt === undefined) return 'jwt_claims'
  const environment =
    settings.environmentClaim === null ? settings.environment : payload[settings.environmentClaim]
  if (typeof environment !== 'string' || !isEnvironmentName(environment)) return 'jwt_environment'
  return {
    ...{ merchant, environment, permissions, jkt },
    subject: sub ?? null,
    clientId: clientId ?? null,
    expiresAtMs: exp * 1_000 + toleranceMs,
  }
}

const toleranceMs = toleranceSeconds * 1_000

/** What jose has not looked at: whether it was made in the future, and how far away its end is. */
function whyUntimely({ exp, iat }: JWTPayload, { settings, nowMs }: CheckedBy): Wrong | undefined {
  if (exp === undefined) return 'jwt_claims'
  if (iat !== undefined && iat * 1_000 > nowMs + toleranceMs) return 'jwt_not_yet'
  return exp * 1_000 > nowMs + settings.maxLifetimeMs + toleranceMs ? 'jwt_too_long' : undefined
}

function isPlainOrNone(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && plainText.test(value))
}

/** None is as good as an empty one. What stands for all permissions of an API stands for nothing here. */
function permissionsIn(value: unknown): readonly string[] | undefined {
  const names: unknown = typeof value === 'string' ? value.split(' ') : (value ?? [])
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) return undefined
  return names.filter((name) => name !== '' && name !== fullAccess)
}

const thumbprint = /^[A-Za-z0-9_-]{43}$/

/** To what it is bound (RFC 7800): a key (RFC 9449) or a certificate (RFC 8705); null: nothing. undefined: to what nobody here can check. */
function bindingIn(confirmation: unknown): string | null | undefined {
  if (confirmation === undefined) return null
  const about: Readonly<Record<string, unknown>> = { ...Object(confirmation) }
  const [[method, value] = [], ...more] = Object.entries(about)
  if (more.length > 0 || typeof value !== 'string' || !thumbprint.test(value)) return undefined
  if (method === 'jkt') return value
  return method === 'x5t#S256' ? boundToCertificate(value) : undefined
}
