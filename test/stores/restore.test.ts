// A database that is restored, in the ways in which it is done, with a Redis that knows what came after the backup.

import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { createPostgres } from '../../src/store/postgres.ts'
import { startPostgres } from '../support/postgres-service.ts'
import { startTestProgram, type TestProgram } from '../support/program.ts'
import { startRedis } from '../support/redis-service.ts'
import { exchange, request } from '../support/wire.ts'
import { expectOutcome, isLong } from './table.ts'
import { until } from '../support/until.ts'
import { runTrial } from './trial.ts'
import { postgresVersion } from './versions.ts'

const run = promisify(execFile)
t.setTimeout(isLong ? 900_000 : 300_000)

async function statusOf(program: TestProgram, secret: string): Promise<number | undefined> {
  const fields = ['Host: api.flintn.com', `X-Api-Key: ${secret}`]
  return (await exchange(program.gatewayPort, request('GET /v1/transactions/1', fields))).status
}

async function stores(t: Test) {
  const [postgres, redis] = [await startPostgres(), await startRedis()]
  t.teardown(() => Promise.all([postgres.stop(), redis.stop()]).then(() => {}))
  const server = createPostgres({ url: postgres.url, applicationName: 'latchkey-test', maxConnections: 1 })
  t.teardown(() => server.close())
  const url = new URL(postgres.url)
  url.pathname = '/kept'
  await server.query('CREATE DATABASE kept')
  const backup = `${postgres.data}-backup`
  return {
    options: { databaseUrl: url.href, redis: redis.url },
    version: `Postgres ${await postgresVersion(server)}`,
    byFolder: {
      async save() {
        await postgres.kill('SIGTERM')
        await run('cp', ['-a', postgres.data, backup])
        await postgres.restart()
      },
      async restore() {
        await postgres.kill('SIGKILL')
        await rm(postgres.data, { recursive: true })
        await run('cp', ['-a', backup, postgres.data])
        await postgres.restart()
      },
    },
    byCopy: {
      save: () => server.query(`CREATE DATABASE backup TEMPLATE kept`),
      async restore() {
        await server.query('DROP DATABASE kept WITH (FORCE)')
        await server.query('CREATE DATABASE kept TEMPLATE backup')
      },
    },
  }
}

type Way = Awaited<ReturnType<typeof stores>>['byFolder' | 'byCopy']

/** A key of before the backup, which changes after it, and one that is made after it; both served, both in Redis. */
async function history(t: Test, options: { databaseUrl: string; redis: string }, way: Way) {
  // What is theirs ends with the test, though they are ended before: a second end is none.
  const ends: (() => unknown)[] = []
  const nobody = { teardown: (end: () => unknown) => ends.push(end) }
  t.teardown(() => Promise.allSettled(ends.map(async (end) => end())).then(() => {}))
  const first = await startTestProgram(nobody, options)
  const merchant = await first.admin.makeMerchant()
  const key = await first.admin.makeKey(merchant)
  await first.stop()
  await way.save()
  const last = await startTestProgram(nobody, options)
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await last.admin.call('PATCH', `/keys/${key.id}?wait=all`, { name })
  }
  const lost = await last.admin.makeKey(merchant)
  for (const { secret } of [key, lost]) await statusOf(last, secret)
  return { key, lost, last }
}

interface Trial {
  readonly setUp: string
  readonly way: 'byFolder' | 'byCopy'
  readonly isRunning: boolean
}

async function tryIt(t: Test, { setUp, way: name, isRunning }: Trial): Promise<void> {
  const { options, version, ...ways } = await stores(t)
  const way = ways[name]
  const { key, lost, last } = await history(t, options, way)
  if (!isRunning) await last.stop()
  await way.restore()
  const one = isRunning ? last : await startTestProgram(t, options)
  const two = await startTestProgram(t, options)
  t.teardown(() => one.stop())
  await until(async () => (await one.admin.call('GET', '/keys')).status === 200, 'Postgres is back')
  if (!isRunning) t.equal(await statusOf(one, lost.secret), 401, 'a key that is in no row')
  for (const each of [one, two]) {
    await until(async () => (await statusOf(each, lost.secret)) === 401, 'the lost key is refused')
    t.equal(await statusOf(each, key.secret), 200)
  }
  let lostAccepted = 0
  const outcome = await runTrial([one, two], async () => {
    const { body } = await one.admin.call('POST', `/keys/${key.id}/revoke?wait=all`)
    t.same(body['pending'], [], 'no instance of the backup is waited for')
    const endsAt = performance.now() + (isLong ? 10_000 : 1_000)
    while (performance.now() < endsAt) {
      for (const each of [one, two]) {
        for (const { secret } of [key, lost]) lostAccepted += Number((await statusOf(each, secret)) !== 401)
      }
      await sleep(20)
    }
  })
  t.equal(lostAccepted, 0, 'neither the lost key nor the one that was revoked afterwards')
  expectOutcome(t, { setUp, version, note: 'lost and revoked keys let in 0' }, outcome)
}

t.test('a copy of the data folder, while no instance runs', (t) =>
  tryIt(t, {
    setUp: 'Postgres, data folder restored while no instance runs',
    way: 'byFolder',
    isRunning: false,
  }),
)

t.test('a copy of the database in the same server, while no instance runs', (t) =>
  tryIt(t, {
    setUp: 'Postgres, database restored in the same server while no instance runs',
    way: 'byCopy',
    isRunning: false,
  }),
)

t.test('a copy of the data folder, under an instance that runs', (t) =>
  tryIt(t, {
    setUp: 'Postgres, data folder restored under a running instance',
    way: 'byFolder',
    isRunning: true,
  }),
)
