// Rate limits at work: who asks is counted under every limit that fits the route, and refused by the first that is used up,
// in which case none of them counts it. Synchronous, and without a question to anybody: renewals.ts keeps the counts in step
// with those of all other instances.
//
// Counts are found by names, and so outlive the table: a reload loses none.

import type { Allowance, RateLimit } from '../config/compiled.ts'
import { clientNetwork, ownCopy } from '../config/request/addresses.ts'
import { allowanceOf } from '../config/rate-limits.ts'
import type { CallerLimits, RateOverride } from '../credentials/caller-limits.ts'
import type { CredentialRecord } from '../credentials/record.ts'
import { Count, partsOf, placeOf } from './count.ts'
import { levelOf, waitMs } from './gcra.ts'
import type { InFlightStore } from './in-flight-store.ts'
import { createInFlight } from './in-flight.ts'
import { createNews } from './news.ts'
import { partitionOf } from './partition.ts'
import { createRenewals, type LeaseStore, type RenewalsDeps } from './renewals.ts'
import { changeAllowance, fullAgainAt, hasRoom, spend } from './spend.ts'
import { keySubject } from './subject.ts'

/** Who asks, and which limits fit. */
export interface Spender {
  readonly limits: readonly RateLimit[]
  /** Name of the environment; empty: not known, as nobody is. */
  readonly environment: string
  /** undefined: nobody is known. */
  readonly record: CredentialRecord | undefined
  readonly client: string
}

export interface Spent {
  /** The limit that is used up; undefined: none is. */
  readonly limit: RateLimit | undefined
  /** Seconds until it may be asked again; 0: now. */
  readonly retryAfterSeconds: number
  /** `RateLimit-Policy` and `RateLimit`; empty: no limit that tells anything. */
  readonly policy: string
  readonly state: string
}

export interface Limiter {
  /** Counts a request, or finds the limit that refuses it. */
  spend(spender: Spender): Spent
  /** Counts a request as under way; false: it is one too many. To be ended by `leave`. */
  enter(record: CredentialRecord): boolean
  leave(record: CredentialRecord): void
}

/** The same for who is no client: nobody is counted. */
export const nobodyIsLimited: Limiter = {
  spend: () => ({ limit: undefined, retryAfterSeconds: 0, policy: '', state: '' }),
  enter: () => true,
  leave() {},
}

export interface LimiterDeps extends RenewalsDeps {
  readonly store: LeaseStore | null
  /** Who knows what is under way elsewhere; nobody, unless said. */
  readonly underWay?: InFlightStore | null
  /** Told of each request that a limit has refused, or would have. */
  readonly refused?: (limit: RateLimit) => void
}

export interface RunningLimiter extends Limiter {
  start(): void
  stop(): Promise<void>
  /** Callers that are counted. */
  size(): number
  /** Whether all instances count together at the moment. */
  isNear(): boolean
}

/** The counts of one limit in one environment. */
interface Meter {
  readonly counts: Map<string, Count>
  readonly place: string
  /** Where the last look for what is over has come to. */
  looking: IterableIterator<Count> | undefined
}

/** One limit of a list, with its meter. */
interface Line {
  readonly limit: RateLimit
  readonly meter: Meter
  /** What is told where it counts nobody. */
  readonly policyOfNobody: string
}

interface Book {
  readonly lines: readonly Line[]
}

/** Callers that are counted, under all limits together, at most: of more, those are forgotten that came first. */
export const mostCounts = 200_000
const forgottenAtOnce = 1_000
const lookEveryMs = 1_000
/** Of each meter, in a look. */
const lookedAt = 20_000

/** Begins with nothing counted. */
export function createLimiter(deps: LimiterDeps): RunningLimiter {
  const { monotonicNow, refused = () => {} } = deps
  const renewals = createRenewals(deps)
  const { contact } = renewals
  const meters = new Map<string, Meter>()
  const books = new WeakMap<readonly RateLimit[], Map<string, Book>>()
  const news = createNews()
  deps.store?.heed(hear)
  /** Of the request in hand: by line; undefined: the limit does not count it. */
  const found: (Count | undefined)[] = []
  /** All counts of all meters. */
  let held = 0
  let looking: NodeJS.Timeout | undefined

  function bookOf(limits: readonly RateLimit[], environment: string): Book {
    let known = books.get(limits)
    if (known === undefined) books.set(limits, (known = new Map()))
    let book = known.get(environment)
    if (book === undefined) known.set(environment, (book = openBook(limits, environment)))
    return book
  }

  function openBook(limits: readonly RateLimit[], environment: string): Book {
    const lines = limits.map((limit) => ({
      limit,
      meter: meterOf(limit, environment),
      policyOfNobody: policyItem(limit.name, limit.allowance),
    }))
    return { lines }
  }

  function meterOf({ api, name, per }: RateLimit, environment: string): Meter {
    const place = `${api}/${environment}/${name}/${per}/`
    let meter = meters.get(place)
    if (meter === undefined) meters.set(place, (meter = { counts: new Map(), place, looking: undefined }))
    return meter
  }

  function countOf({ limit, meter }: Line, spender: Spender, now: number): Count | undefined {
    const subject = subjectOf(limit, spender)
    if (subject === undefined) return undefined
    const { counts, place } = meter
    const said = spender.record?.limits
    const allowance = said === null || said === undefined ? limit.allowance : allowanceFor(limit, said)
    let count = counts.get(subject)
    if (count === undefined) {
      if (held >= mostCounts) forgetFirst()
      const name = limit.per === 'client' ? ownCopy(subject) : subject
      count = new Count(place, name, { allowance, now, contact: contact.losses })
      count.fullAt = news.fullAtOf(count.place)
      counts.set(name, count)
      held++
    } else if (count.allowance !== allowance)
      changeAllowance(count, allowance, { now, place: placeOf(place, count.subject, allowance) })
    return count
  }

  /** By what others have told it may have less than it was thought to; of more they would have told themselves. */
  function hear(place: string, fullInMs: number): void {
    const fullAt = monotonicNow() + fullInMs
    const count = countAt(place)
    if (count === undefined) news.take(place, fullAt)
    else if (count.fullAt < fullAt && count.contact === contact.losses) count.fullAt = fullAt
  }

  function countAt(place: string): Count | undefined {
    const { under, subject } = partsOf(place)
    const count = meters.get(under)?.counts.get(subject)
    return count?.place === place ? count : undefined
  }

  /** Of the limit that has most: the map of one that was begun a moment ago may have none. */
  function forgetFirst(): void {
    let largest: Meter | undefined
    for (const meter of meters.values())
      if (largest === undefined || meter.counts.size > largest.counts.size) largest = meter
    if (largest === undefined) return
    const { counts } = largest
    let left = forgottenAtOnce
    // One walk for many, as a map's beginning is full of holes then.
    for (const first of counts.keys()) {
      if (left-- <= 0) return
      if (counts.delete(first)) held--
    }
  }

  function look(): void {
    const now = monotonicNow()
    news.look(now)
    for (const meter of meters.values()) {
      meter.looking ??= meter.counts.values()
      for (let looked = 0; looked < lookedAt; looked++) {
        const next = meter.looking.next()
        if (next.done === true) {
          meter.looking = undefined
          break
        }
        if (renewals.isOver(next.value, now) && meter.counts.delete(next.value.subject)) held--
      }
    }
  }

  const underWay = createInFlight({
    ...{ store: deps.underWay ?? null, monotonicNow, instances: () => contact.instances },
  })

  return {
    enter: underWay.enter,
    leave: underWay.leave,
    spend(spender) {
      const { lines } = bookOf(spender.limits, spender.environment)
      const now = monotonicNow()
      let used: Line | undefined
      let retryAfterMs = 0
      for (const [index, line] of lines.entries()) {
        const count = countOf(line, spender, now)
        found[index] = count
        if (count === undefined || hasRoom(count, now, contact)) continue
        refused(line.limit)
        renewals.used(count, now, false)
        if (line.limit.isShadow) found[index] = undefined
        else if (used === undefined) {
          used = line
          retryAfterMs = waitMs(count.allowance, fullAgainAt(count, now), now)
        }
      }
      let state = ''
      let policy = ''
      for (const [index, { limit, policyOfNobody }] of lines.entries()) {
        const count = found[index]
        if (!limit.isShadow)
          policy = together(policy, count === undefined ? policyOfNobody : policyFor(limit, count))
        if (count === undefined) continue
        if (used === undefined) {
          spend(count, now, contact)
          renewals.used(count, now, true)
        }
        if (!limit.isShadow) state = together(state, stateOf(limit.name, count, now))
      }
      // Nothing may come sooner than a second from now, as nothing smaller can be said.
      const retryAfterSeconds = used === undefined ? 0 : Math.max(1, Math.ceil(retryAfterMs / 1_000))
      return {
        limit: used?.limit,
        retryAfterSeconds,
        policy,
        state,
      }
    },
    start() {
      renewals.start()
      underWay.start()
      looking = setInterval(look, lookEveryMs)
      looking.unref()
    },
    async stop() {
      clearInterval(looking)
      await underWay.stop()
      await renewals.stop([...meters.values()].flatMap(({ counts }) => [...counts.values()]))
    },
    size: () => held,
    isNear: () => contact.isNear,
  }
}

/** By what is said of callers, then of limits. */
const overrides = new WeakMap<CallerLimits, WeakMap<RateLimit, Allowance>>()

/** What counts for a caller of whom something is said: of the key, else of its merchant, else of its plan. */
function allowanceFor(limit: RateLimit, said: CallerLimits): Allowance {
  let known = overrides.get(said)
  if (known === undefined) overrides.set(said, (known = new WeakMap()))
  let allowance = known.get(limit)
  if (allowance === undefined) known.set(limit, (allowance = workOut(limit, said)))
  return allowance
}

function workOut({ name, per, allowance, ofPlans }: RateLimit, { rates, merchant }: CallerLimits): Allowance {
  if (per === 'client') return allowance
  const said = (per === 'key' ? own(rates, name) : undefined) ?? own(merchant?.rates ?? {}, name)
  if (said !== undefined) return allowanceOf(said.rate, said.burst)
  return ofPlans.get(merchant?.plan ?? '') ?? allowance
}

function own(rates: Readonly<Record<string, RateOverride>>, name: string): RateOverride | undefined {
  return Object.hasOwn(rates, name) ? rates[name] : undefined
}

function together(one: string, other: string): string {
  return one === '' ? other : `${one}, ${other}`
}

/** What is told of a limit to the caller that it counts: by its own allowance, with its partition. */
function policyFor({ name, per }: RateLimit, count: Count): string {
  if (count.policyOf !== count.allowance) {
    if (count.partition === '') count.partition = partitionOf(per, count.subject)
    count.policyOf = count.allowance
    count.policy = `${policyItem(name, count.allowance)}${count.partition}`
  }
  return count.policy
}

function subjectOf({ per }: RateLimit, { record, client }: Spender): string | undefined {
  if (per === 'client') return clientNetwork(client)
  return per === 'merchant' || record === undefined ? record?.merchantId : keySubject(record)
}

/** `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11, structured fields) as the file says it; empty: none is to be told. */
export function policyOf(limits: readonly RateLimit[]): string {
  const told = limits.filter(({ isShadow }) => !isShadow)
  return told.map(({ name, allowance }) => policyItem(name, allowance)).join(', ')
}

function policyItem(name: string, { quota, windowSeconds }: Allowance): string {
  return `"${name}";q=${quota};w=${windowSeconds}`
}

/** One item of `RateLimit`: what may come at once, and in how many seconds more will: all of it, or the first, where none is left. */
function stateOf(name: string, count: Count, now: number): string {
  const { allowance } = count
  const fullAt = fullAgainAt(count, now)
  const left = Math.floor(Math.min(allowance.burst, levelOf(allowance, fullAt, now)))
  if (left >= 1)
    return `"${name}";r=${left};t=${Math.max(0, Math.ceil((fullAt - now) / 1_000))}${count.partition}`
  return `"${name}";r=0;t=${Math.max(1, Math.ceil(waitMs(allowance, fullAt, now) / 1_000))}${count.partition}`
}
