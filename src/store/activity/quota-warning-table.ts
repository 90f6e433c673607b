// Whoever is near a quota, or has used it up, is told of by webhooks: once in a month at each step, and anew where the quota
// is another by then.

import type { Quota } from '../../config/quotas.ts'
import { monthOf, quotaFor } from '../../config/quotas.ts'
import type { MerchantLimits } from '../../credentials/caller-limits.ts'
import { merchantLimitsOf } from '../keys/limit-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { dayOf } from './quota-table.ts'
import { addEvents, lockWebhookHead, type NewEvent, payloadOf } from '../webhooks/webhook-event-table.ts'

/** Of a quota, in percent. */
export const warnedAt = [80, 95, 100] as const

interface UseRow {
  readonly subject: string
  readonly environment: string
  readonly count: number
  readonly merchantId: string
  readonly limits: MerchantLimits | null
}

interface Reached extends UseRow {
  readonly quota: Quota
  /** What counts for this merchant. */
  readonly requests: number
  /** The highest step, and those below. */
  readonly steps: readonly number[]
}

export interface QuotaWarning {
  readonly quotas: readonly Quota[]
  readonly newId: (prefix: 'evt') => string
  readonly nowMs: number
}

/** Of one quota, in one transaction. */
const mostAtOnce = 1_000

/** Makes events of what was not told yet; where nobody is to be told, none. Returns how many. Throws StoreUnavailableError. */
export async function tellQuotas(db: Postgres, { quotas, newId, nowMs }: QuotaWarning): Promise<number> {
  if (quotas.length === 0) return 0
  const [listening] = await db.query('SELECT FROM webhook_endpoint WHERE deleted_at IS NULL LIMIT 1')
  if (listening === undefined) return 0
  const month = monthOf(nowMs)
  let told = 0
  for (const quota of quotas) {
    let behind: Pick<UseRow, 'subject' | 'environment'> | undefined = { subject: '', environment: '' }
    // Many may be near by the smallest quota, and far from their own: these are found each time, and others stand behind them.
    while (behind !== undefined) {
      const rows: UseRow[] = await nearOnes(db, quota, { month: dayOf(month.startMs), behind })
      told += await tellAll(
        db,
        rows.flatMap((row) => reachedBy(row, quota)),
        { newId, nowMs },
      )
      behind = rows.length < mostAtOnce ? undefined : rows.at(-1)
    }
  }
  return told
}

/** A merchant or key that has used four fifths of a quota, or all of it. */
export interface NearQuota {
  readonly merchantId: string
  readonly subject: string
  readonly quota: string
  readonly count: number
  /** What counts for this merchant. */
  readonly requests: number
}

/** Of each quota the first thousand that may be near. Throws StoreUnavailableError. */
export async function findNearQuotas(
  db: Queryable,
  { quotas, nowMs }: Pick<QuotaWarning, 'quotas' | 'nowMs'>,
): Promise<readonly NearQuota[]> {
  const month = dayOf(monthOf(nowMs).startMs)
  const found: NearQuota[] = []
  for (const quota of quotas) {
    const rows = await nearOnes(db, quota, {
      ...{ month, behind: { subject: '', environment: '' }, isToldToo: true },
    })
    for (const { merchantId, subject, count, requests } of rows.flatMap((row) => reachedBy(row, quota)))
      found.push({ merchantId, subject, quota: quota.name, count, requests })
  }
  return found
}

async function tellAll(
  db: Postgres,
  reached: readonly Reached[],
  { newId, nowMs }: Pick<QuotaWarning, 'newId' | 'nowMs'>,
): Promise<number> {
  if (reached.length === 0) return 0
  const month = monthOf(nowMs)
  return db.transaction(async (tx) => {
    // One at a time: what another has told meanwhile is seen as told.
    await lockWebhookHead(tx)
    const events: NewEvent[] = []
    for (const one of reached) {
      const step = await firstTold(tx, one, dayOf(month.startMs))
      if (step !== undefined) events.push(eventOf(one, { step, month, id: newId('evt'), nowMs }))
    }
    await addEvents(tx, events)
    return events.length
  })
}

interface Next {
  readonly month: string
  readonly behind: Pick<UseRow, 'subject' | 'environment'>
  /** Those too of whom all was told. */
  readonly isToldToo?: boolean
}

/** Those beyond the first step of the smallest that may be theirs, of whom not all was told. */
async function nearOnes(
  db: Queryable,
  quota: Quota,
  { month, behind, isToldToo = false }: Next,
): Promise<UseRow[]> {
  const least = Math.min(quota.requests, ...quota.ofPlans.values())
  const subject =
    quota.per === 'key'
      ? `LEFT JOIN api_key k ON k.id = u.subject
         JOIN merchant m ON m.id = coalesce(k.merchant_id, nullif(split_part(u.subject, ' ', 2), ''))`
      : 'JOIN merchant m ON m.id = u.subject'
  return db.query<UseRow>(
    `SELECT * FROM (
       SELECT u.subject, u.environment, u.count, m.id AS "merchantId",
         CASE WHEN l.merchant_id IS NOT NULL OR q.merchant_id IS NOT NULL THEN ${merchantLimitsOf('l', 'q')} END AS limits,
         coalesce((q.quotas -> $3 ->> 'requests')::bigint, $4) AS least
       FROM quota_use u ${subject}
       LEFT JOIN merchant_limit l ON l.merchant_id = m.id LEFT JOIN merchant_quota q ON q.merchant_id = m.id
       WHERE u.month = $1::date AND u.api = $2 AND (u.subject, u.environment) > ($5, $6)
     ) found
     WHERE count * 100 >= least * ${warnedAt[0]} AND ($7 OR NOT EXISTS (
       SELECT FROM quota_told t WHERE t.subject = found.subject AND t.month = $1::date AND t.api = $2
         AND t.environment = found.environment AND t.quota = $3 AND t.percent = 100 AND t.requests >= found.count))
     ORDER BY subject, environment LIMIT ${mostAtOnce}`,
    [month, quota.api, quota.name, least, behind.subject, behind.environment, isToldToo],
  )
}

function reachedBy(row: UseRow, quota: Quota): Reached[] {
  const requests = quotaFor(quota, row.limits)
  const steps = warnedAt.filter((step) => row.count * 100 >= requests * step)
  return steps.length === 0 ? [] : [{ ...row, quota, requests, steps }]
}

/** Notes all steps that were reached; returns the highest, if it is told for the first time. */
async function firstTold(tx: Queryable, one: Reached, month: string): Promise<number | undefined> {
  const { subject, environment, quota, requests, steps } = one
  const rows = await tx.query<{ percent: number }>(
    `INSERT INTO quota_told (subject, month, api, environment, quota, requests, percent)
     SELECT $1, $2::date, $3, $4, $5, $6, percent FROM unnest($7::integer[]) AS s (percent)
     ON CONFLICT DO NOTHING RETURNING percent`,
    [subject, month, quota.api, environment, quota.name, requests, steps],
  )
  const highest = steps.at(-1)
  return rows.some(({ percent }) => percent === highest) ? highest : undefined
}

interface Telling {
  readonly step: number
  readonly month: ReturnType<typeof monthOf>
  readonly id: string
  readonly nowMs: number
}

function eventOf(one: Reached, { step, month, id, nowMs }: Telling): NewEvent {
  const { merchantId, subject, environment, quota, requests, count } = one
  const type = step === 100 ? 'merchant.quota_reached' : 'merchant.quota_warning'
  const data = {
    ...{ id: merchantId, api: quota.api, environment, quota: quota.name },
    // As upstreams are told it: of a client its own id.
    ...(quota.per === 'key' && { key_id: subject.split(' ', 1)[0] }),
    ...{ requests, used: count, percent: step },
    since: new Date(month.startMs).toISOString(),
    resets_at: new Date(month.endMs).toISOString(),
  }
  return {
    ...{ id, type, merchantId, api: quota.api, atMs: nowMs, entry: null, revision: null, endpointId: null },
    payload: payloadOf(type, nowMs, data),
  }
}
