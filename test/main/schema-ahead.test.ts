// One release back: the program on a schema that the next one has made, beside nothing that it would have to know.

import t from 'tap'
import { applyMissing, migrate, readMigrations } from '../../src/store/migrate.ts'
import type { Postgres } from '../../src/store/postgres.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { startTestProgram, type TestProgram } from '../support/program.ts'
import { exchange, request } from '../support/wire.ts'

const applicationName = 'latchkey-test'

async function upgraded(t: Parameters<typeof createEmptyDatabase>[0], runsWith: (known: number) => number) {
  const { url, db } = await createEmptyDatabase(t)
  await migrate({ url, applicationName })
  await upgrade(db, runsWith)
  return url
}

/** What the next release does, to a database that this one has made. */
async function upgrade(db: Postgres, runsWith: (known: number) => number): Promise<void> {
  const known = await readMigrations(new URL('../../../src/store/migrations/', import.meta.url))
  const version = known.length + 1
  await applyMissing(db, [
    ...known,
    {
      version,
      name: `${String(version).padStart(4, '0')}_of_the_next.sql`,
      sql: 'CREATE TABLE of_the_next (id text PRIMARY KEY)',
      checksum: 'next',
      runsWith: runsWith(known.length),
    },
  ])
}

/** Whether it is let in, by each of them. */
function ask(programs: readonly TestProgram[], secret: string): Promise<number[]> {
  const fields = ['Host: api.flintn.com', `X-Api-Key: ${secret}`]
  return Promise.all(
    programs.map(async ({ gatewayPort }) => {
      const { status } = await exchange(gatewayPort, request('GET /v1/transactions/1', fields))
      return status
    }),
  )
}

t.test('a program starts on the schema of the next release, and does all that it did', async (t) => {
  const databaseUrl = await upgraded(t, (known) => known)
  const program = await startTestProgram(t, { databaseUrl })
  const { admin, controlPort } = program
  const key = await admin.makeKey(await admin.makeMerchant())
  t.same(await ask([program], key.secret), [200])
  t.same((await admin.call('POST', `/keys/${key.id}/revoke?wait=all`)).body['pending'], [])
  t.same(await ask([program], key.secret), [401])
  t.equal((await fetch(`http://127.0.0.1:${controlPort}/readyz`)).status, 200)
})

t.test(
  'one that ran before the next release came, and one that starts after it, serve together',
  async (t) => {
    const { url: databaseUrl, db } = await createEmptyDatabase(t)
    const before = await startTestProgram(t, { databaseUrl })
    const merchant = await before.admin.makeMerchant()
    const known = await before.admin.makeKey(merchant)
    t.same(await ask([before], known.secret), [200])
    await upgrade(db, (release) => release)
    const after = await startTestProgram(t, { databaseUrl })
    const both = [before, after]
    t.same(await ask(both, known.secret), [200, 200])
    for (const [maker, other] of [both, both.toReversed()]) {
      const key = await maker?.admin.makeKey(merchant)
      t.same(await ask(both, key?.secret ?? ''), [200, 200])
      const { body } = (await other?.admin.call('POST', `/keys/${key?.id}/revoke?wait=all`)) ?? { body: {} }
      t.match(body, { status: 'revoked', pending: [] })
      t.same(await ask(both, key?.secret ?? ''), [401, 401])
    }
    for (const { controlPort } of both)
      t.equal((await fetch(`http://127.0.0.1:${controlPort}/readyz`)).status, 200)
    await before.stop()
    t.same(await ask([after], known.secret), [200])
  },
)

t.test('it does not start where the next release says that it must not', async (t) => {
  const databaseUrl = await upgraded(t, (known) => known + 1)
  await t.rejects(startTestProgram(t, { databaseUrl }), { name: 'StartError', message: /newer program/ })
})
