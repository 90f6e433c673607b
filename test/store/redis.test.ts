// Redis is a convenience: nobody waits for it long, and nothing fails because it does.

import { performance } from 'node:perf_hooks'
import { pino } from 'pino'
import t from 'tap'
import { createBreaker, createRedis } from '../../src/store/redis.ts'
import { startRedis } from '../support/redis-service.ts'

const log = pino({ level: 'silent' })
const monotonicNow = () => performance.now()
t.setTimeout(120_000)

async function until(what: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 400; i++) {
    if (await what()) return true
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return false
}

t.test('the circuit opens after three failures in a row, probes, and closes with a success', (t) => {
  let now = 0
  const breaker = createBreaker(() => now)
  for (let i = 0; i < 3; i++) {
    t.ok(breaker.allows())
    breaker.failed()
  }
  t.ok(breaker.isOpen())
  t.notOk(breaker.allows())
  now += 600
  t.ok(breaker.allows(), 'one probe')
  t.notOk(breaker.allows(), 'and only one')
  breaker.failed()
  now += 600
  t.ok(breaker.allows())
  breaker.succeeded()
  t.notOk(breaker.isOpen())
  t.ok(breaker.allows())
  t.end()
})

t.test('with a real server', async (t) => {
  const redis = await startRedis()
  const store = createRedis({ url: redis.url, log, monotonicNow })
  const other = createRedis({ url: redis.url, log, monotonicNow })
  t.teardown(async () => {
    await store.close()
    await other.close()
    await redis.stop()
  })
  t.ok(await until(() => store.isUp() && other.isUp()))

  await t.test('a listener hears its channel, and no other', async (t) => {
    await store.run((client) => client.set('name', 'one'), 1_000)
    const heard: string[] = []
    store.subscribe('news', (message) => heard.push(`a ${message}`))
    other.subscribe('other news', (message) => heard.push(`b ${message}`))
    t.ok(
      await until(async () => {
        await store.run((client) => client.publish('news', 'x'), 1_000)
        return heard.length > 0
      }),
    )
    t.notOk(heard.some((line) => line.startsWith('b')))
  })

  await t.test(
    'a hung server costs a deadline a few times, then nothing, and comes back by itself',
    async (t) => {
      await redis.kill('SIGSTOP')
      for (let i = 0; i < 3; i++) t.equal(await store.run((client) => client.get('name'), 20), undefined)
      t.notOk(store.isUp())
      await redis.kill('SIGCONT')
      t.ok(await until(async () => (await store.run((client) => client.get('name'), 500)) === 'one'))
      t.ok(store.isUp())
    },
  )

  await t.test('a dead server is no exception, and a new one is found', async (t) => {
    await redis.kill('SIGKILL')
    t.equal(await store.run((client) => client.get('name'), 50), undefined)
    await redis.restart()
    t.ok(await until(async () => (await store.run((client) => client.get('name'), 500)) === null))
  })
})
