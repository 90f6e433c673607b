// Refusals leave when it is their turn (decision/pacing.ts): until then nothing is written, and the connection is asked for
// nothing more. So all who have no key together have a share of the processor, and those who have one the rest of it.

import type { Decided } from '../../decision/run-stages.ts'
import { isGuess, pacerOf, type Strangers } from '../../decision/strangers.ts'
import type { Denial } from '../../errors/denial.ts'
import type { Access } from '../access.ts'
import { isCustomers } from '../listener/closing.ts'

export interface InTurnDeps {
  readonly strangers: Strangers
  /** Monotonic milliseconds. */
  readonly monotonicNow: () => number
}

/** Has `conclude` called at once for whatever is let through, and for a refusal in its turn. */
export function refuseInTurn(
  { strangers, monotonicNow }: InTurnDeps,
  conclude: Decided<Access>,
): Decided<Access> {
  return (access, denial) => {
    const pacer =
      denial === undefined || isServed(access, denial) ? undefined : pacerOf(strangers, access, denial)
    const paced = pacer?.pace(denial, access.client)
    if (!(paced instanceof Promise)) return conclude(access, denial)
    // Noted first: who does not wait for it was refused all the same.
    access.denial = denial
    access.heldSince = monotonicNow()
    void paced.then((due) => {
      access.heldMs = monotonicNow() - access.heldSince
      access.heldSince = 0
      conclude(access, due)
    })
  }
}

/**
 * Whether its connection has carried what a known key was let in for: a slip of a customer's is answered at once, but for guesses at
 * keys. Behind a proxy connections are of many clients, and tell nothing of one.
 */
function isServed({ raw, isPeerTrusted }: Access, denial: Denial): boolean {
  return !isPeerTrusted && !isGuess(denial) && isCustomers(raw.socket)
}
