// What may be said of one key or merchant beside what the file says of all, and whether it holds.

import { type Static, Type } from 'typebox'
import { canonicalBlock, isAddressOrBlock } from '../config/address.ts'
import type { Api, RateLimit, Table } from '../config/compiled.ts'
import { mostQuota, quotaName } from '../config/quota-schema.ts'
import { mostBurst, rateText } from '../config/rate-limit-schema.ts'
import type { QuotaOverrides, RateOverrides } from '../credentials/caller-limits.ts'
import { deny, DenialError, type FieldFault } from '../errors/denial.ts'
import type { StoredKeyLimits, StoredMerchantLimits } from '../store/keys/limit-table.ts'
import type { Scope } from '../store/scope.ts'
import { invalid } from './refusal.ts'

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

export const inFlightField = Type.Union([Type.Integer({ minimum: 1, maximum: 1_000_000 }), Type.Null()], {
  description: 'Most requests under way at once; beyond it 429. null: any number.',
})

export const planField = Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Null()], {
  description: 'A plan of the file, whose limits count in place of those of the same name; null: none',
})

export const quotasField = Type.Union(
  [
    Type.Record(
      Type.String({ pattern: quotaName.pattern }),
      Type.Object(
        { requests: Type.Integer({ minimum: 1, maximum: mostQuota }) },
        { additionalProperties: false },
      ),
      { maxProperties: 100 },
    ),
    Type.Null(),
  ],
  {
    description:
      'By name of a quota of the file: what counts in its place, all of them. Empty, or null: what file and plan say.',
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
  readonly in_flight?: number | null
}

interface AskedOfMerchant extends Omit<Asked, 'allowed_ips'> {
  readonly plan?: string | null
  readonly quotas?: Static<typeof quotasField>
}

interface Changed {
  /** undefined: it is configured no more. */
  readonly api: Api | undefined
  /** Of whoever asks. */
  readonly scope: Scope
}

/**
 * What a request says of a key's limits; undefined: nothing. Throws VALIDATION_FAILED; and FORBIDDEN where somebody of a merchant
 * says how often: what the platform allows is the platform's to say.
 */
export function keyLimitsOf({ api, scope }: Changed, asked: Asked): Partial<StoredKeyLimits> | undefined {
  const { allowed_ips: allowedIps, rate_limits: rates, in_flight: inFlight } = asked
  if (allowedIps === undefined && rates === undefined && inFlight === undefined) return undefined
  if (scope.merchantIds !== null) {
    for (const name of ['rate_limits', 'in_flight'] as const)
      if (asked[name] !== undefined) throw notTheirs(name)
  }
  return {
    ...(allowedIps !== undefined && { allowedIps: addressesOf(allowedIps ?? []) }),
    ...(inFlight !== undefined && { inFlight }),
    ...(rates !== undefined && { rates: overridesOf(rates ?? {}, api === undefined ? [] : [api], ['key']) }),
  }
}

function notTheirs(name: string): DenialError {
  const message = 'only the platform says what it allows; whoever sees certain merchants alone may not'
  return new DenialError(deny('FORBIDDEN', 'scope', { details: [{ path: `/${name}`, message }] }))
}

/** What a request says of a merchant's limits; undefined: nothing. Throws VALIDATION_FAILED. */
export function merchantLimitsOf(
  { apis, plans }: Table,
  asked: AskedOfMerchant,
): Partial<StoredMerchantLimits> | undefined {
  const { plan, rate_limits: rates, in_flight: inFlight, quotas } = asked
  if ([plan, rates, inFlight, quotas].every((one) => one === undefined)) return undefined
  if (plan !== undefined && plan !== null && !plans.has(plan))
    throw invalid('/plan', 'is no plan of the configuration')
  return {
    ...(plan !== undefined && { plan }),
    ...(inFlight !== undefined && { inFlight }),
    ...(rates !== undefined && { rates: overridesOf(rates ?? {}, [...apis.values()], ['key', 'merchant']) }),
    ...(quotas !== undefined && { quotas: quotasOf(quotas ?? {}, [...apis.values()]) }),
  }
}

/** Throws VALIDATION_FAILED, naming each that no API has. */
function quotasOf(asked: QuotaOverrides, apis: readonly Api[]): QuotaOverrides {
  const known = new Set(apis.flatMap(({ quotas }) => quotas.map(({ name }) => name)))
  const details = Object.keys(asked).flatMap((name): FieldFault[] =>
    known.has(name) ? [] : [{ path: `/quotas/${name}`, message: 'is no quota of the configuration' }],
  )
  if (details.length > 0) throw new DenialError(deny('VALIDATION_FAILED', 'invalid_field', { details }))
  return asked
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
