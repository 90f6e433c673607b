import t from 'tap'
import { createSeal } from '../../src/lookup/seal.ts'
import { createWords } from '../../src/lookup/words.ts'
import { startRedis } from '../support/redis-service.ts'
import { cacheKey, part, patientStore, rawClient } from './redis-subject.ts'

const redis = await startRedis()
t.teardown(() => redis.stop())
const raw = rawClient(t, redis.url)

t.test(
  'a word that Redis has lost is said again after half a minute, and not each time meanwhile',
  async (t) => {
    await raw.flushall()
    const store = await patientStore(t, redis.url)
    let nowMs = 0
    const words = createWords({
      redis: { store, seal: createSeal(cacheKey) },
      instanceId: 'a',
      now: () => Date.now(),
      monotonicNow: () => nowMs,
    })
    const word = { epoch: 'e', applied: 7, atMs: Date.now(), staleLimitMs: 1 }
    const say = async () => {
      words.say(word)
      await store.settled()
      return raw.hlen(`${part}instances`)
    }
    t.equal(await say(), 1)
    t.match((await words.read()).words.get('a'), word)
    await raw.flushall()
    nowMs = 29_999
    t.equal(await say(), 0, 'nobody has told it that Redis began anew')
    nowMs = 30_000
    t.equal(await say(), 1)
    t.match((await words.read()).words.get('a'), word)
  },
)
