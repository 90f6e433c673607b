// How often keys were used, added up over a time by merchant, key, API, environment, route, outcome or day.

import { type SourceFilter, sourceOf } from './activity-source.ts'
import { type Page, type PageRequest, pageOf } from '../page.ts'
import type { Queryable } from '../postgres.ts'

/** What is added up for itself, and what its rows are named by. */
const groupings = {
  merchant: 'a.name',
  key: 'a.name',
  api: 'a.api',
  // Names of APIs hold no space.
  environment: `a.api || ' ' || a.environment`,
  route: `a.api || ' ' || a.route`,
  outcome: 'a.outcome',
  // In UTC, as days of the rollup are.
  day: `to_char(a.start AT TIME ZONE 'UTC', 'YYYY-MM-DD')`,
} as const

export type ActivityGrouping = keyof typeof groupings

export interface ActivityTotal {
  /** Id of the merchant or key; API, and environment or route behind a space; the outcome; the day, `2026-01-31`. */
  readonly name: string
  readonly count: number
  /** Of these, the requests that were let through. */
  readonly allowed: number
}

/** Minutes, hours and days that begin in a time. */
export interface TotalsFilter extends SourceFilter {
  readonly by: ActivityGrouping
}

/** Where a page ended. */
export type TotalsPlace = Pick<ActivityTotal, 'name' | 'count'>

/** The most used first, of days the newest. The cursor is the last row seen; figures move between two pages. */
export async function listActivityTotals(
  db: Queryable,
  filter: TotalsFilter,
  page: PageRequest<TotalsPlace>,
): Promise<Page<ActivityTotal>> {
  const { by } = filter
  const name = groupings[by]
  const values: unknown[] = []
  const put = (value: unknown) => `$${values.push(value)}`
  const sharpness = {
    name: by === 'merchant' || by === 'key' ? by : 'none',
    time: by === 'day' ? 'day' : 'none',
  } as const
  const source = await sourceOf(db, { filter, sharpness }, put)
  const { after } = page
  const behind = after === null ? '' : `HAVING ${isBehind(filter, after, put)}`
  const rows = await db.query<ActivityTotal>(
    `SELECT ${name} COLLATE "C" AS name, sum(a.count)::bigint AS count,
       sum(a.allowed)::bigint AS allowed
     FROM (${source}) a GROUP BY 1 ${behind}
     ORDER BY ${by === 'day' ? 'name DESC' : 'count DESC, name'} LIMIT ${put(page.limit + 1)}`,
    values,
  )
  return pageOf(rows, page.limit)
}

function isBehind({ by }: TotalsFilter, after: TotalsPlace, put: (value: unknown) => string): string {
  const name = `${groupings[by]} COLLATE "C"`
  if (by === 'day') return `${name} < ${put(after.name)}`
  const count = put(after.count)
  return `sum(a.count) < ${count} OR (sum(a.count) = ${count} AND ${name} > ${put(after.name)})`
}
