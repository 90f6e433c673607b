// What a connection is good for. A pooler (PgBouncer and its kind) gives each transaction whatever server process is free:
// what was set for a session is lost there, or left to a stranger, and so are named statements. So each new connection
// is asked whether a server process of its own stands at the other end.

import { type ClientBase, type QueryResultRow } from 'pg'
import { StoreUnavailableError, rethrow } from './postgres-errors.ts'
import type { Queryable, Statement } from './queryable.ts'

/** On the server. */
export interface Timeouts {
  readonly statementMs: number
  readonly idleInTransactionMs: number
}

export interface Sessions {
  /** Of a new connection, before its first use: one round trip. Rejects with the driver's errors. */
  begin(client: ClientBase): Promise<void>
  query<Row extends object>(
    client: ClientBase,
    statement: Statement,
    values?: readonly unknown[],
  ): Promise<Row[]>
  /** Runs `work` in one READ COMMITTED transaction; rolled back if it throws, and the error passed on. */
  transaction<T>(client: ClientBase, work: (tx: Queryable) => Promise<T>): Promise<T>
}

const begin = 'BEGIN ISOLATION LEVEL READ COMMITTED'

/** Makes the sessions of one pool: how each of its connections is spoken to. */
export function createSessions(timeouts: Timeouts): Sessions {
  const settings = [
    ['statement_timeout', timeouts.statementMs],
    ['idle_in_transaction_session_timeout', timeouts.idleInTransactionMs],
    // What is asked here takes milliseconds; to start processes for it, or to compile it, takes a hundred.
    ['max_parallel_workers_per_gather', 0],
    ['jit', 'off'],
  ] as const
  const wanted = settings.map(([name, value]) => `('${name}', '${value}')`).join(', ')
  const sharedBegin = [begin, ...settings.map(([name, value]) => `SET LOCAL ${name} = ${value}`)].join('; ')
  /** Connections to a server process of their own. */
  const own = new WeakSet<ClientBase>()

  const transaction: Sessions['transaction'] = (client, work) => {
    if (own.has(client)) return inTransaction(sessionOf(client), begin, work)
    return inTransaction(unnamed(sessionOf(client)), sharedBegin, work)
  }
  return {
    async begin(client) {
      // The process that named itself at the start is the one that answers, unless somebody between made its name up.
      const { processID } = Object(client) as { readonly processID?: unknown }
      if (typeof processID !== 'number') return
      const { rows } = await client.query(
        `SELECT set_config(name, value, false) FROM (VALUES ${wanted}) AS wanted (name, value)
         WHERE pg_backend_pid() = ${Math.trunc(processID)}`,
      )
      if (rows.length > 0) own.add(client)
    },
    query: (client, statement, values) =>
      own.has(client)
        ? run(client, statement, values)
        : transaction(client, (tx) => tx.query(statement, values)),
    transaction,
  }
}

/** What is asked on one connection, as it is. */
export function sessionOf(client: ClientBase): Queryable {
  return { query: (statement, values) => run(client, statement, values) }
}

function unnamed(session: Queryable): Queryable {
  return {
    query: (statement, values) =>
      session.query(typeof statement === 'string' ? statement : statement.text, values),
  }
}

async function inTransaction<T>(
  session: Queryable,
  begin: string,
  work: (tx: Queryable) => Promise<T>,
): Promise<T> {
  await session.query(begin)
  try {
    const result = await work(session)
    await session.query('COMMIT')
    return result
  } catch (error) {
    // On a lost connection the server rolls back by itself.
    if (!(error instanceof StoreUnavailableError)) await session.query('ROLLBACK')
    throw error
  }
}

async function run<Row extends object>(
  client: ClientBase,
  statement: Statement,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const query = typeof statement === 'string' ? { text: statement } : statement
  // Without values the simple protocol is used, which takes the several statements of a migration.
  const sent = values.length > 0 ? { ...query, values: [...values] } : { ...query }
  const result = await client.query<Row & QueryResultRow>(sent).catch(rethrow)
  return result.rows
}
