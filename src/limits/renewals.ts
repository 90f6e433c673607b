// Keeps a process's counts in step with all others': tells what it has let through, leases what it will need soon, and gives
// back what it did not. Many callers go in one question, none of which a request waits for. A question that is not answered
// in a blink means that contact is lost; from then on a small one is asked at times, until one is answered soon again.
//
// A lease ends soon. So what is let through under it is late by that much at most, and all instances together never let
// through more than the burst and what the rate brings in a window longer by that much.

import type { Count } from './count.ts'
import { isSeldom } from './seldom.ts'
import { lapse } from './spend.ts'

/** What is told and asked of one caller under one limit; times in milliseconds from now on. */
export interface LeaseItem {
  readonly place: string
  readonly intervalMs: number
  readonly burst: number
  /** Let through and not counted. */
  readonly spent: number
  readonly unused: number
  readonly wanted: number
  /** When all of the burst is there again, as far as is known here; null: who counts for all knows better. */
  readonly fullInMs: number | null
}

export interface LeaseAnswer {
  readonly granted: number
  readonly fullInMs: number
}

/** Who counts for all. */
export interface LeaseStore {
  /** An answer for each item; undefined: none came in time. Never rejects. */
  lease(items: readonly LeaseItem[], deadlineMs: number): Promise<readonly LeaseAnswer[] | undefined>
  /** Has `heard` called where little is left of a place that seldom has more, with when it is full, from now. */
  heed(heard: (place: string, fullInMs: number) => void): void
  /** Whether an answer comes in time. Never rejects. */
  reaches(deadlineMs: number): Promise<boolean>
}

export interface RenewalsDeps {
  /** null: there is nobody. */
  readonly store: LeaseStore | null
  readonly instances: () => number
  readonly monotonicNow: () => number
}

export interface Renewals {
  readonly contact: MutableContact
  /** To be called with each request of a caller under a limit, let through or not. */
  used(count: Count, now: number, hasPassed: boolean): void
  /** To be called at times of each count: whether it may be forgotten. */
  isOver(count: Count, now: number): boolean
  /** Begins to look for contact. */
  start(): void
  /** Tells of all that these owe and have leased; resolves when that has been heard, or contact is lost. */
  stop(counts: Iterable<Count>): Promise<void>
}

export interface MutableContact {
  isNear: boolean
  losses: number
  instances: number
}

/** Longest life of a lease, from when it was asked for. */
export const leaseMs = 400
/** A lease is for what comes in about this time. */
const aheadMs = 100
/** How quickly what comes is measured. */
const measuredMs = 250
/** Questions are gathered for so long. */
const gatherMs = 5
/** Later answers mean that contact is lost. */
const deadlineMs = 60
const probeEveryMs = 250
/** Callers in a question, and questions at once. */
const batch = 500
const mostAtOnce = 8
/** Who has nothing left asks so often at most, and at least. */
const shortest = 20
const longest = 250

/** Nobody is asked before `start`. */
export function createRenewals({ store, instances, monotonicNow }: RenewalsDeps): Renewals {
  const contact: MutableContact = { isNear: false, losses: 0, instances: 1 }
  let due: Count[] = []
  let underWay = 0
  let timer: NodeJS.Timeout | undefined
  let probing: NodeJS.Timeout | undefined
  let isStopped = false

  function lost(): void {
    if (!contact.isNear) return
    contact.isNear = false
    contact.losses++
    for (const count of due) count.standing = 'quiet'
    due = []
  }

  function enqueue(count: Count, from: number): void {
    count.standing = 'due'
    count.askFrom = from
    due.push(count)
    timer ??= setTimeout(flush, gatherMs)
    timer.unref()
  }

  function flush(): void {
    timer = undefined
    const now = monotonicNow()
    const ready: Count[] = []
    const later: Count[] = []
    for (const count of due) {
      const isReady = count.askFrom <= now && ready.length < batch
      ;(isReady ? ready : later).push(count)
    }
    due = later
    if (ready.length > 0 && underWay < mostAtOnce) void ask(ready, now)
    else if (ready.length > 0) due.push(...ready)
    if (due.length === 0) return
    timer = setTimeout(flush, gatherMs)
    timer.unref()
  }

  async function ask(counts: readonly Count[], now: number): Promise<void> {
    if (store === null) return
    underWay++
    const items = counts.map((count) => itemOf(count, now, contact.losses))
    const { losses } = contact
    const answers = await store.lease(items, deadlineMs).catch(() => undefined)
    underWay--
    // Lost meanwhile: what it told may have been counted, and what it brings may be from before. Contact may be back since.
    if (answers === undefined || losses !== contact.losses) {
      for (const count of counts) {
        count.standing = 'quiet'
        count.owed += count.told
        count.told = 0
      }
      if (losses === contact.losses) lost()
      return
    }
    counts.forEach((count, index) => {
      const answer = answers[index]
      if (answer !== undefined && items[index]?.place === count.place) take(count, answer, now)
      else notTaken(count)
    })
  }

  function take(count: Count, { granted, fullInMs }: LeaseAnswer, askedAt: number): void {
    const now = monotonicNow()
    count.standing = 'quiet'
    count.told = 0
    count.contact = contact.losses
    count.fullAt = askedAt + fullInMs
    if (count.leased > 0 && now >= count.leasedUntil) lapse(count)
    count.leased += granted
    if (granted > 0) count.leasedUntil = askedAt + leaseMs
    // What was let through while the answer was on its way.
    if (count.owed > 0) enqueue(count, now)
  }

  /** Its rate has changed meanwhile, and the answer is about what it was before. */
  function notTaken(count: Count): void {
    count.standing = 'quiet'
    enqueue(count, monotonicNow())
  }

  async function probe(): Promise<void> {
    contact.instances = Math.max(1, instances())
    if (store === null || isStopped) return
    if (!contact.isNear && (await store.reaches(deadlineMs).catch(() => false))) contact.isNear = !isStopped
  }

  return {
    contact,
    used(count, now, hasPassed) {
      count.asked++
      if (!hasPassed) count.missed++
      if (count.standing !== 'quiet' || !contact.isNear) return
      if (count.owed > 0 || count.unused > 0) enqueue(count, now)
      else if (!hasPassed) enqueue(count, now + pauseOf(count, contact.instances))
      // Ahead of need.
      else if (isRunningLow(count)) enqueue(count, now)
    },
    isOver(count, now) {
      if (count.leased > 0 && now >= count.leasedUntil) lapse(count)
      const isToTell = count.unused > 0 || count.owed > 0
      if (isToTell && !contact.isNear) count.unused = 0
      else if (isToTell && count.standing === 'quiet') enqueue(count, now)
      return count.isIdle(now)
    },
    start() {
      void probe()
      probing = setInterval(() => void probe(), probeEveryMs)
      probing.unref()
    },
    async stop(counts) {
      isStopped = true
      clearInterval(probing)
      clearTimeout(timer)
      timer = undefined
      due = []
      const open = [...counts].filter((count) => {
        lapse(count)
        return count.owed + count.unused > 0 && count.standing !== 'asking'
      })
      for (let at = 0; at < open.length && contact.isNear; at += batch) {
        await ask(open.slice(at, at + batch), monotonicNow())
      }
      contact.isNear = false
    },
  }
}

function isRunningLow({ leased, pace, allowance }: Count): boolean {
  if (isSeldom(allowance)) return false
  const needed = pace * aheadMs
  return needed >= 1 && leased * 2 < needed
}

/** Until there is likely to be something for this instance. */
function pauseOf({ allowance }: Count, instances: number): number {
  return Math.min(longest, Math.max(shortest, allowance.intervalMs * instances))
}

function itemOf(count: Count, now: number, losses: number): LeaseItem {
  const { place, allowance, fullAt } = count
  const elapsed = now - count.askedSince
  const pace = count.asked / Math.max(elapsed, measuredMs)
  if (elapsed >= measuredMs) {
    count.pace = pace
    count.asked = 0
    count.askedSince = now
  } else count.pace = Math.max(count.pace, pace)
  // Who comes seldom, and then with many at once, has no pace yet.
  const wanted = isSeldom(allowance)
    ? 0
    : Math.max(Math.round(count.pace * aheadMs) - count.leased, count.missed)
  const item = {
    place,
    intervalMs: allowance.intervalMs,
    burst: allowance.burst,
    spent: count.owed,
    unused: count.unused,
    wanted: Math.min(Math.max(0, wanted), allowance.burst),
    // Longer ago than anybody could need, as nothing is infinite in a question.
    fullInMs: count.contact === losses ? null : Math.max(fullAt - now, -1e9),
  }
  count.told = count.owed
  count.owed = 0
  count.unused = 0
  count.missed = 0
  count.standing = 'asking'
  return item
}
