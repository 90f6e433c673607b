import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createInstallation } from '../../src/lookup/installation.ts'
import { createLiveDesk } from '../../src/lookup/live-desk.ts'
import { createSeal } from '../../src/lookup/seal.ts'
import { createRedis } from '../../src/store/redis.ts'
import { createLog } from '../../src/telemetry/log.ts'
import type { LiveDecision, LiveScope } from '../../src/telemetry/live.ts'

const redisUrl = process.env['LATCHKEY_TEST_REDIS_URL']
if (redisUrl === undefined)
  throw new Error('LATCHKEY_TEST_REDIS_URL is not set: start the tests with npm test')
const url = redisUrl
const everything: LiveScope = { merchantIds: null, apis: null }

function decisionOf(merchantId: string | null): LiveDecision {
  return {
    ...{ atMs: 1, requestId: 'req_1', api: 'flintn', environment: 'live', route: 'GET /v1/x' },
    ...{ merchantId, keyId: null, decision: 'allow', code: null, reason: null, status: 200, gatewayMs: 0.1 },
  }
}

interface Teardown {
  teardown(fn: () => Promise<void> | void): unknown
}

function deskOf(t: Teardown, installationId: string, cacheKey = 'a-cache-key-of-thirty-two-characters') {
  const log = createLog({ level: 'silent' }).logger
  const seal = createSeal(cacheKey)
  const store = createRedis({ url, log, monotonicNow: () => performance.now() })
  const of = { store, seal, databaseUrl: 'x', now: Date.now, maxStaleLimitMs: () => 1_000, log }
  const installation = createInstallation(of)
  installation.take(installationId)
  const world = { wanted: [] as readonly LiveScope[], rejected: 0 }
  const desk = createLiveDesk({
    wanted: (scopes) => void (world.wanted = scopes),
    redis: { store: installation.store, seal },
    instanceId: `i${Math.random()}`,
    monotonicNow: () => performance.now(),
    rejected: () => void (world.rejected += 1),
    sayEveryMs: 20,
  })
  t.teardown(async () => {
    desk.stop()
    await store.close()
  })
  return { desk, world }
}

const until = async (isSo: () => boolean) => {
  while (!isSo()) await sleep(5)
}

t.test(
  'who watches hears what other instances decide, and is asked for it no longer than it watches',
  async (t) => {
    const name = `live-${process.pid}-${Date.now()}`
    const [one, two] = [deskOf(t, name), deskOf(t, name)]
    const foreign = deskOf(t, name, 'another-cache-key-of-32-characters')
    const heard: LiveDecision[] = []
    const scope = { merchantIds: ['mer_1'], apis: null }
    const end = one.desk.listen(scope, (decision) => heard.push(decision))
    t.same(one.world.wanted, [scope], 'its own gateway at once')
    await until(() => two.world.wanted.length > 0)
    t.same(two.world.wanted, [scope])
    two.desk.hear([decisionOf('mer_2'), decisionOf(null), decisionOf('mer_1')])
    await until(() => heard.length > 0)
    one.desk.hear([decisionOf('mer_1')])
    t.same(heard, [decisionOf('mer_1'), decisionOf('mer_1')])
    await until(() => foreign.world.rejected > 0)
    t.same(foreign.world.wanted, [], 'with another key it is no instance of this installation')
    end()
    t.same(one.world.wanted, [])
    await until(() => two.world.wanted.length === 0)
  },
)

t.test('without Redis it hears its own process', async (t) => {
  const heard: LiveDecision[] = []
  const desk = createLiveDesk({
    ...{ wanted: () => {}, redis: null, instanceId: 'i', monotonicNow: () => 0, rejected: () => {} },
  })
  t.teardown(() => desk.stop())
  const end = desk.listen(everything, (decision) => heard.push(decision))
  desk.hear([decisionOf(null)])
  end()
  desk.hear([decisionOf(null)])
  t.same(heard, [decisionOf(null)])
})
