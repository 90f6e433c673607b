// The whole decision on a request, for those who are no clients and hold no connection: the gateway's own stages, with a
// look-up that is given instead of asked. Nobody is counted or held, nothing is looked up, so it is synchronous.

import type { CompiledConfig, Limits, Table } from '../config/compiled.ts'
import { type Denial, deny } from '../errors/denial.ts'
import { nobodyIsLimited } from '../limits/limiter.ts'
import { nobodyHasQuotas } from '../limits/quotas.ts'
import type { Found, Lookup } from '../lookup/found.ts'
import type { CheckedToken, Issuers } from '../lookup/issuer/checked-token.ts'
import { nothingIsRepeated } from '../lookup/proofs-seen.ts'
import type { DenyList } from './deny-list.ts'
import { beginInquiry, type Inquiry, type RequestView } from './inquiry.ts'
import { createClientFinder } from './request/client.ts'
import type { HeadLimits } from './request/head.ts'
import { runStages } from './run-stages.ts'
import { type DecisionDeps, decisionStages } from './stages.ts'
import { nobodyIsCounted } from './misses.ts'

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

/** What is judged by. */
export interface Rules {
  readonly table: Table
  readonly limits: HeadLimits & Pick<Limits, 'urlBytes'>
  readonly requireHttps: boolean
  readonly trustedProxies: readonly string[]
}

/** Those of a configuration. */
export function rulesOf({ settings, table }: CompiledConfig): Rules {
  const { limits, requireHttps, trustedProxies } = settings.gateway
  return { table, limits, requireHttps, trustedProxies }
}

/** By what requests are counted. */
export type Counting = Pick<DecisionDeps, 'limiter' | 'quotas'>

const nobody: Counting = { limiter: nobodyIsLimited, quotas: nobodyHasQuotas }

/** Made once for the same rules, as what is worked out for their table is kept. `counting`: nobody is counted unless said. */
export function createJudge(
  { table, limits, requireHttps, trustedProxies }: Rules,
  counting: Counting = nobody,
): Judge {
  const clients = createClientFinder(trustedProxies)
  let given: Given = { found: notGiven, denied: null, nowMs: 0 }
  const lookup: Lookup = { find: () => given.found, findInMemory: () => given.found }
  const issuers: Issuers = {
    known: () => checkedOf(given.found),
    check: () => Promise.resolve(checkedOf(given.found)),
  }
  const stages = decisionStages({
    lookup,
    issuers,
    misses: nobodyIsCounted,
    ...counting,
    proofs: nothingIsRepeated,
    limits,
    requireHttps,
    now: () => given.nowMs,
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

/** A token is what was found of it: nobody here has the keys of its issuer. */
function checkedOf(found: Found): CheckedToken {
  if (found.kind !== 'known' || found.record.kind !== 'outside_token')
    return { kind: 'unavailable', reason: 'not_given' }
  const { merchantId, environment, permissions, token, expiresAtMs } = found.record
  return {
    kind: 'right',
    token: {
      ...{
        id: token?.id ?? '',
        issuer: '',
        subjectId: null,
        issuerId: '',
        merchant: merchantId,
        environment,
        permissions,
        clientId: null,
      },
      ...{ subject: token?.userId ?? null, jkt: token?.jkt ?? null, expiresAtMs: expiresAtMs ?? 0 },
    },
  }
}

function conclude(inquiry: Inquiry, denial: Denial | undefined): void {
  inquiry.denial = denial
}

/** The look-up of who does not know what it would say: a request that comes to it is refused with AUTH_UNAVAILABLE. */
export const notGiven: Found = { kind: 'unavailable', reason: 'not_given' }
