// The targets of an upstream under one configuration, and which of them a request goes to: of those that are available the
// one with least under way for its weight, and where several have as little, each in its turn by weight.

import { performance } from 'node:perf_hooks'
import type { Target } from './target.ts'

export interface Weighted {
  readonly target: Target
  /** Its share; 0: it gets no requests, and what it has comes to its end. */
  readonly weight: number
}

export interface Targets {
  /** The one for a request. */
  choose(): Target
  /** One that is not among `tried`, takes connections as far as is known, and `suits`; undefined: there is none. */
  other(tried: readonly Target[], suits?: (target: Target) => boolean): Target | undefined
  all(): readonly Weighted[]
  /** Puts others in their place: at least one. */
  set(next: readonly Weighted[]): void
  /** From now on they are told whether there are others: until then they are another configuration's, perhaps. */
  begin(): void
}

interface Seat extends Weighted {
  /** What it is owed, by its weight, of what went to those beside it. */
  turn: number
}

/** One that comes back begins with a tenth of its weight: all that came before would else be sent to it at once. */
const slowStartMs = 10_000
const leastShare = 0.1

/** The better, the less: available; available and full; not available, so that where none is all are tried. */
const ranks = { available: 0, full: 1, unavailable: 2 } as const

/** `first`: at least one, of which one has a weight. */
export function createTargets(first: readonly Weighted[]): Targets {
  let all: readonly Weighted[] = []
  let seats: readonly Seat[] = []
  /** Nearly every upstream has one target, which needs no choice. */
  let only: Target | undefined
  let hasBegun = false

  function set(next: readonly Weighted[]): void {
    all = next
    seats = next.filter(({ weight }) => weight > 0).map((one) => ({ ...one, turn: 0 }))
    only = seats.length === 1 ? seats[0]?.target : undefined
    if (hasBegun) tellThem()
  }

  function tellThem(): void {
    for (const { target } of seats) target.watch(only === undefined)
  }
  set(first)

  return {
    choose() {
      const chosen = only ?? best(seats, noneTried)
      if (chosen === undefined) throw new Error('an upstream without targets')
      return chosen
    },
    other(tried, suits) {
      if (only !== undefined) return undefined
      const suitable = suits === undefined ? seats : seats.filter(({ target }) => suits(target))
      const other = best(suitable, tried)
      return other?.isAvailable() === true ? other : undefined
    },
    all: () => all,
    set,
    begin() {
      hasBegun = true
      tellThem()
    },
  }
}

const noneTried: readonly Target[] = []

function best(seats: readonly Seat[], tried: readonly Target[]): Target | undefined {
  const now = performance.now()
  let leastRank: number = ranks.unavailable
  let leastLoad = Number.POSITIVE_INFINITY
  for (const seat of seats) {
    if (tried.includes(seat.target)) continue
    const rank = rankOf(seat.target)
    const load = loadOf(seat, now)
    if (rank > leastRank || (rank === leastRank && load >= leastLoad)) continue
    leastRank = rank
    leastLoad = load
  }
  let chosen: Seat | undefined
  let sum = 0
  for (const seat of seats) {
    if (tried.includes(seat.target) || rankOf(seat.target) !== leastRank || loadOf(seat, now) !== leastLoad)
      continue
    const weight = weightOf(seat, now)
    sum += weight
    seat.turn += weight
    if (chosen === undefined || seat.turn > chosen.turn) chosen = seat
  }
  if (chosen !== undefined) chosen.turn -= sum
  return chosen?.target
}

function rankOf(target: Target): number {
  if (!target.isAvailable()) return ranks.unavailable
  return target.connections.isFull() ? ranks.full : ranks.available
}

function loadOf(seat: Seat, now: number): number {
  return seat.target.connections.inFlight() / weightOf(seat, now)
}

function weightOf({ target, weight }: Seat, now: number): number {
  const returnedAt = target.returnedAt()
  if (returnedAt === 0 || now - returnedAt >= slowStartMs) return weight
  return weight * Math.max(leastShare, (now - returnedAt) / slowStartMs)
}
