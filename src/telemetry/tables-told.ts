// Which APIs and routes are told to a scrape. One that leaves the table is told until the next table comes, so that
// what was counted last is still read; after that a label that nothing will be counted under any more is only a cost.

/** API → its routes, as labels name them. */
export type RoutesByApi = ReadonlyMap<string, ReadonlySet<string>>

/** Of a counted value. */
export interface TableLabels {
  readonly api?: unknown
  readonly route?: unknown
}

export interface TablesTold {
  /** Another table is in force. */
  take(routes: RoutesByApi): void
  /** Whether what has these labels is told: that of no API, and that of the last two tables. */
  isTold(labels: TableLabels): boolean
  /**
   * Whether it is kept: one table longer. Processes that count together do not take a table at the same moment; a sum
   * that one of them had left already would have gone back before it was gone.
   */
  isKept(labels: TableLabels): boolean
}

const toldTables = 2
const keptTables = 3

/** Before the first table everything is told. */
export function createTablesTold(): TablesTold {
  /** The newest first. */
  const tables: RoutesByApi[] = []
  const isIn = (count: number, { api, route }: TableLabels) => {
    if (tables.length === 0 || typeof api !== 'string' || api === '') return true
    for (const table of tables.slice(0, count)) {
      const routes = table.get(api)
      if (routes === undefined) continue
      if (typeof route !== 'string' || route === '' || routes.has(route)) return true
    }
    return false
  }
  return {
    take(routes) {
      tables.unshift(routes)
      tables.length = Math.min(tables.length, keptTables)
    },
    isTold: (labels) => isIn(toldTables, labels),
    isKept: (labels) => isIn(keptTables, labels),
  }
}
