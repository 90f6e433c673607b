// A migration that needs a table which a backup holds, under two instances that serve.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { applyMissing, readMigrations } from '../../src/store/migrate.ts'
import { openSession } from '../../src/store/postgres.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { startTestProgram } from '../support/program.ts'
import { expectOutcome, isLong } from './table.ts'
import { runTrial } from './trial.ts'
import { postgresVersion } from './versions.ts'

t.setTimeout(isLong ? 900_000 : 300_000)

t.test('a migration behind a backup stops nobody, and is applied when that has ended', async (t) => {
  const { url, db } = await createEmptyDatabase(t)
  const one = await startTestProgram(t, { databaseUrl: url })
  const two = await startTestProgram(t, { databaseUrl: url })
  const [backup, session] = await Promise.all(
    ['nightly-backup', 'latchkey migrate'].map((applicationName) => openSession({ url, applicationName })),
  )
  if (backup === undefined || session === undefined) throw new Error('no session')
  t.teardown(() => Promise.all([backup.close(), session.close()]).then(() => undefined))
  const known = await readMigrations(new URL('../../../src/store/migrations/', import.meta.url))
  const next = {
    version: known.length + 1,
    name: 'of_the_next.sql',
    // What no migration of ours does: it wants the table that each poll writes.
    sql: 'ALTER TABLE instance ADD COLUMN of_the_next int',
    checksum: 'next',
    runsWith: known.length,
  }
  const held: string[] = []
  let applied: readonly string[] = []
  const outcome = await runTrial([one, two], async () => {
    await backup.query('BEGIN')
    await backup.query('SELECT FROM instance')
    const waiting = { patienceMs: 120_000, held: (holder: string) => void held.push(holder) }
    const migrating = applyMissing(session, [...known, next], waiting)
    await sleep(isLong ? 20_000 : 4_000)
    await backup.query('COMMIT')
    applied = await migrating
  })
  t.same(applied, ['of_the_next.sql'])
  t.match(held[0], /^of_the_next\.sql waits for instance, held .*nightly-backup/)
  t.equal(outcome.unavailable, 0)
  expectOutcome(
    t,
    {
      setUp: 'Postgres, a migration behind a held lock',
      version: `Postgres ${await postgresVersion(db)}`,
      note: 'the holder was named, and the migration done after it',
    },
    outcome,
  )
})
