// How Postgres goes about what it is asked: the plan of each statement, beside its answer.

import type { Queryable, Statement } from '../../src/store/queryable.ts'

/** Asks on, and keeps the plans. */
export function plansOf(db: Queryable): Queryable & { readonly plans: () => string } {
  const lines: string[] = []
  return {
    plans: () => lines.join('\n'),
    async query<Row extends object>(statement: Statement, values: readonly unknown[] = []) {
      const text = typeof statement === 'string' ? statement : statement.text
      const plan = await db.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values)
      lines.push(...plan.map((row) => row['QUERY PLAN']))
      return db.query<Row>(statement, values)
    },
  }
}
