// Whether a caller may make one more request, by what this process knows, at once and without asking anybody.
//
// With contact, it spends what it has leased: that is counted already. Where it has no lease yet it may run up a debt, which is
// counted as soon as it is told of: up to its share of what there is, so that all instances together let through no more than
// there is, however suddenly a caller comes to all of them. Without contact it counts by itself, and each request as many times as
// there are instances: so together they keep to the limit.

import type { Allowance } from '../config/compiled.ts'
import { type Count, unheard } from './count.ts'
import { charged, levelOf } from './gcra.ts'
import { isSeldom } from './seldom.ts'

/** How a process stands to the others. */
export interface Contact {
  /** Whether what all count is heard of soon. */
  readonly isNear: boolean
  /** How often contact was lost. */
  readonly losses: number
  /** Those that serve requests, this one included. */
  readonly instances: number
}

interface Change {
  readonly now: number
  readonly place: string
}

/** Whether one more may pass. */
export function hasRoom(count: Count, now: number, { isNear, instances }: Contact): boolean {
  if (count.leased > 0) {
    if (now < count.leasedUntil) return true
    lapse(count)
  }
  if (!isNear) {
    // Nobody may ever hear of what it owes.
    if (count.owed > 0) countAlone(count, now, count.owed * instances)
    count.owed = 0
    return levelOf(count.allowance, count.fullAt, now) >= 1
  }
  const level = levelOf(count.allowance, count.fullAt, now)
  const owed = count.owed + count.told
  if (owed + 1 <= level / instances) return true
  // Who comes after a pause is not refused for want of a lease.
  return owed === 0 && level >= 1 && (count.standing === 'quiet' || isSeldom(count.allowance))
}

/** Counts one more, which has room. */
export function spend(count: Count, now: number, { isNear, instances }: Contact): void {
  if (count.leased > 0) count.leased--
  else if (isNear) count.owed++
  else countAlone(count, now, instances)
}

/** A lease has ended. */
export function lapse(count: Count): void {
  count.unused += count.leased
  count.leased = 0
}

/**
 * Its allowance is another from now on. Of another rate the instant would say another number of requests: what was used stays used, and
 * goes along to another place, where nobody may have told of it yet.
 */
export function changeAllowance(count: Count, allowance: Allowance, { now, place }: Change): void {
  const { intervalMs } = count.allowance
  count.allowance = allowance
  if (intervalMs === allowance.intervalMs) return
  if (count.fullAt > now) count.fullAt = now + ((count.fullAt - now) * allowance.intervalMs) / intervalMs
  lapse(count)
  // Of a question that is under way nothing is taken: what it told was told elsewhere.
  count.owed += count.told
  count.told = 0
  count.contact = unheard
  count.place = place
}

/** The others are taken to do the same, and will have to hear of it. */
function countAlone(count: Count, now: number, requests: number): void {
  count.fullAt = charged(count.fullAt, now, requests * count.allowance.intervalMs)
  count.contact = unheard
}

/** When all of the burst is there again for who asks now: without what is leased and not spent, with what is owed. */
export function fullAgainAt(count: Count, now: number): number {
  const others = count.owed + count.told - count.leased
  return charged(count.fullAt, now, others * count.allowance.intervalMs)
}
