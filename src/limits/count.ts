// What one process knows of one caller under one limit. There is none for who has not come lately: all of its burst is there.

import type { Allowance } from '../config/compiled.ts'
import { full } from './gcra.ts'

/** `due`: waits to be told of. `asking`: was told of, and the answer is not there yet. */
export type Standing = 'quiet' | 'due' | 'asking'

/** `Count.contact` of what others cannot know. */
export const unheard = -1

interface Beginning {
  readonly allowance: Allowance
  readonly now: number
  readonly contact: number
}

/** Where all instances count a caller under a limit, while its rate is that. */
export function placeOf(under: string, subject: string, { intervalMs }: Allowance): string {
  return `${under}${subject}@${intervalMs}`
}

/** A place's limit and caller: names of APIs, environments and limits have no slash, and callers may. */
export function partsOf(place: string): { readonly under: string; readonly subject: string } {
  let at = 0
  for (let slashes = 0; slashes < 4; slashes++) at = place.indexOf('/', at) + 1
  return { under: place.slice(0, at), subject: place.slice(at, place.lastIndexOf('@')) }
}

/** A class: there is one for each caller that is busy. Times are monotonic milliseconds. */
export class Count {
  readonly subject: string
  /** Where all instances count it: another rate is another count. */
  place: string
  allowance: Allowance
  /** When all of the burst is there again: as it was last heard, or as this process counts by itself. */
  fullAt = full
  /** Requests that this process may let through, as they are counted already. */
  leased = 0
  leasedUntil = full
  /** Leased, and no longer to be used: to be given back. */
  unused = 0
  /** Let through and not counted yet: not told of, and told of without an answer. */
  owed = 0
  told = 0
  /** Requests since `askedSince`, let through or not; and how many come in a millisecond. */
  asked = 0
  askedSince: number
  pace = 0
  standing: Standing = 'quiet'
  /** Refused since it was last told of. */
  missed = 0
  /** What its caller is told: its partition, and the policy for that allowance; empty: nothing yet. */
  partition = ''
  policy = ''
  policyOf: Allowance | undefined
  /** Not to be told of before. */
  askFrom = full
  /** Which loss of contact its `fullAt` is from before of; where it is not the last one, others may lack it. */
  contact: number

  /** `under`: the limit that it is a part of. */
  constructor(under: string, subject: string, { allowance, now, contact }: Beginning) {
    this.subject = subject
    this.place = placeOf(under, subject, allowance)
    this.allowance = allowance
    this.askedSince = now
    this.contact = contact
  }

  /** Whether nothing would be lost with it. */
  isIdle(now: number): boolean {
    return (
      this.standing === 'quiet' &&
      this.fullAt <= now &&
      this.leased === 0 &&
      this.owed === 0 &&
      this.unused === 0
    )
  }
}
