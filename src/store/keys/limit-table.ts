// What is said of one key or merchant beside what the file says of all (credentials/caller-limits.ts).

import type { QuotaOverrides, RateOverrides } from '../../credentials/caller-limits.ts'
import type { Queryable } from '../queryable.ts'

export interface StoredKeyLimits {
  readonly allowedIps: readonly string[]
  readonly rates: RateOverrides
  readonly inFlight: number | null
}

export interface StoredMerchantLimits {
  readonly plan: string | null
  readonly rates: RateOverrides
  readonly inFlight: number | null
  readonly quotas: QuotaOverrides
}

/** What is said where there is no row. */
export const noKeyLimits: StoredKeyLimits = { allowedIps: [], rates: {}, inFlight: null }
export const noMerchantLimits: StoredMerchantLimits = {
  ...{ plan: null, rates: {}, inFlight: null, quotas: {} },
}

/** Of the row `table`, as JSON. */
export const keyLimitsOf = (table: string) =>
  `jsonb_build_object('allowedIps', to_jsonb(${table}.allowed_ips), 'rates', ${table}.rates, 'inFlight', ${table}.in_flight)`
/** Of the rows `limit` and `quota`, one of which at least is there. */
export const merchantLimitsOf = (limit: string, quota: string) =>
  `jsonb_build_object('plan', ${limit}.plan, 'rates', coalesce(${limit}.rates, '{}'), 'inFlight', ${limit}.in_flight,
    'quotas', ${quota === '' ? "'{}'::jsonb" : `coalesce(${quota}.quotas, '{}')`})`

/** Says it from now on; nothing at all leaves no row. */
export async function writeKeyLimits(tx: Queryable, keyId: string, limits: StoredKeyLimits): Promise<void> {
  const { allowedIps, rates, inFlight } = limits
  if (allowedIps.length === 0 && Object.keys(rates).length === 0 && inFlight === null) {
    await tx.query('DELETE FROM key_limit WHERE key_id = $1', [keyId])
    return
  }
  await tx.query(
    `INSERT INTO key_limit (key_id, allowed_ips, rates, in_flight) VALUES ($1, $2, $3, $4)
     ON CONFLICT (key_id) DO UPDATE SET allowed_ips = excluded.allowed_ips, rates = excluded.rates,
       in_flight = excluded.in_flight`,
    [keyId, allowedIps, JSON.stringify(rates), inFlight],
  )
}

/** The same of a merchant. */
export async function writeMerchantLimits(
  tx: Queryable,
  merchantId: string,
  { plan, rates, inFlight, quotas }: StoredMerchantLimits,
): Promise<void> {
  if (Object.keys(quotas).length === 0)
    await tx.query('DELETE FROM merchant_quota WHERE merchant_id = $1', [merchantId])
  else
    await tx.query(
      `INSERT INTO merchant_quota (merchant_id, quotas) VALUES ($1, $2)
       ON CONFLICT (merchant_id) DO UPDATE SET quotas = excluded.quotas`,
      [merchantId, JSON.stringify(quotas)],
    )
  if (plan === null && Object.keys(rates).length === 0 && inFlight === null) {
    await tx.query('DELETE FROM merchant_limit WHERE merchant_id = $1', [merchantId])
    return
  }
  await tx.query(
    `INSERT INTO merchant_limit (merchant_id, plan, rates, in_flight) VALUES ($1, $2, $3, $4)
     ON CONFLICT (merchant_id) DO UPDATE SET plan = excluded.plan, rates = excluded.rates,
       in_flight = excluded.in_flight`,
    [merchantId, plan, JSON.stringify(rates), inFlight],
  )
}
