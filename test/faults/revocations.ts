// Many keys revoked at random moments, and what is told of it.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Service } from '../support/service.ts'
import { isLong, ms, note, percentile, spread } from './figures.ts'
import { type Asked, createClient, demo } from './client.ts'
import type { Instance } from './cluster.ts'
import type { Load } from './load.ts'
import { makeKeys, type Revocation, revoke, type Watch, type WatchedKey } from './watch.ts'

/** Three instances, the clients on them, and what they see. */
export interface Watched {
  readonly instances: readonly Instance[]
  readonly clients: number
  readonly load: Load
  readonly watch: Watch
  /** What is revoked; keys unless said. */
  readonly credentials?: Credentials
}

export interface Credentials {
  readonly asked: Asked
  make(by: Instance, count: number): Promise<WatchedKey[]>
  end(key: WatchedKey, by: Instance): Promise<Revocation>
}

const keysOfDemo: Credentials = {
  asked: demo,
  make: ({ admin }, count) => makeKeys(admin, count),
  end: (key, { admin }) => revoke(key, admin),
}

export function any<T>(items: readonly T[]): T {
  const item = items[Math.floor(Math.random() * items.length)]
  if (item === undefined) throw new Error('none there')
  return item
}

/** Makes keys with which the clients begin to ask. */
export async function addKeys(
  { load, watch, credentials = keysOfDemo }: Watched,
  by: Instance,
  count: number,
): Promise<WatchedKey[]> {
  const keys = await credentials.make(by, count)
  watch.add(keys)
  load.add(keys.map((key) => key.secret))
  return keys
}

/** Revokes `count` keys at random moments through any instance, `atOnce` at a time. */
export async function revokeMany(of: Watched, count: number, atOnce: number): Promise<Revocation[]> {
  const done: Revocation[] = []
  const { end } = of.credentials ?? keysOfDemo
  while (done.length < count) {
    const keys = await addKeys(of, any(of.instances), Math.min(40, count - done.length))
    // Until all of them are in use.
    await sleep(300)
    const worker = async () => {
      const everywhere = createAsker(of)
      for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
        await sleep(Math.random() * 80)
        done.push(await end(key, any(of.instances)))
        await everywhere.ask(key.secret)
      }
      everywhere.close()
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
  }
  return done
}

/** Whoever has an answer asks all instances at once: the load's requests come some time later, and would miss an answer that is early. */
function createAsker({ instances, watch, credentials = keysOfDemo }: Watched) {
  const all = instances.map(({ gatewayPort: port }) => ({
    port,
    client: createClient(port, undefined, credentials.asked),
  }))
  return {
    async ask(secret: string): Promise<void> {
      await Promise.all(
        all.map(async ({ port, client }) => watch.see({ secret, port, ...(await client.ask(secret)) })),
      )
    },
    close: () => {
      for (const { client } of all) client.close()
    },
  }
}

/** Kills a Redis, and starts it again, every 3 s; the function that is returned ends it, with Redis up. */
export function keepKilling(redis: Service): () => Promise<void> {
  let isOver = false
  const killing = (async () => {
    while (!isOver) {
      await redis.kill('SIGKILL')
      await sleep(1_500)
      await redis.restart()
      await sleep(1_500)
    }
  })()
  return () => {
    isOver = true
    return killing
  }
}

/** No request was lost since this was asked last; where one was, the instances' own words say why. */
export function judgeLost(t: Test, { watch, instances }: Watched): void {
  const lost = watch.takeLost()
  if (!t.same(lost, {}, 'no request was lost'))
    for (const one of instances) t.comment(one.output().slice(-4_000))
}

/** Of revocations that all instances have applied. */
export async function judge(
  t: Test,
  of: Watched,
  { name, done, boundMs }: { name: string; done: readonly Revocation[]; boundMs: number },
): Promise<void> {
  // What began after the last answer is to be seen too.
  await sleep(500)
  await of.load.settled()
  const { lateAcceptances, wrongRefusals } = of.watch
  const answered = done.map((one) => one.answeredMs)
  const inForce = done.map((one) => one.lastAcceptedMs())
  const bound = `p99 ≤ ${boundMs} ms`
  const amounts = `${done.length}, ${of.instances.length}, ${of.clients}`
  note(t, { what: `${name}: revocations, instances, clients`, value: amounts })
  note(t, { what: `${name}: call to all have applied it, p50, p99`, value: spread(answered), bound })
  note(t, { what: `${name}: call to the last acceptance, p50, p99`, value: spread(inForce), bound })
  note(t, { what: `${name}: acceptances after the answer`, value: `${lateAcceptances}`, bound: '0' })
  t.ok(
    done.every(({ pending }) => pending.length === 0),
    'all have applied it',
  )
  t.equal(lateAcceptances, 0, 'no request that began after the answer was accepted')
  t.equal(wrongRefusals, 0, 'no live key was refused')
  judgeLost(t, of)
  if (!isLong) return
  for (const times of [answered, inForce]) {
    const p99 = percentile(times, 0.99)
    t.ok(p99 <= boundMs, `p99 ${ms(p99)}`)
  }
}
