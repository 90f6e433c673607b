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

/** All requests that a scrape tells of, or those with `labels`: `cut="client"`. */
export function countsIn(scraped: string, labels = ''): number {
  return [...scraped.matchAll(/^latchkey_requests_total\{(.*)\} (\d+)$/gm)]
    .filter(([, named = '']) => named.includes(labels))
    .reduce((sum, [, , count]) => sum + Number(count), 0)
}

/** The same of a program that runs. */
export async function countsOf(controlPort: number, labels = ''): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${controlPort}/metrics`)
  return countsIn(await answer.text(), labels)
}

/** All that was stored. */
export async function usesIn(db: Postgres): Promise<number> {
  const [stored] = await db.query<{ sum: number }>('SELECT coalesce(sum(count), 0)::int AS sum FROM activity')
  return stored?.sum ?? 0
}
