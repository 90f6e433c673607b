// The schema of an API's quotas: how many requests in a calendar month, counted by what.

import { Type } from 'typebox'
import { closed } from './schema-fields.ts'

export const quotaSubjects = ['merchant', 'key'] as const
export type QuotaSubject = (typeof quotaSubjects)[number]

export const mostQuota = 1_000_000_000_000_000

/** What a quota is of stands at the beginning of its name; others may come. */
export const quotaName = {
  pattern: '^monthly(_[a-z0-9_]{1,50})?$',
  expects: '`monthly`, or a name that begins with `monthly_`',
}

const requests = Type.Integer({
  minimum: 1,
  maximum: mostQuota,
  examples: [1_000_000],
  description: 'Requests in a calendar month (UTC).',
})

export const Quotas = Type.Record(
  Type.String(),
  Type.Object(
    {
      requests,
      per: Type.Enum([...quotaSubjects], {
        default: 'merchant',
        description: '`merchant` or `key`. Each environment counts by itself.',
      }),
    },
    closed,
  ),
  {
    propertyNames: quotaName,
    default: {},
    description:
      'Quotas by name: over one 429 QUOTA_EXCEEDED until the month ends (UTC). What was let through counts, by all instances together.',
  },
)

export const PlanQuotas = Type.Record(Type.String(), Type.Object({ requests }, closed), {
  propertyNames: quotaName,
  default: {},
  description: 'By name of a quota of an API: what counts in its place for merchants of the plan.',
})
