// What holds those back whose keys nobody knows (misses.ts, pacing.ts), together.

import type { Limits } from '../config/compiled.ts'
import { createMisses, type Misses } from './misses.ts'
import { createPacer, type Pace, type Pacer, paces } from './pacing.ts'

export interface Strangers {
  readonly misses: Misses
  /** Refusals of unknown keys: those that a store was asked for, and the others. */
  readonly pacers: { readonly asked: Pacer; readonly unasked: Pacer }
}

/** Begins with nothing counted and nothing held; `monotonicNow` in milliseconds. */
export function boundStrangers(limits: Limits, monotonicNow: () => number): Strangers {
  return {
    misses: createMisses(limits.failedLookups, monotonicNow),
    pacers: {
      asked: createPacer(boundedBy(limits, paces.asked), monotonicNow),
      unasked: createPacer(boundedBy(limits, paces.unasked), monotonicNow),
    },
  }
}

/** Those who wait are requests under way: they must leave room for the others. */
function boundedBy({ inFlight }: Limits, pace: Pace): Pace {
  return { ...pace, mostHeld: Math.min(pace.mostHeld, Math.floor(inFlight / 8)) }
}

const atOnce: Pacer = { pace: (value) => value }

/** Nobody is counted and nothing waits: for who asks what would be decided, and is no client. */
export const nobodyIsHeld: Strangers = {
  misses: { count() {}, isOver: () => false },
  pacers: { asked: atOnce, unasked: atOnce },
}
