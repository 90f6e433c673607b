// Postgres by way of PgBouncer, under two instances.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { advisoryLocksIn, createEmptyDatabase } from '../support/database.ts'
import { poolModes, startPgbouncer } from '../support/pgbouncer-service.ts'
import { startTestProgram } from '../support/program.ts'
import { expectOutcome, isLong } from './table.ts'
import { runTrial } from './trial.ts'
import { postgresVersion } from './versions.ts'

t.setTimeout(isLong ? 900_000 : 300_000)

for (const mode of poolModes) {
  t.test(`PgBouncer in ${mode} mode`, async (t) => {
    const { url: direct, db } = await createEmptyDatabase(t)
    // In session mode each connection takes one of the server: those of two instances and of a start.
    const pooler = await startPgbouncer(direct, mode, { default_pool_size: mode === 'session' ? 40 : 5 })
    t.teardown(() => pooler.stop())
    const databaseUrl = pooler.url(direct)
    const one = await startTestProgram(t, { databaseUrl })
    const two = await startTestProgram(t, { databaseUrl })
    const outcome = await runTrial([one, two], () => sleep(isLong ? 10_000 : 2_000))
    const locks = await advisoryLocksIn(db)
    t.same(locks, [], 'the start has left no lock in the pool')
    t.equal(outcome.unavailable, 0)
    const version = `PgBouncer ${pooler.version}, Postgres ${await postgresVersion(db)}`
    expectOutcome(t, { setUp: `PgBouncer, ${mode} mode`, version }, outcome)
  })
}
