// What a statement is asked of: the pool, a transaction, a session.

/** Text with `$1` placeholders; with a name, the statement is prepared once a connection, unless a pooler shares that. */
export type Statement = string | { readonly name: string; readonly text: string }

export interface Queryable {
  /** Rows in order. Throws StoreUnavailableError or StatementError. */
  query<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>
}
