// How much of their quotas merchants and keys have used in a month, and what they were told of it.

import type { Quota } from '../../config/quotas.ts'
import type { Page, PageRequest } from '../page.ts'
import { pageOf } from '../page.ts'
import type { Queryable } from '../queryable.ts'
import type { Scope } from '../scope.ts'
import { dayOf } from './quota-table.ts'

/** A row's place in the list. */
export interface QuotaUsagePlace {
  /** What is used of it, in hundredths of a percent, rounded down. */
  readonly share: number
  /** What it is counted under: `quota_use`. */
  readonly subject: string
  readonly api: string
  readonly environment: string
  readonly quota: string
}

export interface QuotaUsage extends QuotaUsagePlace {
  readonly merchantId: string
  readonly merchantName: string
  /** Of a quota that counts by key: the key, or the client; null: it counts by merchant. */
  readonly keyId: string | null
  readonly used: number
  /** What counts for this merchant now. */
  readonly requests: number
  /** In percent: the steps of this very quota that webhooks have told of, ascending. */
  readonly warnedAt: readonly number[]
}

export interface QuotaUsageFilter {
  readonly scope: Scope
  /** Those of the file; of others nothing is answered. */
  readonly quotas: readonly Quota[]
  readonly monthMs: number
  readonly merchantId: string | undefined
  readonly environment: string | undefined
  /** Of quotas that count by key, this holder's alone. */
  readonly keyId: string | undefined
}

// By what the quota counts by: an API may have one of each.
const used = `
  SELECT i.*, u.subject, u.environment, u.count, u.subject AS holder, NULL::text AS key FROM item i
    JOIN quota_use u ON u.month = $1::date AND u.api = i.api WHERE i.per = 'merchant'
  UNION ALL
  SELECT i.*, u.subject, u.environment, u.count,
      coalesce(k.merchant_id, nullif(split_part(u.subject, ' ', 2), '')), split_part(u.subject, ' ', 1) FROM item i
    JOIN quota_use u ON u.month = $1::date AND u.api = i.api LEFT JOIN api_key k ON k.id = u.subject
    WHERE i.per = 'key'`

// What is no merchant's, or counts by the other, joins no merchant. The last row seen is the cursor: figures move between two pages.
const list = `
  WITH item AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::jsonb[]) AS i (api, quota, per, requests, plans)
  ), found AS (
    SELECT u.subject, u.key, m.id AS merchant, m.name, u.api, u.environment, u.quota, u.count,
      coalesce((q.quotas -> u.quota ->> 'requests')::bigint, (u.plans ->> l.plan)::bigint, u.requests) AS requests
    FROM (${used}) u JOIN merchant m ON m.id = u.holder
    LEFT JOIN merchant_limit l ON l.merchant_id = m.id LEFT JOIN merchant_quota q ON q.merchant_id = m.id
    WHERE ($7::text[] IS NULL OR m.id = ANY ($7)) AND ($8::text IS NULL OR m.id = $8) AND ($9::text IS NULL OR u.environment = $9)
      AND ($16::text IS NULL OR u.key IS NULL OR u.key = $16)
  ), page AS (
    SELECT *, count * 10000 / requests AS share FROM found
    WHERE $10::bigint IS NULL OR (-(count * 10000 / requests), subject, api, environment, quota) >
      (-$10::bigint, $11::text, $12::text, $13::text, $14::text)
    ORDER BY share DESC, subject, api, environment, quota LIMIT $15
  )
  SELECT p.subject, p.merchant AS "merchantId", p.name AS "merchantName", p.key AS "keyId", p.api, p.environment, p.quota,
    p.count AS used, p.requests, p.share, ARRAY(SELECT t.percent FROM quota_told t WHERE t.subject = p.subject
      AND t.month = $1::date AND t.api = p.api AND t.environment = p.environment AND t.quota = p.quota
      AND t.requests = p.requests ORDER BY t.percent) AS "warnedAt"
  FROM page p ORDER BY p.share DESC, p.subject, p.api, p.environment, p.quota`

/** The nearest to their quotas first. */
export async function listQuotaUsage(
  db: Queryable,
  { scope, quotas, monthMs, merchantId, environment, keyId }: QuotaUsageFilter,
  { after, limit }: PageRequest<QuotaUsagePlace>,
): Promise<Page<QuotaUsage>> {
  const rows = await db.query<QuotaUsage>(list, [
    dayOf(monthMs),
    quotas.map(({ api }) => api),
    quotas.map(({ name }) => name),
    quotas.map(({ per }) => per),
    quotas.map(({ requests }) => requests),
    quotas.map(({ ofPlans }) => JSON.stringify(Object.fromEntries(ofPlans))),
    ...[scope.merchantIds, merchantId ?? null, environment ?? null],
    ...(after === null
      ? [null, '', '', '', '']
      : [after.share, after.subject, after.api, after.environment, after.quota]),
    limit + 1,
    keyId ?? null,
  ])
  return pageOf(rows, limit)
}
