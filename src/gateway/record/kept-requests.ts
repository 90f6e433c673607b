// Requests that somebody may be asked about by their id: refusals of known keys, and failures of upstreams. Handed on in
// batches, never in a request's way, and bounded in rate, by key and in memory: what does not fit is counted. The gateway
// knows the sink's shape, not the store behind it.

import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Access } from '../access.ts'
import type { Outcome } from './outcome.ts'

/** Times in milliseconds, `atMs` since the epoch. */
export interface KeptRequest {
  readonly id: string
  /** When it began. */
  readonly atMs: number
  readonly method: string
  readonly api: string
  /** Empty: not known when it was over. */
  readonly environment: string
  /** `METHOD template`; empty: not known. */
  readonly route: string
  /** null: the route is public, or the key was not looked at. */
  readonly merchantId: string | null
  readonly keyId: string | null
  readonly decision: string
  readonly code: string | null
  readonly reason: string | null
  readonly required: readonly string[]
  readonly cut: string | null
  readonly status: number
  readonly upstreamStatus: number | null
  readonly totalMs: number
  readonly gatewayMs: number
  readonly upstreamMs: number | null
  readonly clientMs: number
  readonly heldMs: number
}

/** Keeps a batch; resolves with how many can be kept at all. Rejects when it cannot tell, and gets the same ones again. */
export type RequestSink = (batch: readonly KeptRequest[]) => Promise<number>

export interface RequestKeeper {
  /** Takes a finished request, if its outcome is one to be kept. */
  take(access: Access, outcome: Outcome, gatewayMs: number): void
  /** Hands everything on; after `stop` it tries for 3 s. Never rejects. */
  flush(): Promise<void>
  stop(): void
  /** How many were not kept, though they were to be. */
  notKept(): number
  /** How many wait. */
  waiting(): number
}

export interface RequestKeeperDeps {
  readonly sink: RequestSink
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly monotonicNow: () => number
  readonly flushAfterMs?: number
}

export const keptBounds = {
  aSecond: 200,
  /** Of one key, so that none takes what others need, nor fills the disk. */
  aKeyAndHour: 20_000,
  waiting: 10_000,
} as const

const batchRows = 500
const tryAgainMs = 1_000
const lastTriesMs = 3_000
const pauseMs = 100

/** Makes a keeper that hands on half a second after it has taken something. */
export function createRequestKeeper(deps: RequestKeeperDeps): RequestKeeper {
  const { sink, monotonicNow, flushAfterMs = 500 } = deps
  const hasRoom = createRates(monotonicNow)
  const rows: KeptRequest[] = []
  let notKept = 0
  let timer: NodeJS.Timeout | undefined
  let flushing: Promise<void> | undefined
  let isStopped = false

  function arm(delayMs: number): void {
    if (isStopped) return
    timer ??= setTimeout(() => {
      timer = undefined
      void flush()
    }, delayMs).unref()
  }

  /** What is on its way stays first, until it is known to be kept. */
  async function handOn(): Promise<void> {
    while (rows.length > 0) {
      const batch = rows.slice(0, batchRows)
      try {
        const kept = await sink(batch)
        notKept += batch.length - kept
        rows.splice(0, batch.length)
      } catch {
        return arm(tryAgainMs)
      }
    }
  }

  function flush(): Promise<void> {
    flushing ??= handOn().finally(() => {
      flushing = undefined
    })
    return flushing
  }

  return {
    take(access, outcome, gatewayMs) {
      const { principal } = access
      if (outcome.kept === 'of_known_keys' && principal === undefined) return
      if (rows.length >= keptBounds.waiting || !hasRoom(principal?.record.keyId)) return void notKept++
      const totalMs = performance.now() - access.startedAt
      rows.push(rowOf(access, outcome, { atMs: deps.now() - totalMs, totalMs, gatewayMs }))
      arm(flushAfterMs)
    },
    async flush() {
      const endsAt = performance.now() + lastTriesMs
      await flush()
      // What came in while an earlier flush ran goes with another.
      if (rows.length > 0) await flush()
      if (!isStopped) return
      while (rows.length > 0 && performance.now() < endsAt) {
        await sleep(pauseMs)
        await flush()
      }
    },
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
    notKept: () => notKept,
    waiting: () => rows.length,
  }
}

const hourMs = 3_600_000

/** Returns whether one more, of that key, is within what is kept in this second and this hour; then it counts. */
function createRates(monotonicNow: () => number): (keyId: string | undefined) => boolean {
  let second = -1
  let hour = -1
  let inSecond = 0
  const byKey = new Map<string, number>()
  return (keyId) => {
    const nowMs = monotonicNow()
    if (Math.floor(nowMs / 1_000) !== second) {
      second = Math.floor(nowMs / 1_000)
      inSecond = 0
    }
    if (Math.floor(nowMs / hourMs) !== hour) {
      hour = Math.floor(nowMs / hourMs)
      byKey.clear()
    }
    if (inSecond >= keptBounds.aSecond) return false
    if (keyId !== undefined) {
      const ofKey = byKey.get(keyId) ?? 0
      if (ofKey >= keptBounds.aKeyAndHour) return false
      byKey.set(keyId, ofKey + 1)
    }
    inSecond++
    return true
  }
}

function rowOf(
  access: Access,
  { decision, code, status }: Outcome,
  times: Pick<KeptRequest, 'atMs' | 'totalMs' | 'gatewayMs'>,
): KeptRequest {
  const { denial, environment, host, principal, route, upstream } = access
  return {
    id: access.requestId,
    atMs: Math.floor(times.atMs),
    method: access.method,
    api: host?.api.name ?? '',
    environment: environment?.name ?? '',
    route: route === undefined ? '' : `${route.method} ${route.template}`,
    merchantId: principal?.record.merchantId ?? null,
    keyId: principal?.record.keyId ?? null,
    decision,
    code: code ?? null,
    reason: denial?.reason ?? null,
    required: denial?.required ?? [],
    cut: access.cut ?? null,
    status,
    upstreamStatus: denial === undefined && upstream !== undefined && status > 0 ? status : null,
    totalMs: times.totalMs,
    gatewayMs: times.gatewayMs,
    upstreamMs: access.upstreamMs ?? null,
    clientMs: access.clientMs,
    heldMs: access.heldMs,
  }
}
