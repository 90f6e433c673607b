// The schema of an API's rate limits: how often, counted by what, on which routes.

import { Type } from 'typebox'
import { PlanQuotas } from './quota-schema.ts'
import { closed, Text } from './schema-fields.ts'

/** What a limit counts by. `client`: the client's address, or its IPv6 network (/64). */
export const countedBy = ['key', 'merchant', 'client'] as const
export type CountedBy = (typeof countedBy)[number]

/** `100/s`, `20/min`: read by `parseRate` (rate-limits.ts). */
export const rateText = {
  pattern: '^[1-9][0-9]{0,8}/(s|min|h|d)$',
  expects: 'a rate such as 100/s, 20/min, 500/h or 1000/d',
} as const
export const mostBurst = 1_000_000_000

const RateLimit = Type.Object(
  {
    rate: Type.String({
      ...rateText,
      examples: ['100/s'],
      description: 'How often, on average: requests a second (`s`), minute (`min`), hour (`h`) or day (`d`).',
    }),
    burst: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: mostBurst,
        examples: [200],
        description:
          'Requests at once after a quiet time. Left out: as many as the rate has in its unit of time.',
      }),
    ),
    per: Type.Enum([...countedBy], {
      examples: ['key'],
      description:
        '`key`, `merchant`, or `client`: its address. Each environment counts by itself. Public routes have clients alone.',
    }),
    permission: Type.Optional(
      Text('Only routes that ask for this permission.', { example: 'transaction.refund' }),
    ),
    route: Type.Optional(
      Text('Only this route, `METHOD /path/{template}` as the table has it.', {
        example: 'POST /v1/transactions/{id}/refund',
      }),
    ),
    shadow: Type.Boolean({
      default: false,
      description: 'Counts and tells who would have been refused, and refuses nobody.',
    }),
  },
  closed,
)

const limitName = {
  pattern: '^[a-z0-9_-]{1,64}$',
  expects: 'a name of a-z, 0-9, `-` and `_`',
}

const PlanLimit = Type.Object({ rate: RateLimit.properties.rate, burst: RateLimit.properties.burst }, closed)

export const Plans = Type.Record(
  Type.String(),
  Type.Object(
    {
      rate_limits: Type.Record(Type.String(), PlanLimit, {
        propertyNames: limitName,
        default: {},
        description:
          'By name of a limit of an API: what counts in its place for merchants of the plan, by key or by merchant.',
      }),
      quotas: PlanQuotas,
    },
    closed,
  ),
  { propertyNames: limitName, default: {}, description: 'Plans by name, which merchants may have (`plan`).' },
)

export const RateLimits = Type.Record(Type.String(), RateLimit, {
  propertyNames: limitName,
  default: {},
  description:
    'Rate limits by name: over one 429 RATE_LIMITED. All that fit a request count; the first that is used up refuses. One count over all instances.',
})
