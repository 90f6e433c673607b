// Each role with just the rights that `latchkey migrate --grants` prints, and Redis with just the commands of docs/stores.md.

import { setTimeout as sleep } from 'node:timers/promises'
import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import t from 'tap'
import { createControlServer } from '../../src/control/server.ts'
import { keepHouse } from '../../src/main/housekeeping.ts'
import { claimMail, postponeMail, removeMail } from '../../src/store/people/mail-table.ts'
import { grantStatements } from '../../src/store/grants-table.ts'
import { createPostgres, type Postgres } from '../../src/store/postgres.ts'
import { buildSearchIndexes } from '../../src/store/keys/search-table.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { tourOfPeople } from '../control/people/tour.ts'
import { callerOf, depsOf } from '../control/subject.ts'
import { createDatabase } from '../support/database.ts'
import { startTestProgram, type TestProgram } from '../support/program.ts'
import { startRedis } from '../support/redis-service.ts'
import { expectOutcome, isLong, readPage } from './table.ts'
import { runTrial } from './trial.ts'
import { postgresVersion, redisVersion } from './versions.ts'

t.setTimeout(isLong ? 900_000 : 300_000)

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

/** The schema with an owner's rights, and the URLs of the two roles; they are gone with the test. */
async function withRoles(t: Teardown): Promise<{ db: Postgres; control: string; gateway: string }> {
  const { url, db } = await createDatabase(t)
  await buildSearchIndexes({ url, applicationName: 'latchkey-test' })
  const suffix = randomBytes(4).toString('hex')
  const names = { control: `latchkey_control_${suffix}`, gateway: `latchkey_gateway_${suffix}` }
  for (const name of Object.values(names)) await db.query(`CREATE ROLE ${name} LOGIN PASSWORD 'p'`)
  t.teardown(async () => {
    for (const name of Object.values(names)) await db.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`)
  })
  // Roles are the server's, and other tests use it too.
  const sql = grantStatements().replaceAll(/latchkey_(control|gateway)/g, `latchkey_$1_${suffix}`)
  await db.query(sql.replaceAll(/^--.*$/gm, ''))
  const as = (name: string) => Object.assign(new URL(url), { username: name, password: 'p' }).href
  return { db, control: as(names.control), gateway: as(names.gateway) }
}

const complaints = ({ log }: TestProgram) => log.filter(({ level }) => Number(level) >= 40)

/** All that the admin API can change, once. */
async function useAll({ admin }: TestProgram): Promise<void> {
  const merchant = await admin.makeMerchant()
  const { id } = await admin.makeKey(merchant)
  const expect = async (status: number, method: string, path: string, body?: object) => {
    const answer = await admin.call(method, path, body)
    if (answer.status !== status)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  }
  await expect(200, 'PATCH', `/keys/${id}`, { name: 'Other' })
  await expect(200, 'POST', `/keys/${id}/rotate`, { grace_seconds: 60 })
  await expect(200, 'POST', `/keys/${id}/rotation/end`)
  await expect(200, 'POST', `/keys/${id}/disable`)
  await expect(200, 'POST', `/keys/${id}/enable`)
  await expect(200, 'POST', `/merchants/${merchant}/suspend`)
  await expect(200, 'POST', `/merchants/${merchant}/resume`)
  await expect(200, 'GET', `/keys?merchant_id=${merchant}`)
  await expect(200, 'GET', `/keys/${id}/activity`)
  await expect(200, 'GET', '/audit')
  await expect(200, 'GET', '/instances')
  await expect(200, 'GET', '/requests')
  await expect(404, 'GET', '/requests/req_1')
}

t.test('the two roles serve with just their rights', async (t) => {
  const { db, control, gateway } = await withRoles(t)
  const one = await startTestProgram(t, { databaseUrl: control })
  const two = await startTestProgram(t, { databaseUrl: gateway, role: 'gateway' })
  await useAll(one)
  const outcome = await runTrial([one, two], () => sleep(isLong ? 10_000 : 1_000))
  const serving = createPostgres({ url: control, applicationName: 'latchkey-test' })
  t.teardown(() => serving.close())
  const failed: string[] = []
  const house = {
    ...{
      db: serving,
      table: () => ({ maxStaleLimitMs: 1 }),
      sessionIdleMs: 3_600_000,
      auditKeptMs: 400 * 86_400_000,
    },
    log: createLog({ level: 'silent' }).logger,
    metrics: { housekeeping: () => {}, housekeepingFailed: (step: string) => void failed.push(step) },
  }
  await keepHouse(house, () => false)
  t.same(failed, [])
  // Activity is written at the end at the latest.
  await Promise.all([one.stop(), two.stop()])
  const [activity] = await db.query<{ rows: number }>('SELECT count(*) AS rows FROM activity')
  t.ok((activity?.rows ?? 0) > 0, 'activity was stored')
  t.same([...complaints(one), ...complaints(two)], [], 'nothing was refused')
  t.equal(outcome.unavailable, 0)
  expectOutcome(
    t,
    { setUp: 'Postgres, least rights for each role', version: `Postgres ${await postgresVersion(db)}` },
    outcome,
  )
})

t.test('people are served with just the rights of the role control', async (t) => {
  const { control } = await withRoles(t)
  const db = createPostgres({ url: control, applicationName: 'latchkey-test' })
  const clock = { nowMs: Date.now() }
  const deps = depsOf({ db, clock, logged: [] })
  const app = createControlServer({ ...deps, hub: deps.hub && { ...deps.hub, sendsMail: true } })
  t.teardown(async () => {
    await app.close()
    await db.close()
  })
  const call = callerOf(app)
  const merchant = String((await call('POST', '/merchants', { name: 'Acme' })).body['id'])
  const seen = await tourOfPeople({ app, db, call, clock, published: [], logged: [] }, merchant)
  for (const { name, answer } of seen) t.ok(answer.status < 500, `${name} ${JSON.stringify(answer)}`)
  const mail = await claimMail(db, { nowMs: clock.nowMs, forMs: 1_000 })
  t.ok(mail)
  await postponeMail(db, { id: mail?.id ?? '', nextAtMs: clock.nowMs, failure: 'x' })
  await removeMail(db, mail?.id ?? '')
})

t.test('what the roles may not', async (t) => {
  const { control, gateway } = await withRoles(t)
  const refused = async (url: string, statements: readonly string[]) => {
    const db = createPostgres({ url, applicationName: 'latchkey-test' })
    for (const statement of statements) await t.rejects(db.query(statement), { code: '42501' }, statement)
    await db.close()
  }
  const audit = ["UPDATE audit SET actor = 'x'", 'DELETE FROM audit', 'TRUNCATE audit', 'DROP TABLE audit']
  await refused(control, [
    ...audit,
    `INSERT INTO audit (id, actor, action, target, request_id, at, revision) OVERRIDING SYSTEM VALUE
     VALUES (9, 'a', 'a', 'a', 'a', now(), 0)`,
    'INSERT INTO audit_link SELECT FROM audit',
    'DELETE FROM api_key',
    'DELETE FROM person',
    "UPDATE person SET email = 'x'",
    'UPDATE hub_session SET person_id = NULL',
    'UPDATE person_link SET expires_at = now()',
    'DELETE FROM kept_request',
    'DROP TABLE kept_request',
    'ALTER TABLE head ADD COLUMN a int',
    'CREATE TABLE a ()',
  ])
  await refused(gateway, [
    ...audit,
    'SELECT FROM audit',
    "UPDATE api_key SET status = 'active'",
    "UPDATE merchant SET status = 'active'",
    'UPDATE key_secret SET expires_at = NULL',
    'UPDATE head SET revision = 0',
    'INSERT INTO outbox DEFAULT VALUES',
    'DELETE FROM instance',
    'SELECT FROM idempotency',
    'SELECT FROM person',
    'SELECT FROM hub_session',
    'DELETE FROM person_link',
    'SELECT FROM kept_request',
    'DROP TABLE kept_request',
    "SELECT forget_requests(now() - interval '8 days')",
    "SELECT forget_audit(now() - interval '91 days', 1)",
  ])
})

t.test('Redis with the rights that the page names, and no others', async (t) => {
  const redis = await startRedis()
  const admin = new Redis(redis.url)
  t.teardown(async () => {
    admin.disconnect()
    await redis.stop()
  })
  const [, rights = ''] = /^ACL SETUSER latchkey on >\S+ (.+)$/m.exec(readPage()) ?? []
  t.match(rights, /-@all/)
  await admin.call('ACL', 'SETUSER', 'latchkey', 'on', '>p', ...rights.split(' '))
  const { url: databaseUrl, db } = await createDatabase(t)
  const options = { databaseUrl, redis: `redis://latchkey:p@127.0.0.1:${redis.port}` }
  const one = await startTestProgram(t, options)
  const two = await startTestProgram(t, options)
  await useAll(one)
  const denied = { kind: 'client', value: '192.0.2.1' }
  t.match(await one.admin.call('POST', '/deny?wait=all', denied), { status: 201, body: { pending: [] } })
  t.same(await admin.acl('LOG'), [], 'Redis has refused nothing')
  t.equal((await two.admin.call('DELETE', '/deny?wait=all', denied)).status, 200)
  const outcome = await runTrial([one, two], () => sleep(isLong ? 10_000 : 1_000))
  t.equal(outcome.unavailable, 0)
  await Promise.all([one.stop(), two.stop()])
  t.same(await admin.acl('LOG'), [], 'Redis has refused nothing')
  t.same([...complaints(one), ...complaints(two)], [])
  const version = `${await redisVersion(redis.port)}, Postgres ${await postgresVersion(db)}`
  expectOutcome(t, { setUp: 'Redis, least rights (ACL)', version }, outcome)
})
