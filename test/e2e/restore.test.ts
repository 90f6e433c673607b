// Contract 7.
// A backup is restored while no instance runs, and Redis stays as it was: what Redis knows of the lost history opens
// nothing, whether it is there at once or comes later, and however far the database has come again by then.

import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { startPostgres } from '../support/postgres-service.ts'
import { startTestProgram, type TestProgram } from '../support/program.ts'
import { startRedis } from '../support/redis-service.ts'
import { exchange, request } from '../support/wire.ts'

const run = promisify(execFile)
t.setTimeout(240_000)

async function statusOf(program: TestProgram, secret: string): Promise<number | undefined> {
  const fields = ['Host: api.flintn.com', `X-Api-Key: ${secret}`]
  return (await exchange(program.gatewayPort, request('GET /v1/transactions/1', fields))).status
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + 10_000
  while (!(await isSo())) {
    if (performance.now() > endsAt) throw new Error('It never came to be so')
    await sleep(20)
  }
}

const epochOf = (program: TestProgram) =>
  program.log.some(({ msg }) => msg === 'The database went back in time; it gets a new epoch')

/** Stores with a backup, a key that is in it and one that is not, both served after five changes; no instance runs. */
async function lostHistory(t: Test) {
  const [postgres, redis] = [await startPostgres(), await startRedis()]
  t.teardown(() => Promise.all([postgres.stop(), redis.stop()]).then(() => {}))
  const stores = { databaseUrl: postgres.url, redis: redis.url }
  const before = await startTestProgram(t, stores)
  const merchant = await before.admin.makeMerchant()
  const key = await before.admin.makeKey(merchant)
  t.equal(await statusOf(before, key.secret), 200)
  // With the instance alive in it, as a backup of a running system has it.
  const backup = `${postgres.data}-backup`
  await postgres.kill('SIGKILL')
  await run('cp', ['-a', postgres.data, backup])
  await postgres.restart()
  await until(async () => (await before.admin.call('GET', '/keys')).status === 200)
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await before.admin.call('PATCH', `/keys/${key.id}?wait=all`, { name })
  }
  const lost = await before.admin.makeKey(merchant)
  await before.stop()
  // One that puts what it reads into Redis.
  const last = await startTestProgram(t, stores)
  t.equal(await statusOf(last, key.secret), 200)
  t.equal(await statusOf(last, lost.secret), 200)
  await last.stop()

  async function restore(): Promise<void> {
    await postgres.kill('SIGTERM')
    await rm(postgres.data, { recursive: true })
    await run('cp', ['-a', backup, postgres.data])
    await postgres.restart()
  }
  return { postgres, redis, stores, merchant, key, lost, restore }
}

t.test(
  'restored while no instance runs: what is in no row is refused, what is revoked stays so',
  async (t) => {
    const { stores, key, lost, restore } = await lostHistory(t)
    await restore()
    const after = await startTestProgram(t, stores)
    t.equal(await statusOf(after, lost.secret), 401)
    t.equal(await statusOf(after, key.secret), 200)
    await until(async () => epochOf(after))
    const { body } = await after.admin.call('POST', `/keys/${key.id}/revoke?wait=all`)
    t.same(body['pending'], [], 'nobody waits for the instances of the backup')
    t.equal(body['redis'], undefined)
    t.equal(await statusOf(after, key.secret), 401)
    const next = await startTestProgram(t, stores)
    t.equal(await statusOf(next, key.secret), 401)
    t.equal(await statusOf(next, lost.secret), 401)
    t.match(await (await fetch(`http://127.0.0.1:${next.controlPort}/readyz`)).json(), { status: 'ok' })
  },
)

t.test(
  'restored, and come as far again before Redis is there: its revision is of another change',
  async (t) => {
    const { redis, stores, key, lost, restore } = await lostHistory(t)
    await restore()
    await redis.kill('SIGSTOP')
    const after = await startTestProgram(t, stores)
    t.equal(await statusOf(after, lost.secret), 401)
    for (const name of ['1', '2', '3', '4', '5', '6', '7']) {
      await after.admin.call('PATCH', `/keys/${key.id}`, { name })
    }
    const { body } = await after.admin.call('POST', `/keys/${key.id}/revoke?wait=all`)
    t.equal(body['redis'], 'behind')
    await redis.kill('SIGCONT')
    await until(async () => epochOf(after))
    t.equal(await statusOf(after, key.secret), 401)
    const next = await startTestProgram(t, stores)
    t.equal(await statusOf(next, key.secret), 401)
    t.equal(await statusOf(next, lost.secret), 401)
  },
)

t.test(
  'restored, and Postgres is away when an instance comes that knows the lost history by Redis',
  async (t) => {
    const { postgres, stores, key, lost, restore } = await lostHistory(t)
    await restore()
    const after = await startTestProgram(t, stores)
    await until(async () => epochOf(after))
    await after.admin.call('POST', `/keys/${key.id}/revoke?wait=all`)
    await postgres.kill('SIGKILL')
    const cold = await startTestProgram(t, stores)
    await until(async () => (await statusOf(cold, key.secret)) !== 200)
    await sleep(1_000)
    t.not(await statusOf(cold, key.secret), 200)
    t.not(await statusOf(cold, lost.secret), 200)
    await postgres.restart()
  },
)
