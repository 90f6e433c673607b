// Requests under way at once, by key and by merchant, where something is said of that. One count over all processes: each tells what it
// has under way as soon as that changes, and hears of the others, and no request waits for it. Between two answers it lets through a part of what
// was free by the last one. What passes at several processes within the same milliseconds may be too many: under a steady crowd a
// twentieth, and one for each process. Who hears of nobody lets its share of the whole number through.

import type { CredentialRecord } from '../credentials/record.ts'
import type { InFlightStore, Presence, PresenceAnswer } from './in-flight-store.ts'

export interface InFlight {
  /** Counts one; false: it is one too many, and was not counted. */
  enter(record: CredentialRecord): boolean
  /** One that was counted is over. */
  leave(record: CredentialRecord): void
  /** Begins to tell. */
  start(): void
  /** Tells once more, of what has ended. */
  stop(): Promise<void>
}

export interface InFlightDeps {
  /** null: there is nobody to tell. */
  readonly store: InFlightStore | null
  /** Those that serve, this one included. */
  readonly instances: () => number
  readonly monotonicNow: () => number
}

/** A key or merchant of which something is said, and that is busy. Times are monotonic milliseconds. */
interface Share {
  most: number
  /** As of the last answer: what this process may have without a word, and what the others had, and were granted. */
  claim: number
  others: number
  /** When that was asked; never: there is no answer. */
  heardAt: number
  /** Until then others may have more than they have told. */
  settledAt: number
  /** Waits to be told of. */
  isDue: boolean
  usedAt: number
  /** Refused since it was last told of. */
  missed: number
}

const never = Number.NEGATIVE_INFINITY
const unheard: Omit<Share, 'most'> = {
  ...{ claim: 0, others: 0, heardAt: never, settledAt: never },
  ...{ isDue: false, usedAt: never, missed: 0 },
}

/** What was told counts for so long without a word. */
export const lifeMs = 3_000
const tellEveryMs = 1_000
/** What was heard says something for so long. */
const heardForMs = 2_500
/** Changes are gathered for so long. */
const gatherMs = 5
const deadlineMs = 60
/** Who did not answer is not asked for so long. */
const quietMs = 250
/** After a first answer the others' first words may still be under way: until then only what is granted passes. */
const settledAfterMs = 3 * gatherMs
/** This part of what is free may pass before the next answer. */
const partOfFree = 3
/** Who has requests under way elsewhere is followed for so long after it was here. */
const followedMs = 60_000
const batch = 500
/** Of more, each process lets its share through. */
export const mostShares = 20_000

/** Begins with nobody. */
export function createInFlight({ store, instances, monotonicNow }: InFlightDeps): InFlight {
  const counts = new Map<string, number>()
  const shares = new Map<string, Share>()
  const due: string[] = []
  let isTelling = false
  let soon: NodeJS.Timeout | undefined
  let timer: NodeJS.Timeout | undefined
  let quietUntil = never

  function add(name: string, change: 1 | -1): void {
    const count = (counts.get(name) ?? 0) + change
    if (count > 0) counts.set(name, count)
    else counts.delete(name)
    const share = shares.get(name)
    if (share === undefined) return
    // Small steps of large numbers can wait for the next round.
    const step = Math.max(1, Math.floor(share.most / (4 * instances())))
    if (Math.abs(count - share.claim) >= step) enqueue(name, share)
  }

  function enqueue(name: string, share: Share): void {
    if (share.isDue || timer === undefined) return
    share.isDue = true
    due.push(name)
    soon ??= setTimeout(tellSoon, Math.max(gatherMs, quietUntil - monotonicNow())).unref()
  }

  function isFull(name: string, most: number | null, now: number): boolean {
    if (most === null) return false
    const has = counts.get(name) ?? 0
    const alone = Math.ceil(most / instances())
    const share = shareOf(name, most)
    if (share === undefined) return has >= alone
    share.most = most
    share.usedAt = now
    const isKnown = now - share.heardAt < heardForMs
    // What this process has itself is known to the last one.
    const isTooMany = has >= Math.min(most, isKnown ? mostNow(share, now) : alone)
    if (isTooMany) share.missed++
    if (isTooMany || !isKnown) enqueue(name, share)
    return isTooMany
  }

  function shareOf(name: string, most: number): Share | undefined {
    let share = shares.get(name)
    if (share === undefined && timer !== undefined && shares.size < mostShares)
      shares.set(name, (share = { ...unheard, most }))
    return share
  }

  function tellSoon(): void {
    soon = undefined
    if (!isTelling) void tell(due.splice(0))
  }

  function tellAll(): void {
    const now = monotonicNow()
    for (const [name, share] of shares) {
      const isOver = !counts.has(name) && share.claim === 0
      if (isOver && (share.others === 0 || now - share.usedAt > followedMs)) shares.delete(name)
      else enqueue(name, share)
    }
  }

  async function tell(names: readonly string[]): Promise<void> {
    isTelling = true
    for (let at = 0; at < names.length; at += batch) {
      const told = names.slice(at, at + batch).map(presenceOf)
      const askedAt = monotonicNow()
      const answers = await store?.tell(told, { lifeMs, deadlineMs }).catch(() => undefined)
      if (answers === undefined) quietUntil = monotonicNow() + quietMs
      for (const [index, presence] of told.entries()) hear(presence, answers?.[index], askedAt)
    }
    isTelling = false
    if (due.length > 0) soon ??= setTimeout(tellSoon, gatherMs).unref()
  }

  function presenceOf(subject: string): Presence {
    const share = shares.get(subject)
    const count = counts.get(subject) ?? 0
    if (share === undefined) return { subject, count, most: 0, wanted: 0 }
    const wanted = share.heardAt === never ? 0 : share.missed
    share.missed = 0
    share.isDue = false
    return { subject, count, most: share.most, wanted }
  }

  function hear({ subject, count }: Presence, answer: PresenceAnswer | undefined, askedAt: number): void {
    const share = shares.get(subject)
    if (share === undefined) return
    if (share.heardAt === never) share.settledAt = monotonicNow() + settledAfterMs
    share.heardAt = answer === undefined ? never : askedAt
    if (answer === undefined) return
    share.claim = count + answer.granted
    share.others = answer.others
  }

  return {
    enter({ keyId, merchantId, limits }) {
      if (limits !== null && limits !== undefined) {
        const now = monotonicNow()
        if (isFull(keyId, limits.inFlight, now)) return false
        if (isFull(merchantId, limits.merchant?.inFlight ?? null, now)) return false
      }
      add(keyId, 1)
      add(merchantId, 1)
      return true
    },
    leave({ keyId, merchantId }) {
      add(keyId, -1)
      add(merchantId, -1)
    },
    start() {
      if (store === null) return
      timer = setInterval(tellAll, tellEveryMs)
      timer.unref()
    },
    async stop() {
      if (timer === undefined) return
      clearInterval(timer)
      clearTimeout(soon)
      timer = undefined
      await tell([...shares.keys()])
    },
  }
}

/** By what was heard last. What has ended elsewhere since is not heard of yet: whoever has no more than its number under way is hardly ever refused. */
function mostNow({ most, claim, others, settledAt }: Share, now: number): number {
  if (now < settledAt) return claim
  const free = most - others - claim
  const slack = Math.max(1, Math.ceil(most / 20))
  return claim + Math.max(free > -slack ? 1 : 0, Math.ceil(free / partOfFree))
}
