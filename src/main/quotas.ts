// The quotas of a process that serves requests.

import { createQuotas, type Quotas } from '../limits/quotas.ts'
import { addQuotaUse } from '../store/activity/quota-table.ts'
import type { Logger } from '../telemetry/log.ts'
import type { LimiterParts } from './rate-limits.ts'
import { toldOnce } from './told-once.ts'

/** What it has counted is handed on at the end, behind the last request. */
export function openQuotas({ core, metrics, drain, log }: LimiterParts & { readonly log: Logger }): Quotas {
  const tell = toldOnce(log, 'Requests under quotas cannot be counted')
  let lost = 0
  const quotas = createQuotas({
    store: { add: (batch) => tell(() => addQuotaUse(core.db, batch)) },
    now: core.now,
    monotonicNow: core.monotonicNow,
    instances: core.instances,
    lost: (requests) => void (lost += requests),
  })
  metrics.gauge('latchkey_quota_counts', 'Merchants and keys that are counted under a quota', () => ({
    counts: quotas.figures().counted,
  }))
  metrics.gauge('latchkey_quotas_used_up', 'Of these, those whose quota is used up', () => ({
    counts: quotas.figures().usedUp,
  }))
  metrics.gauge('latchkey_quota_waiting', 'Requests under quotas that are not stored yet', () => ({
    requests: quotas.figures().waiting,
  }))
  metrics.counter(
    'latchkey_quota_lost_total',
    'Requests under quotas that were let through and never counted',
    () => lost,
  )
  quotas.start()
  drain.last('quotas', () => quotas.stop())
  return quotas
}
