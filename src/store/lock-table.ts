// Who holds the tables: for the line that says why a migration waits.

import { printable } from '../errors/printable.ts'
import type { Queryable } from './postgres.ts'

interface Holder {
  /** null: a prepared transaction, which belongs to no process. */
  readonly pid: number | null
  readonly program: string | null
  readonly role: string | null
  readonly state: string | null
  /** null: not shown to this role. */
  readonly seconds: number | null
  readonly tables: readonly string[]
}

// Of others' sessions a role without pg_read_all_stats sees process, program and user, not since when. What has not lasted
// is not what was waited for.
const statement = `
  SELECT l.pid, a.application_name AS program, a.usename::text AS role, a.state,
    floor(extract(epoch FROM clock_timestamp() - a.xact_start))::bigint AS seconds,
    array_agg(DISTINCT c.relname::text) AS tables
  FROM pg_locks l
  JOIN pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
  LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (a.xact_start IS NULL OR a.xact_start < clock_timestamp() - $1 * interval '1 millisecond')
  GROUP BY 1, 2, 3, 4, 5 ORDER BY seconds DESC NULLS LAST LIMIT 3`

/**
 * In words, those who hold tables of this schema for longer than `forMs`, the longest first, three at most; without them
 * that nobody does any more.
 */
export async function readHolders(db: Queryable, forMs: number): Promise<string> {
  const holders = await db.query<Holder>(statement, [forMs])
  return holders.length === 0 ? 'a table that was held for a moment' : holders.map(describe).join('; ')
}

function describe({ pid, program, role, state, seconds, tables }: Holder): string {
  const what =
    tables.length > 3 ? `${tables.slice(0, 3).join(', ')} and ${tables.length - 3} more` : tables.join(', ')
  if (pid === null) return `${what}, held by a prepared transaction (see pg_prepared_xacts)`
  const who = [program || 'a program without a name', `user ${role ?? 'unknown'}`, state]
    .filter(Boolean)
    .join(', ')
  const since = seconds === null ? '' : ` for ${seconds} s`
  return printable(`${what}, held${since} by process ${pid} (${who})`)
}
