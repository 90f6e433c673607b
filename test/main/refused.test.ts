// A Postgres that answers and will not have us is no Postgres that is away: waiting mends nothing, and balancers are told.

import { chmod, chown, copyFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { applyMissing, migrate, readMigrations } from '../../src/store/migrate.ts'
import { openSession } from '../../src/store/postgres.ts'
import { type Made, makeAuthority } from '../support/certificates.ts'
import { createDatabase, createEmptyDatabase } from '../support/database.ts'
import { startPostgres } from '../support/postgres-service.ts'
import { startTestProgram, type TestProgram } from '../support/program.ts'
import { exchange, request } from '../support/wire.ts'
import { probe, until } from './process.ts'

t.setTimeout(300_000)

const applicationName = 'latchkey-test'
const migrations = new URL('../../../src/store/migrations/', import.meta.url)

const gatewayOn = (t: Parameters<typeof startTestProgram>[0], databaseUrl: string): Promise<TestProgram> =>
  startTestProgram(t, { role: 'gateway', databaseUrl })

/** Whom Redis makes no less unfit. */
async function isRefused(t: Tap, { controlPort, log }: TestProgram, code: RegExp): Promise<void> {
  await until(async () => (await probe(controlPort)).body['redis'] === 'up')
  t.match(await probe(controlPort), {
    status: 503,
    body: { status: 'degraded', postgres: 'refused', postgres_fault: code },
  })
  t.equal(log.filter(({ msg }) => msg === 'Postgres refuses this instance').length, 1, 'told once')
}
type Tap = Pick<typeof t, 'match' | 'equal'>

t.test('a wrong password: not ready, and the reason names the setting', async (t) => {
  const { url } = await createDatabase(t)
  const wrong = new URL(url)
  wrong.password = 'not-the-password'
  const program = await gatewayOn(t, wrong.href)
  await isRefused(t, program, /^28P01: .*password.*DATABASE_URL/)
  t.match(
    program.log.find(({ msg }) => msg === 'Postgres refuses this instance')?.['reason'],
    /28P01: password authentication failed for user/,
    'the log has what the server said',
  )
  t.notMatch(JSON.stringify(program.log), 'not-the-password')
})

t.test('a database that is not there, or was never migrated: not ready until it is', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const missing = new URL(url)
  missing.pathname = '/latchkey_no_such_database'
  await isRefused(t, await gatewayOn(t, missing.href), /^3D000: create the database/)

  const program = await gatewayOn(t, url)
  await isRefused(t, program, /^42P01: .*latchkey migrate/)
  await migrate({ url, applicationName })
  await until(async () => (await probe(program.controlPort)).status === 200)
  t.match((await probe(program.controlPort)).body, { postgres: 'up', postgres_fault: undefined })
})

t.test('a schema older than the program: not ready', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const session = await openSession({ url, applicationName })
  await applyMissing(session, (await readMigrations(migrations)).slice(0, 4))
  await session.close()
  await isRefused(t, await gatewayOn(t, url), /^42(?:703|883): .*latchkey migrate/)
})

t.test('rights that look-ups need and the role lacks: not ready, before the first key', async (t) => {
  const { url, db } = await createDatabase(t)
  const role = `gateway_${process.pid}_${Date.now()}`
  await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'of-the-test-only'`)
  t.teardown(async () => {
    await db.query(`DROP OWNED BY ${role}`)
    await db.query(`DROP ROLE ${role}`)
  })
  await db.query(`GRANT SELECT, UPDATE ON head TO ${role}; GRANT SELECT ON outbox TO ${role};
    GRANT SELECT, INSERT, UPDATE ON instance TO ${role}`)
  const own = new URL(url)
  own.username = role
  own.password = 'of-the-test-only'
  await isRefused(t, await gatewayOn(t, own.href), /^42501: grant/)
})

t.test("a server's certificate that does not pass: not ready", async (t) => {
  const postgres = await startPostgres()
  t.teardown(() => postgres.stop())
  await useCertificate(postgres.data, makeAuthority(t).make('postgres'))
  const admin = await openSession({ url: postgres.url, applicationName })
  await admin.query('ALTER SYSTEM SET ssl = on')
  await admin.query('SELECT pg_reload_conf()')
  await admin.close()
  const url = `${postgres.url}?sslmode=verify-full`
  await isRefused(t, await gatewayOn(t, url), /^[A-Z_]+: check sslmode and sslrootcert/)
})

t.test(
  'refused after it was confirmed: what it knows is served; one that starts then is not ready',
  async (t) => {
    const postgres = await startPostgres()
    t.teardown(() => postgres.stop())
    const databaseUrl = postgres.url
    const first = await startTestProgram(t, { databaseUrl })
    const key = await first.admin.makeKey(await first.admin.makeMerchant())
    const ask = async ({ gatewayPort }: TestProgram) => {
      const fields = ['Host: api.flintn.com', `X-Api-Key: ${key.secret}`]
      return (await exchange(gatewayPort, request('GET /v1/transactions/1', fields))).status
    }
    t.equal(await ask(first), 200)
    const admin = await openSession({ url: databaseUrl, applicationName })
    await admin.query(`ALTER ROLE CURRENT_USER PASSWORD 'another-one'`)
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    )
    await admin.close()
    const { controlPort } = first
    await until(async () => (await probe(controlPort)).body['postgres'] === 'refused')
    t.match(await probe(controlPort), { status: 200, body: { status: 'degraded', postgres_fault: /^28P01/ } })

    const late = await gatewayOn(t, databaseUrl)
    // It knows from Redis which installation it is, and has from there what others have asked.
    await until(async () => (await ask(late)) === 200)
    await isRefused(t, late, /^28P01/)
  },
)

/** Postgres wants them in its data folder, its own and nobody else's. */
async function useCertificate(data: string, { keyFile, certFile }: Made): Promise<void> {
  const { uid, gid } = await stat(data)
  for (const [from, name] of [
    [keyFile, 'server.key'],
    [certFile, 'server.crt'],
  ] as const) {
    const to = join(data, name)
    await copyFile(from, to)
    await chown(to, uid, gid)
    await chmod(to, 0o600)
  }
}
