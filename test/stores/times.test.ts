// What makes another time of a time: how a database writes it, and what a machine believes.

import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { latchkey, untilReady } from '../main/process.ts'
import { adminClient } from '../support/admin.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { fakeClock } from '../support/faketime.ts'
import { adminToken, cacheKey, prepareTestProgram, startTestProgram } from '../support/program.ts'
import { startRedis } from '../support/redis-service.ts'
import { expectOutcome, isLong } from './table.ts'
import { runTrial, type TrialInstance } from './trial.ts'
import { postgresVersion } from './versions.ts'

t.setTimeout(isLong ? 900_000 : 300_000)

/** A key that is made by one with a minute to live, then with two seconds: asked of both before and after. */
async function statuses(
  instances: readonly TrialInstance[],
): Promise<{ atOnce: unknown[]; afterwards: unknown[] }> {
  const [{ admin } = { admin: undefined }] = instances
  if (admin === undefined) throw new Error('no instance')
  // Less than the clocks are apart, and more than a slow machine takes to ask.
  const { id, secret } = await admin.makeKey(await admin.makeMerchant(), inFuture(60_000))
  await admin.call('PATCH', `/keys/${id}?wait=all`, { name: 'Another name' })
  const ask = () =>
    Promise.all(
      instances.map(async ({ gatewayPort }) => {
        const headers = { 'x-api-key': secret, host: 'api.flintn.com' }
        return answerOf(gatewayPort, headers)
      }),
    )
  const atOnce = await ask()
  const soon = inFuture(2_000)
  await admin.call('PATCH', `/keys/${id}?wait=all`, soon)
  await sleep(Math.max(0, Date.parse(soon.expires_at) - Date.now() + 1_000))
  return { atOnce, afterwards: await ask() }
}

function inFuture(milliseconds: number): { readonly expires_at: string } {
  return { expires_at: new Date(Date.now() + milliseconds).toISOString() }
}

function answerOf(port: number, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', path: '/v1/transactions/1', headers }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode ?? 0))
    })
    asked.once('error', reject)
    asked.end()
  })
}

t.test('the database writes dates in another way', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { url: databaseUrl, db } = await createEmptyDatabase(t)
  const [{ name } = { name: '' }] = await db.query<{ name: string }>('SELECT current_database() AS name')
  for (const setting of [
    "DateStyle TO 'German'",
    "TimeZone TO 'Asia/Kathmandu'",
    "bytea_output TO 'escape'",
    'standard_conforming_strings TO off',
  ]) {
    await db.query(`ALTER DATABASE ${name} SET ${setting}`)
  }
  const one = await startTestProgram(t, { databaseUrl, redis: redis.url })
  const two = await startTestProgram(t, { databaseUrl, redis: redis.url })
  const seen = await statuses([one, two])
  t.same(seen, { atOnce: [200, 200], afterwards: [401, 401] })
  const expires_at = '2099-01-01T00:00:00Z'
  const outcome = await runTrial([one, two], () => sleep(isLong ? 10_000 : 1_000), { expires_at })
  t.equal(outcome.unavailable, 0)
  const [kept] = await db.query<{ count: number }>(
    'SELECT count(*) FROM api_key WHERE expires_at = $1::timestamptz',
    [expires_at],
  )
  t.ok((kept?.count ?? 0) > 4, 'what was written is what was said')
  t.same(await db.query(`SELECT FROM api_key WHERE expires_at < '2000-01-01T00:00:00Z'`), [])
  const version = `Postgres ${await postgresVersion(db)}`
  const note = 'a key that expires did so in time'
  expectOutcome(
    t,
    { setUp: 'Postgres, dates and zone set otherwise (`DateStyle`, `TimeZone`, …)', version, note },
    outcome,
  )
})

t.test('clocks are four minutes apart', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { url: databaseUrl, db } = await createEmptyDatabase(t)
  const { file } = await prepareTestProgram(t, { databaseUrl, redis: redis.url })
  const env = { LATCHKEY_ADMIN_TOKEN: adminToken, LATCHKEY_CACHE_KEY: cacheKey }
  const start = async (offsetSeconds: number): Promise<TrialInstance> => {
    const clock = await fakeClock(offsetSeconds)
    const ports = await untilReady(latchkey(t, ['start', '--config', file], { ...env, ...clock }))
    return {
      gatewayPort: ports.gateway,
      admin: adminClient(`http://127.0.0.1:${ports.control}`, adminToken),
    }
  }
  const [behind, ahead] = [await start(-120), await start(120)] as const
  const seen = await statuses([behind, ahead])
  t.same(seen, { atOnce: [200, 200], afterwards: [401, 401] })
  const outcome = await runTrial([behind, ahead], () => sleep(isLong ? 10_000 : 1_000))
  t.equal(outcome.unavailable, 0)
  const version = `libfaketime, Postgres ${await postgresVersion(db)}`
  const note = 'a key that expires did so for both'
  expectOutcome(t, { setUp: 'Clocks two minutes behind and ahead', version, note }, outcome)
})
