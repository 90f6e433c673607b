// What stands in Redis, checked on the way in: even sealed text may come from another version of this program.

import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { rateText } from '../config/rate-limit-schema.ts'
import { environmentName } from '../credentials/environment.ts'
import { credentialKinds, keyStatuses, merchantStatuses } from '../credentials/record.ts'
import type { Change } from '../store/change-table.ts'
import type { CachedReading } from './memory-tier.ts'

const oneOf = <const Values extends readonly string[]>(values: Values) =>
  Type.Unsafe<Values[number]>(Type.Enum([...values]))

const integerOrNull = Type.Union([Type.Integer(), Type.Null()])
const instant = Type.Union([Type.Number(), Type.Null()])

const RateOverridesText = Type.Record(
  Type.String(),
  Type.Object({ rate: Type.String({ pattern: rateText.pattern }), burst: integerOrNull }),
)

const QuotaOverridesText = Type.Record(Type.String(), Type.Object({ requests: Type.Integer({ minimum: 1 }) }))

const CallerLimitsText = Type.Object({
  allowedIps: Type.Array(Type.String()),
  rates: RateOverridesText,
  inFlight: integerOrNull,
  merchant: Type.Union([
    Type.Object({
      plan: Type.Union([Type.String(), Type.Null()]),
      rates: RateOverridesText,
      inFlight: integerOrNull,
      quotas: Type.Optional(QuotaOverridesText),
    }),
    Type.Null(),
  ]),
})

const textOrNull = Type.Union([Type.String(), Type.Null()])

const TokenText = Type.Object({
  id: Type.String(),
  userId: textOrNull,
  grantId: textOrNull,
  jkt: textOrNull,
})

// An earlier version writes no `limits`, or no `token`: what it has put here says nothing of them, and is read anew.
const ReadingText = Type.Object({
  record: Type.Object({
    kind: oneOf(credentialKinds),
    keyId: Type.String(),
    secretId: Type.String(),
    merchantId: Type.String(),
    api: Type.String(),
    environment: Type.String({ pattern: environmentName.pattern }),
    status: oneOf(keyStatuses),
    merchantStatus: oneOf(merchantStatuses),
    permissions: Type.Array(Type.String()),
    expiresAtMs: instant,
    secretExpiresAtMs: instant,
    limits: Type.Union([CallerLimitsText, Type.Null()]),
    token: Type.Union([TokenText, Type.Null()]),
    revision: Type.Integer(),
  }),
  revision: Type.Integer(),
  confirmedAtMs: Type.Number(),
})

const ChangeText = Type.Object({
  epoch: Type.String(),
  revision: Type.Integer(),
  keyId: Type.Union([Type.String(), Type.Null()]),
  merchantId: Type.String(),
  digests: Type.Array(Type.String()),
  stamp: Type.Optional(Type.Integer()),
})

const ScopeText = Type.Object({
  epoch: Type.String(),
  id: Type.String(),
  base: Type.Integer(),
  revision: Type.Integer(),
  stamp: Type.Union([Type.Integer(), Type.Null()]),
})
export type ScopeRecord = Readonly<Static<typeof ScopeText>>

const SeenText = Type.Object({ atMs: Type.Number() })

const readingCheck = Compile(ReadingText)
const changeCheck = Compile(ChangeText)
const scopeCheck = Compile(ScopeText)
const seenCheck = Compile(SeenText)

/** A reading; undefined where the text is none. */
export function parseReading(text: string | undefined): CachedReading | undefined {
  const value = parsed(text)
  if (!readingCheck.Check(value)) return undefined
  // A token without what makes it one would be taken for a key.
  const { kind, token } = value.record
  return (kind === 'access_token') === (token !== null) ? value : undefined
}

/** A change with its epoch; undefined where the text is none. */
export function parseChange(text: string | undefined): { epoch: string; change: Change } | undefined {
  const value = parsed(text)
  if (!changeCheck.Check(value)) return undefined
  const { epoch, ...change }: Static<typeof ChangeText> = value
  return { epoch, change }
}

/** What Redis holds of the changes; undefined where the text is none. */
export function parseScope(text: string | undefined): ScopeRecord | undefined {
  const value = parsed(text)
  return scopeCheck.Check(value) ? value : undefined
}

/** When somebody was seen; undefined where the text is none. */
export function parseSeen(text: string | undefined): { readonly atMs: number } | undefined {
  const value = parsed(text)
  return seenCheck.Check(value) ? value : undefined
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
