import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'

export interface HealthNote {
  readonly code: string
  readonly severity: 'critical' | 'warning' | 'info'
  readonly summary: string
  readonly action: string
  /** A file's fault, an error's words. */
  readonly detail: string | null
  /** Ids or names, ten at most. */
  readonly about: readonly string[]
  readonly count: number
  readonly since: string | null
  /** The rule of docs/prometheus-rules.yaml that says the same. */
  readonly alert: string | null
}

export interface Health {
  readonly status: 'ok' | 'degraded' | 'down'
  readonly checked_at: string
  readonly revision: number | null
  /** Worst first. */
  readonly notes: readonly HealthNote[]
  /** Rules that only Prometheus can judge. */
  readonly unseen: readonly string[]
}

export const healthQuery = queryOptions({
  queryKey: ['health'],
  queryFn: ({ signal }) => call<Health>('GET', 'admin/v1/health', { signal }),
  refetchInterval: 5_000,
})
