// Started as a process of its own (child.ts): clients who ask for more than their keys' limit, at a steady rate, all over the
// instances. Its argument is LimitLoad as JSON; once a second it tells how many requests of each key were served, and how long
// some of them took.

import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from './client.ts'
import { nowMs } from './clock.ts'

export interface LimitLoad {
  readonly ports: readonly number[]
  readonly secrets: readonly string[]
  /** Requests a second of each key. */
  readonly rate: number
  /** Connections of each key to each port. */
  readonly connections: number
}

export interface LimitSecond {
  /** Monotonic milliseconds, comparable between processes, of its end. */
  readonly atMs: number
  /** By key: 200. */
  readonly served: readonly number[]
  /** By key: 429. */
  readonly refused: readonly number[]
  /** By status: neither. */
  readonly others: Readonly<Record<string, number>>
  /** Milliseconds; of one in ten. */
  readonly took: readonly number[]
}

const { ports, secrets, rate, connections }: LimitLoad = JSON.parse(process.argv[2] ?? '{}')
const none = () => ({
  served: secrets.map(() => 0),
  refused: secrets.map(() => 0),
  others: {} as Record<string, number>,
  took: [] as number[],
})
let second = none()
let asked = 0

async function run(key: number, port: number, place: number): Promise<void> {
  const client = createClient(port)
  const everyMs = (1_000 * ports.length * connections) / rate
  // Spread over the interval, so that they do not come in bursts of their own.
  for (let dueMs = nowMs() + everyMs * Math.random(); ; dueMs += everyMs) {
    const waitMs = dueMs - nowMs()
    if (waitMs > 0) await sleep(waitMs)
    // What was late is not made up for in a burst.
    else if (waitMs < -1_000) dueMs = nowMs()
    const { status, tookMs } = await client.ask(secrets[key] ?? '')
    if (status === 200) second.served[key] = (second.served[key] ?? 0) + 1
    else if (status === 429) second.refused[key] = (second.refused[key] ?? 0) + 1
    else second.others[status] = (second.others[status] ?? 0) + 1
    if ((asked++ + place) % 10 === 0) second.took.push(tookMs)
  }
}

process.on('disconnect', () => process.exit())
setInterval(() => {
  process.send?.({ atMs: nowMs(), ...second } satisfies LimitSecond)
  second = none()
}, 1_000)
for (const key of secrets.keys())
  for (const port of ports) for (let i = 0; i < connections; i++) void run(key, port, i)
