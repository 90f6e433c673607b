// What may be said of one key or merchant beside what the file says of all, and whether it holds.

import { type Static, Type } from 'typebox'
import { canonicalBlock, isAddressOrBlock } from '../config/address.ts'
import type { Api, RateLimit } from '../config/compiled.ts'
import { mostBurst, rateText } from '../config/rate-limit-schema.ts'
import type { RateOverrides } from '../credentials/caller-limits.ts'
import { deny, DenialError, type FieldFault } from '../errors/denial.ts'
import type { StoredKeyLimits } from '../store/limit-table.ts'

/** Of one key. */
const mostAddresses = 100

export const allowedIpsField = Type.Union(
  [Type.Array(Type.String({ maxLength: 64 }), { maxItems: mostAddresses }), Type.Null()],
  { description: 'Addresses and CIDR blocks, IPv4 and IPv6, that it may be used from. Empty, or null: any.' },
)

const burst = Type.Union([Type.Integer({ minimum: 1, maximum: mostBurst }), Type.Null()])

export const rateLimitsField = Type.Union(
  [
    Type.Record(
      Type.String({ pattern: '^[a-z0-9_-]{1,64}$' }),
      Type.Object(
        { rate: Type.String({ pattern: rateText.pattern }), burst: Type.Optional(burst) },
        { additionalProperties: false },
      ),
      { maxProperties: 100 },
    ),
    Type.Null(),
  ],
  {
    description:
      'By name of a limit of the file: what counts in its place, all of them. Empty, or null: what the file says.',
  },
)

/** As it is shown. */
export const rateSchema = Type.Object({
  rate: Type.String({ description: 'Such as `100/s`' }),
  burst: Type.Union([Type.Integer(), Type.Null()], {
    description: 'null: as many as the rate has in its unit of time',
  }),
})

interface Asked {
  readonly allowed_ips?: Static<typeof allowedIpsField>
  readonly rate_limits?: Static<typeof rateLimitsField>
}

/** What a request says of a key's limits; undefined: nothing. Throws VALIDATION_FAILED. `api`: undefined: it is configured no more. */
export function keyLimitsOf(api: Api | undefined, asked: Asked): Partial<StoredKeyLimits> | undefined {
  const { allowed_ips: allowedIps, rate_limits: rates } = asked
  if (allowedIps === undefined && rates === undefined) return undefined
  return {
    ...(allowedIps !== undefined && { allowedIps: addressesOf(allowedIps ?? []) }),
    ...(rates !== undefined && { rates: overridesOf(rates ?? {}, api === undefined ? [] : [api], ['key']) }),
  }
}

function addressesOf(texts: readonly string[]): readonly string[] {
  const message = 'must be an IP address or a CIDR block'
  const details = texts.flatMap((text, index): FieldFault[] =>
    isAddressOrBlock(text) ? [] : [{ path: `/allowed_ips/${index}`, message }],
  )
  if (details.length > 0) throw new DenialError(deny('VALIDATION_FAILED', 'invalid_field', { details }))
  return [...new Set(texts.map(canonicalBlock))]
}

/** Throws VALIDATION_FAILED, naming each that overrides nothing. `per`: which limits can be overridden there. */
export function overridesOf(
  asked: NonNullable<Static<typeof rateLimitsField>>,
  apis: readonly Api[],
  per: readonly RateLimit['per'][],
): RateOverrides {
  const limits = apis.flatMap(({ rateLimits }) => rateLimits)
  const details = Object.keys(asked).flatMap((name): FieldFault[] => {
    const named = limits.filter((limit) => limit.name === name)
    if (named.some((limit) => per.includes(limit.per))) return []
    const [other] = named
    const message =
      other === undefined
        ? 'is no rate limit of the configuration'
        : `counts by ${other.per}, and so cannot be another one here`
    return [{ path: `/rate_limits/${name}`, message }]
  })
  if (details.length > 0) throw new DenialError(deny('VALIDATION_FAILED', 'invalid_field', { details }))
  return Object.fromEntries(
    Object.entries(asked).map(([name, { rate, burst: most = null }]) => [name, { rate, burst: most }]),
  )
}
