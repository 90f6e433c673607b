// Decisions for those who watch, as they are made. Nobody watches nearly always: then a request costs one look at a flag.

import { createLiveRate, type LiveDecision, type LiveScope, sees } from '../../telemetry/live.ts'
import type { Access } from '../access.ts'
import type { Outcome } from './outcome.ts'

export interface LiveSource {
  /** Whether anybody watches. */
  readonly isWanted: boolean
  /** Takes a finished request. */
  take(access: Access, outcome: Outcome, gatewayMs: number): void
  /** What is watched, for 15 s from now; said again and again while it is. */
  want(scopes: readonly LiveScope[]): void
  stop(): void
}

export interface LiveSourceDeps {
  /** Called with what was taken, a few times a second. */
  readonly hand: (batch: readonly LiveDecision[]) => void
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly monotonicNow: () => number
  readonly handEveryMs?: number
}

export const wantedForMs = 15_000
/** Watched by themselves; what more there are watch what these do. */
const mostScopes = 64

interface Watched {
  readonly name: string
  readonly scope: LiveScope
  readonly mayTell: () => boolean
}

/** Nobody watches. */
export function createLiveSource({ hand, now, monotonicNow, handEveryMs = 200 }: LiveSourceDeps): LiveSource {
  let watched: readonly Watched[] = []
  let batch: LiveDecision[] = []
  let handing: NodeJS.Timeout | undefined
  let ending: NodeJS.Timeout | undefined

  function handOn(): void {
    handing = undefined
    const taken = batch
    batch = []
    hand(taken)
  }

  function watch(next: readonly Watched[]): void {
    watched = next
    source.isWanted = next.length > 0
    clearTimeout(ending)
    if (next.length > 0) ending = setTimeout(watch, wantedForMs, []).unref()
  }

  const source = {
    isWanted: false,
    take(access: Access, outcome: Outcome, gatewayMs: number) {
      const { principal, host } = access
      const merchantId = principal?.record.merchantId ?? null
      const api = host?.api.name ?? ''
      let isTold = false
      for (const { scope, mayTell } of watched)
        if (sees(scope, { merchantId, api }) && mayTell()) isTold = true
      if (!isTold) return
      batch.push(decisionOf(access, outcome, { atMs: now(), gatewayMs }))
      handing ??= setTimeout(handOn, handEveryMs).unref()
    },
    want(scopes: readonly LiveScope[]) {
      const named = new Map(scopes.map((scope) => [JSON.stringify(scope), scope]))
      const known = new Map(watched.map((one) => [one.name, one]))
      watch(
        [...named]
          .slice(0, mostScopes)
          .map(([name, scope]) => known.get(name) ?? { name, scope, mayTell: createLiveRate(monotonicNow) }),
      )
    },
    stop() {
      watch([])
      clearTimeout(handing)
    },
  }
  return source
}

function decisionOf(
  access: Access,
  { decision, code, status }: Outcome,
  { atMs, gatewayMs }: Pick<LiveDecision, 'atMs' | 'gatewayMs'>,
): LiveDecision {
  const { denial, environment, host, principal, route } = access
  return {
    atMs,
    requestId: access.requestId,
    api: host?.api.name ?? '',
    environment: environment?.name ?? '',
    route: route === undefined ? '' : `${route.method} ${route.template}`,
    merchantId: principal?.record.merchantId ?? null,
    keyId: principal?.record.keyId ?? null,
    decision,
    code: code ?? null,
    reason: denial?.reason ?? null,
    status,
    gatewayMs: Math.round(gatewayMs * 1_000) / 1_000,
  }
}
