// One release back: the program on a schema that the next one has made, beside nothing that it would have to know.

import t from 'tap'
import { applyMissing, migrate, readMigrations } from '../../src/store/migrate.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { startTestProgram } from '../support/program.ts'
import { exchange, request } from '../support/wire.ts'

const applicationName = 'latchkey-test'

async function upgraded(t: Parameters<typeof createEmptyDatabase>[0], runsWith: (known: number) => number) {
  const { url, db } = await createEmptyDatabase(t)
  await migrate({ url, applicationName })
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
  return url
}

t.test('a program starts on the schema of the next release, and does all that it did', async (t) => {
  const databaseUrl = await upgraded(t, (known) => known)
  const { admin, gatewayPort, controlPort } = await startTestProgram(t, { databaseUrl })
  const key = await admin.makeKey(await admin.makeMerchant())
  const ask = async () => {
    const fields = ['Host: api.flintn.com', `X-Api-Key: ${key.secret}`]
    return (await exchange(gatewayPort, request('GET /v1/transactions/1', fields))).status
  }
  t.equal(await ask(), 200)
  t.same((await admin.call('POST', `/keys/${key.id}/revoke?wait=all`)).body['pending'], [])
  t.equal(await ask(), 401)
  t.equal((await fetch(`http://127.0.0.1:${controlPort}/readyz`)).status, 200)
})

t.test('it does not start where the next release says that it must not', async (t) => {
  const databaseUrl = await upgraded(t, (known) => known + 1)
  await t.rejects(startTestProgram(t, { databaseUrl }), { name: 'StartError', message: /newer program/ })
})
