// What holds those back who have no key, or one that nobody knows (misses.ts, pacing.ts), together.

import type { Limits } from '../config/compiled.ts'
import type { Denial } from '../errors/denial.ts'
import { entryOf } from '../errors/catalogue.ts'
import type { Inquiry } from './inquiry.ts'
import { createMisses, type Misses } from './misses.ts'
import { createPacer, type Pace, type Pacer, paces } from './pacing.ts'

export interface Strangers {
  readonly misses: Misses
  /** Refusals: those of unknown keys that a store was asked for, and the others. */
  readonly pacers: { readonly asked: Pacer; readonly unasked: Pacer }
}

/** Begins with nothing counted and nothing held; `monotonicNow` in milliseconds, `holding` is told of each that has to wait. */
export function boundStrangers(
  limits: Limits,
  monotonicNow: () => number,
  holding: (pace: keyof typeof paces) => void,
): Strangers {
  const pacerOf = (pace: keyof typeof paces) =>
    createPacer(boundedBy(limits, paces[pace]), monotonicNow, () => holding(pace))
  return {
    misses: createMisses(limits.failedLookups, monotonicNow),
    pacers: { asked: pacerOf('asked'), unasked: pacerOf('unasked') },
  }
}

/** Those who wait are requests under way: they must leave room for the others. */
function boundedBy({ inFlight }: Limits, pace: Pace): Pace {
  return { ...pace, mostHeld: Math.min(pace.mostHeld, Math.floor(inFlight / 8)) }
}

/**
 * Whom a refusal waits for; undefined: it does not wait. Who has a key that is known is no stranger, whatever it may not do, and what
 * the gateway cannot do for the moment is nobody's flood.
 */
export function pacerOf(
  { pacers }: Strangers,
  inquiry: Inquiry,
  { code, reason }: Denial,
): Pacer | undefined {
  const isKnown = inquiry.principal !== undefined && !isUnproven(reason)
  if (isKnown || entryOf(code).status >= 500) return undefined
  // One that was looked up although its client has used up its minute has a tier.
  const wasAsked = reason === 'unknown' || (reason === 'failed_lookups' && inquiry.tier !== undefined)
  return wasAsked && inquiry.tier !== 'memory' ? pacers.asked : pacers.unasked
}

/** Whoever has not proved to have the key of a token may have found the token. */
function isUnproven(reason: string): boolean {
  return reason === 'bound' || reason === 'several_proofs' || reason.startsWith('proof_')
}

/** Whether what is refused is a guess at a key, which waits whoever asks. */
export function isGuess({ reason }: Denial): boolean {
  return reason === 'unknown' || reason === 'failed_lookups'
}
