// What is left of requests, in the three places where they are counted.

import type { Postgres } from '../../src/store/postgres.ts'

export interface Sums {
  /** In the access log. */
  readonly lines: number
  /** In /metrics. */
  readonly counts: number
  /** In the activity; of requests of a known key alone. */
  readonly uses: number
}

/** Whether a line of the log is one of the access log. */
export function isRequestLine(line: string): boolean {
  return line.endsWith('"msg":"request"}')
}

/** All requests that a scrape tells of. */
export function countsIn(scraped: string): number {
  const counts = [...scraped.matchAll(/^latchkey_requests_total\{.*\} (\d+)$/gm)]
  return counts.reduce((sum, [, count]) => sum + Number(count), 0)
}

/** All that was stored. */
export async function usesIn(db: Postgres): Promise<number> {
  const [stored] = await db.query<{ sum: number }>('SELECT coalesce(sum(count), 0)::int AS sum FROM activity')
  return stored?.sum ?? 0
}
