// Contract 11: one limit over three instances of two workers each, whatever Redis does meanwhile. Twenty keys ask for twice what
// they may, and a hundred and eighty are there beside them.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { ProxyMode } from '../support/tcp-proxy.ts'
import { startChild, startLeanUpstream } from './child.ts'
import { type Instance, keyOfDemo, startInstance, startStores } from './cluster.ts'
import { isLong, ms, note, percentile } from './figures.ts'
import type { LimitLoad, LimitSecond } from './limit-load-program.ts'

t.setTimeout(900_000)

const rate = 100
const burst = 20
const hot = 20
const seconds = isLong ? 60 : 12
/** After a change of what Redis does, until all have noticed. */
const settleSeconds = isLong ? 5 : 3

interface Phase {
  readonly name: string
  /** Instances that go on without the others. */
  readonly isAlone?: boolean
  readonly begin: (instances: readonly Instance[]) => Promise<unknown>
  /** Once in ten seconds. */
  readonly again?: (instances: readonly Instance[]) => Promise<unknown>
}

const setAll = (mode: ProxyMode) => (instances: readonly Instance[]) =>
  Promise.all(instances.map(({ redis }) => redis.set(mode)))

const phases: readonly Phase[] = [
  { name: 'Redis up', begin: setAll('pass') },
  ...(isLong
    ? [
        {
          name: 'Redis killed every 10 s',
          begin: setAll('pass'),
          async again(instances: readonly Instance[]) {
            await setAll('refuse')(instances)
            await sleep(1_000)
            await setAll('pass')(instances)
          },
        },
        { name: 'Redis slow, 200 ms', isAlone: true, begin: setAll('slow') },
        { name: 'Redis black-holed', isAlone: true, begin: setAll('blackhole') },
      ]
    : []),
  { name: 'Redis away', isAlone: true, begin: setAll('refuse') },
  { name: 'Redis back', begin: setAll('pass') },
]

t.test('three instances of two workers let through what the limit allows, and not more', async (t) => {
  const stores = await startStores(t)
  const upstreamPort = await startLeanUpstream(t)
  const options = {
    upstreamPort,
    args: ['--workers', '2'],
    rateLimit: `{ rate: ${rate}/s, burst: ${burst}, per: key }`,
  }
  const instances = [await startInstance(t, stores, options)]
  for (const _ of [1, 2]) instances.push(await startInstance(t, stores, options))
  const [{ admin }] = instances as [Instance]
  const merchant = await admin.makeMerchant()
  const secrets: string[] = []
  for (let i = 0; i < (isLong ? 200 : hot); i++)
    secrets.push((await admin.makeKey(merchant, keyOfDemo)).secret)
  const load: LimitLoad = {
    ports: instances.map(({ gatewayPort }) => gatewayPort),
    secrets: secrets.slice(0, hot),
    rate: 2 * rate,
    connections: 2,
  }
  const told: LimitSecond[] = []
  const child = startChild(t, 'limit-load-program', [JSON.stringify(load)])
  child.on('message', (message) => void told.push(message as LimitSecond))
  await sleep(3_000)

  const quiet: number[] = []
  for (const { name, isAlone = false, begin, again } of phases) {
    await begin(instances)
    await sleep(settleSeconds * 1_000)
    const from = told.length
    for (let left = seconds; left > 0; left -= 10) {
      void again?.(instances)
      await sleep(1_000 * Math.min(10, left))
    }
    const during = told.slice(from)
    const allowed = rate * during.length
    const servedOf = (part: readonly LimitSecond[]) =>
      secrets.slice(0, hot).map((_, key) => part.reduce((sum, { served }) => sum + (served[key] ?? 0), 0))
    const windows = during.slice(0, -9).map((_, i) => Math.max(...servedOf(during.slice(i, i + 10))))
    const served = servedOf(during)
    const [least, most] = [Math.min(...served) / allowed, Math.max(...served) / allowed]
    const mostInWindow = Math.max(...windows) / (10 * rate + burst)
    const took = during.flatMap((second) => second.took)
    if (quiet.length === 0) quiet.push(percentile(took, 0.99))
    const value = `${least.toFixed(3)} to ${most.toFixed(3)}, in 10 s at most ${mostInWindow.toFixed(3)}; p99 ${ms(percentile(took, 0.99))}`
    note(t, {
      what: `Limits, ${name}: served of what is allowed`,
      value,
      bound: isAlone ? '≤ 1 + a burst an instance' : '0.97 to 1.05',
    })
    const bound = isAlone ? 1 + (instances.length * burst) / (10 * rate) : 1.05
    // A machine that does other things counts its seconds badly: there it is only never without a limit.
    t.ok(mostInWindow <= (isLong ? bound : 1.3), `${name}: ${value}`)
    t.same(
      during.reduce((sum, { others }) => sum + Object.keys(others).length, 0),
      0,
      `${name}: nobody got anything else`,
    )
    if (isLong) t.ok(least >= (isAlone ? 0.5 : 0.97), `${name}: ${value}`)
  }
})
