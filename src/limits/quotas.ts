// Quotas at work: how many requests of a merchant or key were let through in this calendar month (UTC), by all processes together.
// Synchronous for who asks: a request is judged by what was heard last, and what this process has let through since. What it lets
// through it hands on, and hears of the others, in one question to Postgres, once in a while for those who are far from
// their quota, and each second for those who are near it. So what all let through beyond is at most what comes in about that second.

import type { Quota } from '../config/quotas.ts'
import { monthOf, quotaFor } from '../config/quotas.ts'
import type { CredentialRecord } from '../credentials/record.ts'
import { createQuotaExchange, type QuotaStore } from './quota-exchange.ts'
import { partitionOf } from './partition.ts'
import { keySubject } from './subject.ts'
import { Tally } from './tally.ts'

export interface QuotaUser {
  readonly quotas: readonly Quota[]
  readonly environment: string
  readonly record: CredentialRecord
}

/** How a caller stands. */
export interface QuotaStanding {
  /** The quota that is used up; undefined: none is. */
  readonly quota: Quota | undefined
  /** Seconds until the month ends, where it is. */
  readonly retryAfterSeconds: number
  /** Seconds until the month ends. */
  readonly leftSeconds: number
  /** Of `RateLimit-Policy` and `RateLimit`, where it is let through. */
  readonly policy: string
  readonly state: string
  /** What counts the request, if it is let through. */
  readonly tallies: readonly Tally[]
}

export interface Quotas {
  /** Counts nothing. */
  look(user: QuotaUser): QuotaStanding
  /** A request was let through. */
  count(tallies: readonly Tally[]): void
}

/** The same for who is no client: nobody is counted. */
export const nobodyHasQuotas: Quotas = {
  look: () => ({
    quota: undefined,
    retryAfterSeconds: 0,
    leftSeconds: 0,
    policy: '',
    state: '',
    tallies: [],
  }),
  count() {},
}

export interface QuotasDeps {
  readonly store: QuotaStore
  /** Milliseconds since the epoch, by the clock that all have. */
  readonly now: () => number
  readonly monotonicNow: () => number
  readonly instances: () => number
  /** Told of requests that were let through and will never be counted. */
  readonly lost?: (requests: number) => void
}

export interface RunningQuotas extends Quotas {
  start(): void
  /** Hands on what was counted; tries for 3 s. */
  stop(): Promise<void>
  /** The same once, now. Never rejects. */
  exchange(): Promise<void>
  figures(): { readonly counted: number; readonly waiting: number; readonly usedUp: number }
}

/** Whom a process counts at most; of more, those are forgotten that came first, and asked for anew when they come again. */
export const mostTallies = 200_000
export const forgottenAtOnce = 1_000
/** At most, for so many. */
const lookedAt = 20_000

/** Begins with nothing known. */
export function createQuotas(deps: QuotasDeps): RunningQuotas {
  const { now, monotonicNow } = deps
  /** By API, environment, and what is counted by. */
  const books = new Map<string, Map<string, Tally>>()
  const places = new WeakMap<Quota, Map<string, Map<string, Tally>>>()
  const exchange = createQuotaExchange({ ...deps, all: allTallies, forget })
  let month = { startMs: 0, endMs: 0 }
  let held = 0

  function* allTallies(): Iterable<Tally> {
    for (const book of books.values()) yield* book.values()
  }

  function bookOf(quota: Quota, environment: string): Map<string, Tally> {
    let known = places.get(quota)
    if (known === undefined) places.set(quota, (known = new Map()))
    let book = known.get(environment)
    if (book !== undefined) return book
    const place = `${quota.api}/${environment}/${quota.per}`
    book = books.get(place) ?? new Map<string, Tally>()
    books.set(place, book)
    known.set(environment, book)
    return book
  }

  function forget(tally: Tally): void {
    if (tally.book.get(tally.subject) !== tally) return
    tally.book.delete(tally.subject)
    held--
  }

  /**
   * Of the book that has most: one that was begun a moment ago may have none. Those go first of whom all is stored, and who have something
   * left; none of the request in hand does.
   */
  function makeRoom(inHand: readonly Tally[]): void {
    let largest: Map<string, Tally> | undefined
    for (const book of books.values()) if (book.size > (largest?.size ?? 0)) largest = book
    if (largest === undefined) return
    // One walk for many, as a map's beginning is full of holes then.
    if (forgetSome(largest, (tally) => tally.isIdle && !inHand.includes(tally)) === 0)
      forgetSome(largest, (tally) => !inHand.includes(tally))
  }

  function forgetSome(book: Map<string, Tally>, isOne: (tally: Tally) => boolean): number {
    let [forgotten, looked] = [0, 0]
    for (const tally of book.values()) {
      if (forgotten >= forgottenAtOnce || looked++ >= lookedAt) break
      if (!isOne(tally)) continue
      forget(tally)
      exchange.keep(tally)
      forgotten++
    }
    return forgotten
  }

  function tallyOf(quota: Quota, { environment, record }: QuotaUser, inHand: readonly Tally[]): Tally {
    const book = bookOf(quota, environment)
    const subject = quota.per === 'key' ? keySubject(record) : record.merchantId
    let tally = book.get(subject)
    if (tally !== undefined && tally.monthMs !== month.startMs) {
      forget(tally)
      exchange.keep(tally)
      tally = undefined
    }
    if (tally === undefined) {
      if (held >= mostTallies) makeRoom(inHand)
      tally = new Tally({ subject, api: quota.api, environment, monthMs: month.startMs }, book)
      book.set(subject, tally)
      held++
      exchange.kick(tally)
    }
    return tally
  }

  return {
    look(user) {
      const at = now()
      if (at < month.startMs || at >= month.endMs) month = monthOf(at)
      const merchant = user.record.limits?.merchant ?? null
      const windowSeconds = (month.endMs - month.startMs) / 1_000
      const leftSeconds = Math.max(1, Math.ceil((month.endMs - at) / 1_000))
      const tallies: Tally[] = []
      const askedAt = monotonicNow()
      let usedUp: Quota | undefined
      let policy = ''
      let state = ''
      for (const quota of user.quotas) {
        const tally = tallyOf(quota, user, tallies)
        const most = quotaFor(quota, merchant)
        if (tally.most !== most || tally.name !== quota.name) {
          tally.most = most
          tally.name = quota.name
          if (tally.partition === '') tally.partition = partitionOf(quota.per, tally.subject)
          tally.policy = `${policyItem(quota.name, most, windowSeconds)}${tally.partition}`
        }
        tally.usedAt = askedAt
        tallies.push(tally)
        const left = Math.max(0, most - tally.used)
        if (left === 0) usedUp ??= quota
        policy = policy === '' ? tally.policy : `${policy}, ${tally.policy}`
        // This one is about to be counted.
        state += `${state === '' ? '' : ', '}${stateItem(tally, Math.max(0, left - 1), leftSeconds)}`
      }
      return {
        quota: usedUp,
        retryAfterSeconds: usedUp === undefined ? 0 : leftSeconds,
        ...{ leftSeconds, policy, state, tallies },
      }
    },
    count(tallies) {
      for (const tally of tallies) tally.pending++
    },
    start: exchange.start,
    stop: exchange.stop,
    exchange: exchange.run,
    figures() {
      let usedUp = 0
      for (const tally of allTallies()) if (tally.most > 0 && tally.used >= tally.most) usedUp++
      return { counted: held, waiting: exchange.waiting(), usedUp }
    },
  }
}

/** `RateLimit` of a request that was refused: before it was counted, or, by an upstream's fault, behind it. */
export function stateNow({ tallies, leftSeconds }: QuotaStanding): string {
  return tallies
    .map((tally) => stateItem(tally, Math.max(0, tally.most - tally.used), leftSeconds))
    .join(', ')
}

/** `RateLimit-Policy` as the file says it, of who is not known. */
export function policyOfQuotas(quotas: readonly Quota[], nowMs: number): string {
  const { startMs, endMs } = monthOf(nowMs)
  return quotas.map(({ name, requests }) => policyItem(name, requests, (endMs - startMs) / 1_000)).join(', ')
}

function policyItem(name: string, most: number, windowSeconds: number): string {
  return `"${name}";q=${most};w=${windowSeconds}`
}

function stateItem({ name, partition }: Tally, left: number, seconds: number): string {
  return `"${name}";r=${left};t=${seconds}${partition}`
}
