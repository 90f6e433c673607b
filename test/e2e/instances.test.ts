// Contract 7.
// Several instances on one database and one Redis: a change made through one is in force on the others when the answer
// says so, with Redis and without, and with stores that die under load.

import t from 'tap'
import { type TestProgram, startTestProgram } from '../support/program.ts'
import { startPostgres } from '../support/postgres-service.ts'
import { startRedis } from '../support/redis-service.ts'
import { codeOf, exchange, request } from '../support/wire.ts'

const host = 'Host: api.flintn.com'

function ask(program: TestProgram, secret: string) {
  return exchange(program.gatewayPort, request('GET /v1/transactions/1', [host, `X-Api-Key: ${secret}`]))
}

for (const redis of ['with Redis', 'without Redis'] as const) {
  t.test(`two instances ${redis}: a change through one is in force on the other`, async (t) => {
    const options = redis === 'without Redis' ? { redis: 'none' } : {}
    const one = await startTestProgram(t, options)
    const two = await startTestProgram(t, { ...options, databaseUrl: one.databaseUrl })
    const merchant = await one.admin.makeMerchant()
    const key = await one.admin.makeKey(merchant)
    t.equal((await ask(one, key.secret)).status, 200)
    t.equal((await ask(two, key.secret)).status, 200, 'a new key is known at once')

    await t.test('disabled, enabled, its permissions changed', async (t) => {
      t.same((await one.admin.call('POST', `/keys/${key.id}/disable?wait=all`)).body['pending'], [])
      t.equal((await ask(two, key.secret)).status, 401)
      t.same((await two.admin.call('POST', `/keys/${key.id}/enable?wait=all`)).body['pending'], [])
      t.equal((await ask(one, key.secret)).status, 200)
      await two.admin.call('PATCH', `/keys/${key.id}?wait=all`, { permissions: ['transaction.search'] })
      t.equal((await ask(one, key.secret)).status, 403)
    })

    await t.test('its merchant suspended and resumed', async (t) => {
      await one.admin.call('PATCH', `/keys/${key.id}?wait=all`, { permissions: ['transaction.read'] })
      t.equal((await ask(two, key.secret)).status, 200)
      await one.admin.call('POST', `/merchants/${merchant}/suspend?wait=all`)
      t.equal((await ask(two, key.secret)).status, 401)
      await one.admin.call('POST', `/merchants/${merchant}/resume?wait=all`)
      t.equal((await ask(two, key.secret)).status, 200)
    })

    await t.test('rotated: both secrets live in the grace, then only the new one', async (t) => {
      const { body } = await one.admin.call('POST', `/keys/${key.id}/rotate?wait=all`, {})
      const renewed = String(body['secret'])
      t.equal((await ask(two, key.secret)).status, 200)
      t.equal((await ask(two, renewed)).status, 200)
      await two.admin.call('POST', `/keys/${key.id}/rotation/end?wait=all`)
      t.equal((await ask(one, key.secret)).status, 401)
      t.equal((await ask(one, renewed)).status, 200)
    })

    await t.test('revoked', async (t) => {
      const doomed = await one.admin.makeKey(merchant)
      t.equal((await ask(two, doomed.secret)).status, 200)
      t.same((await one.admin.call('POST', `/keys/${doomed.id}/revoke?wait=all`)).body['pending'], [])
      const refused = await ask(two, doomed.secret)
      t.equal(codeOf(refused), 'INVALID_API_KEY')
    })

    await t.test('an instance that left is not waited for', async (t) => {
      t.equal(Array.from(Object((await one.admin.call('GET', '/instances')).body['data'])).length, 2)
      await two.stop()
      const started = Date.now()
      const { body } = await one.admin.call('PATCH', `/keys/${key.id}?wait=all`, { name: 'Renamed' })
      t.same(body['pending'], [])
      t.ok(Date.now() - started < 4_000)
    })
  })
}

/** Keeps asking with a known key until told to stop; counts the answers by status. */
function load(program: TestProgram, secret: string): { stop(): Promise<Record<string, number>> } {
  const counts: Record<string, number> = {}
  let isRunning = true
  const worker = async () => {
    while (isRunning) {
      const outcome = await ask(program, secret).then(
        (response) => String(response.status),
        () => 'failed',
      )
      counts[outcome] = (counts[outcome] ?? 0) + 1
    }
  }
  const workers = Array.from({ length: 4 }, worker)
  return {
    async stop() {
      isRunning = false
      await Promise.all(workers)
      return counts
    },
  }
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

t.test('stores that die under load take no known key with them', async (t) => {
  const redis = await startRedis()
  const postgres = await startPostgres()
  t.teardown(async () => {
    await redis.stop()
    await postgres.stop()
  })
  const program = await startTestProgram(t, { redis: redis.url, databaseUrl: postgres.url })
  const merchant = await program.admin.makeMerchant()
  const key = await program.admin.makeKey(merchant)
  const cold = await program.admin.makeKey(merchant)
  t.equal((await ask(program, key.secret)).status, 200)

  await t.test('Redis, then Postgres, then both back: only 200 for the known key', async (t) => {
    const running = load(program, key.secret)
    await pause(300)
    await redis.kill('SIGKILL')
    await pause(500)
    t.equal((await ask(program, cold.secret)).status, 200, 'an unknown key is asked of Postgres')
    await postgres.kill('SIGKILL')
    await pause(1_200)
    const other = await ask(program, `pk_live_${'0'.repeat(38)}`)
    t.equal(other.status, 401, 'what is malformed is told without a store')
    const change = await program.admin.call('POST', `/keys/${key.id}/disable`)
    t.equal(change.status, 503)
    t.match(change.body, { error: { code: 'STORE_UNAVAILABLE' } })
    await redis.restart()
    await postgres.restart()
    await pause(2_500)
    const counts = await running.stop()
    t.same(Object.keys(counts), ['200'], JSON.stringify(counts))
    t.ok((counts['200'] ?? 0) > 100)
  })

  await t.test('full service is back without a restart', async (t) => {
    const made = await program.admin.makeKey(merchant)
    t.equal((await ask(program, made.secret)).status, 200)
    const { body } = await program.admin.call('POST', `/keys/${key.id}/revoke?wait=all`)
    t.same(body['pending'], [])
    t.equal((await ask(program, key.secret)).status, 401)
    const ready = await fetch(`http://127.0.0.1:${program.controlPort}/readyz`)
    t.match(await ready.json(), { status: 'ok', postgres: 'up', redis: 'up' })
  })

  await t.test('a well-formed key that nobody can look up is 503, never 401', async (t) => {
    await redis.kill('SIGKILL')
    const fresh = await program.admin.makeKey(merchant)
    await postgres.kill('SIGKILL')
    await pause(800)
    const response = await ask(program, fresh.secret)
    t.equal(response.status, 503)
    t.equal(codeOf(response), 'AUTH_UNAVAILABLE')
    t.match(response.head, 'Retry-After: 1')
  })
})
