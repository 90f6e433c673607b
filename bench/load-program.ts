// The load, as a process of its own. Takes a task as JSON, prints a result as JSON.
//
//   node build/bench/load-program.js '{"port":8080,"isTls":false,"text":"GET / HTTP/1.1\r\n…","connections":64,"seconds":4,"rate":5000}'
//
// With a rate it is an open loop: requests are due on a fixed schedule, whatever has become of those before, and each
// latency counts from the moment at which its request was due. So a server that stalls is seen to stall all those who
// would have come meanwhile (no coordinated omission). Without a rate each connection sends when it has its answer.

import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { type Connection, openConnection } from './connection.ts'
import type { LoadResult, LoadTask } from './load.ts'
import { percentile } from './statistics.ts'

/** How long after the end answers are still waited for; later ones count as this late. */
const patienceMs = 10_000
/** Below this, a timer is too coarse: the loop turns until it is time. */
const timerMs = 2

interface Lane {
  connection: Connection | undefined
  dueAt: number
}

const task: LoadTask = JSON.parse(process.argv[2] ?? '{}')
const nextMessage = messages(task)
const statuses: Record<string, number> = {}
const latencies: number[] = []
const idle: Lane[] = []
let inFlight = 0
let sent = 0
/** How many there are to be, of an open loop. */
let due = Number.POSITIVE_INFINITY
let answered = 0

await openAll()
const startedAt = performance.now()
/** A load that has just started is slow itself, and so is a subject whose connections are new. */
const countsFrom = startedAt + (task.warmUpSeconds ?? 0) * 1_000
const endsAt = countsFrom + task.seconds * 1_000
const next = task.rate === undefined ? sendAtOnce : sendWhenDue(task.rate)
next()

/** All connections first, some at a time, so that no backlog overflows. */
async function openAll(): Promise<void> {
  for (let open = 0; open < task.connections; open += 128) {
    const count = Math.min(128, task.connections - open)
    await Promise.all(Array.from({ length: count }, openLane))
  }
}

async function openLane(): Promise<void> {
  const lane: Lane = { connection: undefined, dueAt: 0 }
  lane.connection = await openConnection(task, {
    answered(status) {
      if (lane.dueAt >= countsFrom) latencies.push(performance.now() - lane.dueAt)
      answered++
      statuses[status] = (statuses[status] ?? 0) + 1
      inFlight--
      idle.push(lane)
      if (task.rate === undefined) sendAtOnce()
      else if (sent >= due && inFlight === 0) report()
    },
    failed(reason) {
      throw new Error(`port ${task.port}, after ${answered} answers: ${reason}`)
    },
  })
  idle.push(lane)
}

function isOver(): boolean {
  return sent >= (task.count ?? Number.POSITIVE_INFINITY) || performance.now() >= endsAt
}

function send(lane: Lane, dueAt: number): void {
  lane.dueAt = dueAt
  sent++
  inFlight++
  lane.connection?.send(nextMessage())
}

function sendAtOnce(): void {
  while (idle.length > 0 && !isOver()) {
    const lane = idle.pop()
    if (lane !== undefined) send(lane, performance.now())
  }
  if (inFlight === 0 && isOver()) report()
}

function sendWhenDue(rate: number): () => void {
  const intervalMs = 1_000 / rate
  const total = Math.floor((endsAt - startedAt) / intervalMs)
  due = total
  return function pump() {
    const now = performance.now()
    // Where all connections wait for answers, what is due waits for one of them, and its clock runs.
    while (sent < total && startedAt + sent * intervalMs <= now && idle.length > 0) {
      const lane = idle.shift()
      if (lane !== undefined) send(lane, startedAt + sent * intervalMs)
    }
    if (sent >= total && inFlight === 0) return report()
    if (now > endsAt + patienceMs) return giveUp(total, now)
    const waitMs = startedAt + sent * intervalMs - now
    if (sent >= total || waitMs > timerMs) setTimeout(pump, Math.min(timerMs, Math.abs(waitMs)))
    else setImmediate(pump)
  }
}

/** What was due and has no answer yet counts, too: with the time that it has waited so far. */
function giveUp(total: number, now: number): void {
  for (let i = answered; i < total; i++) latencies.push(now - endsAt)
  report()
}

let isReported = false
function report(): void {
  if (isReported) return
  isReported = true
  const seconds = (performance.now() - countsFrom) / 1_000
  const sorted = Float64Array.from(latencies).sort()
  const result: LoadResult = {
    requests: sorted.length,
    seconds,
    statuses,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    p999Ms: percentile(sorted, 0.999),
  }
  process.stdout.write(JSON.stringify(result), () => process.exit(0))
}

/** The messages in turn: one, or one for each line of the file of keys. */
function messages({ text, keysFile, firstKey = 0 }: LoadTask): () => string {
  const [before = '', after] = text.split('{key}')
  if (after === undefined || keysFile === undefined) return () => text
  const keys = readFileSync(keysFile, 'utf8').split('\n').filter(Boolean)
  let at = firstKey
  return () => before + keys[at++ % keys.length] + after
}
