// The whole decision on a request, for those who are no clients and hold no connection: the gateway's own stages, with a
// look-up that is given instead of asked. Nobody is counted or held, nothing is looked up, so it is synchronous.

import type { CompiledConfig } from '../config/compiled.ts'
import { type Denial, deny } from '../errors/denial.ts'
import type { Found, Lookup } from '../lookup/found.ts'
import type { DenyList } from './deny-list.ts'
import { beginInquiry, type Inquiry, type RequestView } from './inquiry.ts'
import { createClientFinder } from './request/client.ts'
import { runStages } from './run-stages.ts'
import { decisionStages } from './stages.ts'
import { nobodyIsHeld } from './strangers.ts'

/** What would otherwise be asked for. */
export interface Given {
  /** What the look-up says of whatever key the request carries. */
  readonly found: Found
  /** null: nothing is denied. */
  readonly denied: DenyList | null
  /** Wall-clock milliseconds. */
  readonly nowMs: number
}

/** Returns the inquiry when the stages are through with it: refused by `denial`, or let through where there is none. Total. */
export type Judge = (view: RequestView, given: Given) => Inquiry

/** Judges by one configuration: made once, as what is worked out for its table is kept. */
export function createJudge({ settings, table }: CompiledConfig): Judge {
  const { limits, requireHttps, trustedProxies } = settings.gateway
  const clients = createClientFinder(trustedProxies)
  let given: Given = { found: notGiven, denied: null, nowMs: 0 }
  const lookup: Lookup = { find: () => given.found, findInMemory: () => given.found }
  const stages = decisionStages({
    lookup,
    strangers: nobodyIsHeld,
    limits,
    requireHttps,
    now: () => given.nowMs,
    monotonicNow: () => 0,
  })

  return (view, asked) => {
    given = asked
    const inquiry = beginInquiry(view, { table, denied: asked.denied }, { limits, clients })
    // Stays where a stage waits for something: nobody would hear what comes of it.
    inquiry.denial = deny('INTERNAL_ERROR', 'not_given')
    runStages(stages, inquiry, conclude)
    return inquiry
  }
}

function conclude(inquiry: Inquiry, denial: Denial | undefined): void {
  inquiry.denial = denial
}

/** The look-up of who does not know what it would say: a request that comes to it is refused with AUTH_UNAVAILABLE. */
export const notGiven: Found = { kind: 'unavailable', reason: 'not_given' }
