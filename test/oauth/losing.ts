// A database that ends a connection at a certain step of its work.

import type { Postgres } from '../../src/store/postgres.ts'

/** `at`: when and where, as a trigger says it. */
export async function whileLosing(db: Postgres, at: string, work: () => Promise<void>): Promise<void> {
  const [, table] = / ON (\w+) /.exec(at) ?? []
  if (table === undefined) throw new Error(`no table: ${at}`)
  await db.query(`CREATE OR REPLACE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$`)
  await db.query(`CREATE TRIGGER lose ${at} EXECUTE FUNCTION lose()`)
  try {
    await work()
  } finally {
    await db.query(`DROP TRIGGER lose ON ${table}`)
  }
}
