// How much of a table the questions look at, as the database itself tells.

import type { Postgres, Queryable } from '../../src/store/postgres.ts'

interface PlanNode {
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly Plans?: readonly PlanNode[]
}

export interface RowsRead extends Queryable {
  /** Rows of the table that were looked at since the last call, kept or not. */
  rows(): number
}

/** The same database; what names the table is explained besides. */
export function rowsReadOf(db: Postgres, table: string): RowsRead {
  let rows = 0
  return {
    async query<Row extends object>(...[statement, values]: Parameters<Queryable['query']>) {
      const sql = typeof statement === 'string' ? statement : statement.text
      if (sql.includes(`FROM ${table}`)) {
        const [plan] = await db.query<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(
          `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
          values,
        )
        rows += lookedAt(plan?.['QUERY PLAN'][0]?.Plan, table)
      }
      return db.query<Row>(statement, values)
    },
    rows() {
      const sum = rows
      rows = 0
      return sum
    },
  }
}

function lookedAt(node: PlanNode | undefined, table: string): number {
  if (node === undefined) return 0
  const { 'Rows Removed by Filter': filtered = 0, 'Rows Removed by Index Recheck': rechecked = 0 } = node
  const own = (node['Actual Rows'] + filtered + rechecked) * node['Actual Loops']
  const below = (node.Plans ?? []).reduce((sum, one) => sum + lookedAt(one, table), 0)
  return below + (node['Relation Name'] === table ? own : 0)
}
