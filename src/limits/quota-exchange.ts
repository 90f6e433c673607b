// Tells the store what a process has counted under quotas, and hears what all have: in batches, one after another, none of which a
// request waits for. A batch of which nobody knows whether it was counted is sent again as it was; one that is refused for good is
// halved, down to what is refused alone, which is lost: nothing stands at the head of the line for ever.

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { StatementError } from '../store/postgres-errors.ts'
import type { QuotaBatch } from '../store/activity/quota-table.ts'
import type { Tally } from './tally.ts'

export interface QuotaStore {
  /**
   * Adds a batch; returns for each item how many there are by then. Rejects with StatementError where nothing of it was added nor will be,
   * else where that is not known.
   */
  add(batch: QuotaBatch): Promise<readonly number[]>
}

export interface QuotaExchangeDeps {
  readonly store: QuotaStore
  readonly monotonicNow: () => number
  readonly instances: () => number
  readonly lost?: (requests: number) => void
  readonly all: () => Iterable<Tally>
  readonly forget: (tally: Tally) => void
}

export interface QuotaExchange {
  start(): void
  stop(): Promise<void>
  /** Never rejects. */
  run(): Promise<void>
  /** There is somebody of whom nothing is known yet: it is asked for soon, and by itself. */
  kick(tally: Tally): void
  /** Hands on what is found nowhere else any more. */
  keep(tally: Tally): void
  /** Requests that were counted and not handed on yet. */
  waiting(): number
}

/** Who is near its quota is asked for so often, the others so seldom. */
const soonMs = 1_000
const laterMs = 10_000
/** Of these: timers are not punctual, and one that comes a little early is not to wait for the next. */
const punctual = 0.9
/** Who is new is asked for after so long, with others that are. */
const atFirstMs = 20
/** Near: this part of the quota is left, or what this process has let through since it last heard, by all instances, is this part of what was left. */
const part = 10
const batchItems = 500
const forgottenAfterMs = 10 * 60_000
const lastTriesMs = 3_000
const pauseMs = 100
/** Of those that are found nowhere else, and of those that are new. */
const mostKept = 50_000

type Whom = 'fresh' | 'due' | 'all'

interface Open {
  readonly batch: QuotaBatch
  readonly tallies: readonly Tally[]
}

export function createQuotaExchange(deps: QuotaExchangeDeps): QuotaExchange {
  const { store, monotonicNow, instances, all, forget, lost = () => {} } = deps
  /** Sent, the first at least, and not known to be counted. */
  const open: Open[] = []
  const kept: Tally[] = []
  /** Whom a kick asks for, without a look at all the others; beyond so many the next look finds them. */
  const fresh: Tally[] = []
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let first: NodeJS.Timeout | undefined

  function isDue(tally: Tally, now: number): boolean {
    const age = now - tally.heardAt
    if (age >= laterMs * punctual) return tally.pending > 0 || tally.usedAt > tally.heardAt
    if (age < soonMs * punctual) return false
    const left = tally.most - tally.stored
    if (left <= 0) return tally.pending > 0
    return left * part <= tally.most || tally.pending * instances() * part >= left
  }

  function take(whom: Whom): Tally[] {
    const now = monotonicNow()
    const due = kept.splice(0)
    const begun = fresh.splice(0)
    if (whom === 'fresh')
      return due.concat(begun.filter((tally) => tally.book.get(tally.subject) === tally && isDue(tally, now)))
    for (const tally of all()) {
      if (whom === 'all' ? tally.pending > 0 : isDue(tally, now)) due.push(tally)
      else if (tally.pending === 0 && tally.told === 0 && now - tally.usedAt > forgottenAfterMs) forget(tally)
    }
    return due
  }

  function seal(tallies: readonly Tally[]): Open {
    const items = tallies.map((tally) => {
      const { subject, api, environment, monthMs, pending } = tally
      tally.told = pending
      tally.pending = 0
      return { subject, api, environment, monthMs, count: pending }
    })
    return { batch: { id: randomUUID(), items }, tallies }
  }

  /** Sends the first that is open; returns whether anybody answered. */
  async function send({ batch, tallies }: Open): Promise<boolean> {
    const askedAt = monotonicNow()
    const used = await store.add(batch).catch((error: unknown) => (isRefusal(error) ? [] : undefined))
    if (used === undefined) return false
    open.shift()
    if (used.length === 0) refuse({ batch, tallies }, askedAt)
    else hear(tallies, used, askedAt)
    return true
  }

  /** It is as old as the question: how long the answer takes is nobody's step. */
  function hear(tallies: readonly Tally[], used: readonly number[], askedAt: number): void {
    tallies.forEach((tally, index) => {
      tally.told = 0
      tally.stored = used[index] ?? tally.stored
      tally.heardAt = askedAt
    })
  }

  /** Nothing of it was counted. */
  function refuse({ batch: { items }, tallies }: Open, askedAt: number): void {
    if (items.length > 1) {
      const middle = items.length >> 1
      open.unshift(
        { batch: { id: randomUUID(), items: items.slice(0, middle) }, tallies: tallies.slice(0, middle) },
        { batch: { id: randomUUID(), items: items.slice(middle) }, tallies: tallies.slice(middle) },
      )
      return
    }
    // Here it counts all the same, until more is heard.
    hear(
      tallies,
      tallies.map(({ stored, told }) => stored + told),
      askedAt,
    )
    lost(items.reduce((sum, { count }) => sum + count, 0))
  }

  function run(whom: Whom = 'due'): Promise<void> {
    running ??= sendAll(whom).finally(() => {
      running = undefined
    })
    return running
  }

  async function sendAll(whom: Whom): Promise<void> {
    if (!(await sendOpen())) return
    const due = take(whom)
    while (due.length > 0) {
      open.push(seal(due.splice(-batchItems)))
      if (await sendOpen()) continue
      for (const tally of due) keep(tally)
      return
    }
  }

  async function sendOpen(): Promise<boolean> {
    for (let [first] = open; first !== undefined; [first] = open) if (!(await send(first))) return false
    return true
  }

  /** Of those that are found nowhere else; the others are found again. */
  function keep(tally: Tally): void {
    if (tally.pending === 0 || tally.book.get(tally.subject) === tally) return
    if (kept.length >= mostKept) lost(tally.pending)
    else kept.push(tally)
  }

  function waiting(): number {
    let sum = 0
    for (const tally of all()) sum += tally.pending
    for (const tally of kept) sum += tally.pending
    for (const { batch } of open) for (const { count } of batch.items) sum += count
    return sum
  }

  return {
    start() {
      timer = setInterval(() => void run(), soonMs)
      timer.unref()
    },
    async stop() {
      clearInterval(timer)
      clearTimeout(first)
      first = undefined
      const endsAt = performance.now() + lastTriesMs
      await run('all')
      while (waiting() > 0 && performance.now() < endsAt) {
        await run('all')
        if (waiting() > 0) await sleep(pauseMs)
      }
      lost(waiting())
    },
    run: () => run(),
    kick(tally) {
      if (fresh.length < mostKept) fresh.push(tally)
      first ??= setTimeout(() => {
        first = undefined
        void run('fresh')
      }, atFirstMs).unref()
    },
    keep,
    waiting,
  }
}

/** What a server ends so that another may go on (class 40) may succeed when it comes again. */
function isRefusal(error: unknown): boolean {
  return error instanceof StatementError && !error.code.startsWith('40')
}
