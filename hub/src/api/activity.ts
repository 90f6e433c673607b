import { queryOptions } from '@tanstack/react-query'
import { call, type Query } from './call.ts'
import type { Page } from './types.ts'

export interface Step {
  readonly at: string
  readonly allowed: number
  readonly refused: number
  readonly failed: number
}

export interface Total {
  readonly key_id?: string
  /** Of the key or the client; none: it is gone. */
  readonly name?: string
  readonly api?: string
  readonly route?: string
  readonly outcome?: string
  readonly count: number
  readonly allowed: number
}

export type StepName = 'minute' | 'five_minutes' | 'hour' | 'day'
export const stepMs: Readonly<Record<StepName, number>> = {
  minute: 60_000,
  five_minutes: 300_000,
  hour: 3_600_000,
  day: 86_400_000,
}

export interface Range {
  readonly fromMs: number
  readonly toMs: number
}

/** As fine as a chart can show, and as what is kept is. */
export function stepFor({ fromMs, toMs }: Range, nowMs: number): StepName {
  const length = toMs - fromMs
  const age = nowMs - fromMs
  if (length <= 2 * 3_600_000 && age < 6 * stepMs.day) return 'minute'
  if (length <= 26 * 3_600_000 && age < 6 * stepMs.day) return 'five_minutes'
  return length <= 8 * stepMs.day ? 'hour' : 'day'
}

const timesOf = ({ fromMs, toMs }: Range): Query => ({
  since: new Date(fromMs).toISOString(),
  until: new Date(toMs).toISOString(),
})

export function activitySeries(filter: Query, range: Range, step: StepName) {
  return queryOptions({
    queryKey: ['activity', 'series', filter, range, step],
    queryFn: ({ signal }) =>
      call<Page<Step>>('GET', 'admin/v1/activity/series', {
        query: { ...filter, ...timesOf(range), step },
        signal,
      }),
    placeholderData: (before) => before,
  })
}

export function activityTotals(
  by: 'key' | 'route' | 'outcome',
  filter: Query,
  range: Range,
  limit = by === 'outcome' ? 50 : 10,
) {
  return queryOptions({
    queryKey: ['activity', by, filter, range, limit],
    queryFn: ({ signal }) =>
      call<Page<Total>>('GET', 'admin/v1/activity', {
        query: { ...filter, ...timesOf(range), by, limit },
        signal,
      }),
    placeholderData: (before) => before,
  })
}

/** Every step of the range, those without a request too. */
export function filled(
  steps: readonly Step[],
  { fromMs, toMs }: Range,
  step: StepName,
): readonly (Step & { ms: number })[] {
  const size = stepMs[step]
  const byTime = new Map(steps.map((one) => [Date.parse(one.at), one]))
  const all: (Step & { ms: number })[] = []
  for (let ms = Math.floor(fromMs / size) * size; ms < toMs; ms += size) {
    const one = byTime.get(ms) ?? { at: new Date(ms).toISOString(), allowed: 0, refused: 0, failed: 0 }
    all.push({ ...one, ms })
  }
  return all
}
