// How long answers took.

import { queryOptions } from '@tanstack/react-query'
import { type Range, stepMs } from './activity.ts'
import { call, type Query } from './call.ts'

export interface Percentiles {
  readonly p50_ms: number
  readonly p90_ms: number
  readonly p99_ms: number
}

export interface LatencyStep {
  readonly at: string
  readonly count: number
  /** From the request to the end of its answer, less the waits for the client. */
  readonly answer: Percentiles
  /** The upstream's part. */
  readonly upstream: Percentiles
}

export interface Latency {
  readonly data: readonly LatencyStep[]
  readonly whole: {
    readonly count: number
    readonly answer: Percentiles | null
    readonly upstream: Percentiles | null
  }
}

/** As fine as it is kept: five minutes of all merchants together alone. */
export function latencyStepFor({ fromMs, toMs }: Range, isOfAll: boolean, nowMs: number) {
  const length = toMs - fromMs
  const age = nowMs - fromMs
  if (isOfAll && length <= 26 * stepMs.hour && age < 2 * stepMs.day) return 'five_minutes'
  return length <= 8 * stepMs.day && age < 8 * stepMs.day ? 'hour' : 'day'
}

export function latencyOf(filter: Query, { fromMs, toMs }: Range, step: string) {
  const times = { since: new Date(fromMs).toISOString(), until: new Date(toMs).toISOString() }
  return queryOptions({
    queryKey: ['activity', 'latency', filter, times, step],
    queryFn: ({ signal }) =>
      call<Latency>('GET', 'admin/v1/activity/latency', { query: { ...filter, ...times, step }, signal }),
    placeholderData: (before) => before,
  })
}
