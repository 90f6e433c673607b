// Started as a process of its own (child.ts): clients with keys of limits, each at a steady pace, all over the instances. Its argument is
// LimitLoad as JSON; once a second it tells how many requests of each key were served, and how long some of them took.

import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from './client.ts'
import { nowMs } from './clock.ts'

export interface LimitLoad {
  readonly ports: readonly number[]
  readonly keys: readonly LoadedKey[]
}

export interface LoadedKey {
  readonly secret: string
  /** Requests a second. */
  readonly pace: number
  /** Connections to each port. */
  readonly connections: number
}

export interface LimitSecond {
  /** By key: 200. */
  readonly served: readonly number[]
  /** By key: 429. */
  readonly refused: readonly number[]
  /** By status: neither; 0 where a connection ended without an answer. */
  readonly others: Readonly<Record<string, number>>
  /** Milliseconds; of one in ten that were answered. */
  readonly took: readonly number[]
}

const { ports, keys }: LimitLoad = JSON.parse(process.argv[2] ?? '{}')
const none = () => ({
  served: keys.map(() => 0),
  refused: keys.map(() => 0),
  others: {} as Record<string, number>,
  took: [] as number[],
})
let second = none()
let asked = 0

async function run(key: number, port: number): Promise<void> {
  const { secret, pace, connections } = keys[key] ?? { secret: '', pace: 1, connections: 1 }
  const client = createClient(port)
  const everyMs = (1_000 * ports.length * connections) / pace
  // Spread over the interval, so that they do not come in bursts of their own.
  for (let dueMs = nowMs() + everyMs * Math.random(); ; dueMs += everyMs) {
    const waitMs = dueMs - nowMs()
    if (waitMs > 0) await sleep(waitMs)
    // What was late is not made up for in a burst.
    else if (waitMs < -1_000) dueMs = nowMs()
    const { status, tookMs } = await client.ask(secret)
    if (status === 200) second.served[key] = (second.served[key] ?? 0) + 1
    else if (status === 429) second.refused[key] = (second.refused[key] ?? 0) + 1
    else second.others[status] = (second.others[status] ?? 0) + 1
    if (status !== 0 && asked++ % 10 === 0) second.took.push(tookMs)
  }
}

process.on('disconnect', () => process.exit())
setInterval(() => {
  process.send?.(second satisfies LimitSecond)
  second = none()
}, 1_000)
for (const [key, { connections }] of keys.entries())
  for (const port of ports) for (let i = 0; i < connections; i++) void run(key, port)
