// Contract 11: one limit over three instances of two workers each, whatever becomes of Redis and of an instance meanwhile. Twenty keys
// ask for twice what they may (100 a second), five for six times a limit of 20 a minute, and the rest are there beside them.

import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startChild, startLeanUpstream } from './child.ts'
import { keyOfDemo, startInstance, startStores } from './cluster.ts'
import { isLong, ms, note, percentile } from './figures.ts'
import type { LimitLoad, LimitSecond, LoadedKey } from './limit-load-program.ts'
import { type Fleet, longPhases, type Phase, shortPhases } from './limit-phases.ts'

t.setTimeout(1_800_000)

const seconds = isLong ? 60 : 5
const windowSeconds = isLong ? 10 : 4
/** After a change of what Redis does, until all have noticed. */
const settleSeconds = isLong ? 5 : 2

/** Keys of one kind. */
interface Kind {
  readonly name: string
  readonly count: number
  /** Requests a second, and at once, that a key may. */
  readonly rate: number
  readonly burst: number
  readonly pace: number
  /** Of a key to each instance. */
  readonly connections: number
}

const hot: Kind = { name: '100/s', count: 20, rate: 100, burst: 20, pace: 200, connections: 2 }
const tiny: Kind = { name: '20/min', count: 5, rate: 20 / 60, burst: 5, pace: 2, connections: 2 }
const rest: Kind = { ...hot, name: 'rest', count: isLong ? 175 : 5, pace: 0.5, connections: 1 }
const kinds = [hot, tiny, rest]

t.test('three instances of two workers let through what the limit allows, and not more', async (t) => {
  const fleet = await startFleet(t)
  const told = await startLoad(t, fleet)
  let quiet: number | undefined
  for (const phase of isLong ? longPhases : shortPhases) {
    const during = await pass(phase, fleet, told)
    const p99 = percentile(
      during.flatMap(({ took }) => took),
      0.99,
    )
    quiet ??= p99
    const beside = phase.name === 'Redis up' ? ms(p99) : `${ms(p99)}, ${(p99 - quiet).toFixed(1)} more`
    note(t, { what: `Limits, ${phase.name}: p99`, value: beside, bound: '0.2 ms more' })
    judge(t, phase, during)
  }
})

async function startFleet(t: Test): Promise<Fleet> {
  const stores = await startStores(t)
  const options = {
    upstreamPort: await startLeanUpstream(t),
    args: ['--workers', '2'],
    rateLimit: `{ rate: ${hot.rate}/s, burst: ${hot.burst}, per: key }`,
  }
  const instances = [await startInstance(t, stores, options)]
  for (const _ of [1, 2]) instances.push(await startInstance(t, stores, options))
  return { stores, instances }
}

/** Returns what it tells. */
async function startLoad(t: Test, { instances }: Fleet): Promise<readonly LimitSecond[]> {
  const [first] = instances
  if (first === undefined) throw new Error('no instance')
  const merchant = await first.admin.makeMerchant()
  const keys: LoadedKey[] = []
  for (const { count, pace, connections, name, burst } of kinds) {
    const own = name === tiny.name ? { rate_limits: { default: { rate: name, burst } } } : {}
    for (let i = 0; i < count; i++) {
      const { secret } = await first.admin.makeKey(merchant, { ...keyOfDemo, ...own })
      keys.push({ secret, pace, connections })
    }
  }
  const load: LimitLoad = { ports: instances.map(({ gatewayPort }) => gatewayPort), keys }
  const told: LimitSecond[] = []
  const child = startChild(t, 'limit-load-program', [JSON.stringify(load)])
  child.on('message', (message) => void told.push(message as LimitSecond))
  await sleep(3_000)
  return told
}

async function pass(
  { begin, again }: Phase,
  fleet: Fleet,
  told: readonly LimitSecond[],
): Promise<readonly LimitSecond[]> {
  await begin(fleet)
  await sleep(settleSeconds * 1_000)
  const from = told.length
  let last: Promise<unknown> | undefined
  for (let left = seconds; left > 0; left -= 10) {
    last = again?.(fleet)
    await sleep(1_000 * Math.min(10, left))
  }
  const during = told.slice(from)
  await last
  return during
}

function judge(
  t: Test,
  { name, isAlone = false, losesConnections }: Phase,
  during: readonly LimitSecond[],
): void {
  const [ofHot, ofTiny] = [servedOf(hot, during), servedOf(tiny, during)]
  const value = `${ofHot.least.toFixed(3)} to ${ofHot.most.toFixed(3)}, in ${windowSeconds} s at most ${ofHot.inWindow.toFixed(3)}`
  note(t, {
    what: `Limits, ${name}: served of what 100/s allow`,
    value,
    bound: isAlone ? 'in 10 s ≤ 1 + a burst an instance' : '0.97 to 1.05',
  })
  const small = `in all at most ${ofTiny.most.toFixed(3)}`
  note(t, {
    what: `Limits, ${name}: served of what 20/min with a burst of ${tiny.burst} allow`,
    value: small,
    bound: isAlone ? '≤ 1 + a burst an instance' : '1.05, and one request',
  })
  // A machine that does other things counts its seconds badly: there it is only never without a limit.
  const more = isLong ? 1.05 : 1.3
  const bursts = isAlone ? 3 : 0
  t.ok(
    ofHot.inWindow <=
      (isAlone ? more - 0.05 + (bursts * hot.burst) / (windowSeconds * hot.rate + hot.burst) : more),
    `${name}: ${value}`,
  )
  const ofOne = 1 / allowedOf(tiny, during.length)
  t.ok(ofTiny.most <= more + ofOne * (1 + bursts * tiny.burst), `${name}: 20/min: ${small}`)
  if (isLong) t.ok(ofHot.least >= (isAlone ? 0.5 : 0.97), `${name}: ${value}`)
  const others = during.flatMap((second) => Object.keys(second.others))
  t.same(
    others.filter((status) => losesConnections !== true || status !== '0'),
    [],
    `${name}: nobody got anything else`,
  )
  const refused = placesOf(rest).some((key) => during.some((second) => (second.refused[key] ?? 0) > 0))
  t.notOk(refused, `${name}: who keeps to the limit is never refused`)
}

interface Served {
  /** Of what a kind's keys are allowed in all of the time: the least and the most that one of them was served. */
  readonly least: number
  readonly most: number
  /** Of what is allowed in a window, bursts among it. */
  readonly inWindow: number
}

function servedOf(kind: Kind, during: readonly LimitSecond[]): Served {
  const places = placesOf(kind)
  const sums = (part: readonly LimitSecond[]) =>
    places.map((key) => part.reduce((sum, { served }) => sum + (served[key] ?? 0), 0))
  const windows = during
    .slice(windowSeconds - 1)
    .map((_, i) => Math.max(...sums(during.slice(i, i + windowSeconds))))
  const served = sums(during)
  return {
    least: Math.min(...served) / (kind.rate * during.length),
    most: Math.max(...served) / allowedOf(kind, during.length),
    inWindow: Math.max(...windows) / allowedOf(kind, windowSeconds),
  }
}

function allowedOf({ rate, burst }: Kind, time: number): number {
  return rate * time + burst
}

function placesOf(kind: Kind): readonly number[] {
  let from = 0
  for (const one of kinds) {
    if (one === kind) break
    from += one.count
  }
  return Array.from({ length: kind.count }, (_, i) => from + i)
}
