// Tells endpoints of what happened. Any number of processes may be at it, one at a time does, by a lease in the database: a
// process that ends, or loses the database, sends nothing once the lease is over, and another goes on from what is
// recorded. What was sent and not recorded is sent again. It must not know what the events say.

import type { Postgres } from '../../../store/postgres.ts'
import { explainFailure } from '../../../store/refusals.ts'
import { everything } from '../../../store/scope.ts'
import {
  dueEndpoints,
  endLease,
  holdLease,
  type Outgoing,
  passBy,
  readFigures,
  type WebhookFigures,
} from '../../../store/webhooks/webhook-sending-table.ts'
import { disableEndpoint } from '../../../store/webhooks/webhook-endpoint-change-table.ts'
import { type DisabledReason } from '../../../store/webhooks/webhook-endpoint-table.ts'
import { takeChanges } from '../../../store/webhooks/webhook-event-table.ts'
import { createDelivering, type DeliveringDeps } from './delivering.ts'

export interface SenderLog {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

export interface SenderDeps extends Pick<DeliveringDeps, 'sealing' | 'schedule' | 'post' | 'random'> {
  readonly db: Postgres
  /** Who sends, among all processes. */
  readonly holder: string
  readonly log: SenderLog
  /** Milliseconds since the epoch, by the database's clock. */
  now(): number
  newId(prefix: 'evt' | 'dlv' | 'req'): string
  readonly everyMs?: number
  readonly leaseMs?: number
  /** Done with each round, by whoever sends: `hourly` jobs look at the time themselves. */
  readonly besides?: () => Promise<void>
}

export interface Sender {
  /** There may be something to send. */
  kick(): void
  /** Of the sender; undefined: another process is it. */
  figures(): WebhookFigures | undefined
  counts(): { readonly delivered: number; readonly failed: number }
  /** Waits a moment for what is under way, then ends it. Another one may go on at once. */
  stop(): Promise<void>
}

/** Beyond what one try takes, so that none outlasts the lease that it began under. */
const defaultLeaseMs = 30_000
const renewedAt = 0.6
/** Endpoints that are served at once; those that fail take half of the places at most. */
const mostAtOnce = 32
const mostFailing = 16
/** Of one merchant. The operators' own, of no merchant, are not counted. */
const mostOfMerchant = 8
/** More than there are places, so that those that are passed over leave somebody to take theirs: a merchant has 20 endpoints at most. */
const mostCandidates = 200
const stopsWithinMs = 3_000
const figuresEveryMs = 10_000

interface Turn {
  readonly isFailing: boolean
  /** null: of all merchants. */
  readonly merchantId: string | null
}

interface Running extends Turn {
  readonly done: Promise<void>
}

function hasPlace(running: ReadonlyMap<string, Running>, { isFailing, merchantId }: Turn): boolean {
  const all = [...running.values()]
  if (all.length >= mostAtOnce) return false
  if (isFailing && all.filter((one) => one.isFailing).length >= mostFailing) return false
  return merchantId === null || all.filter((one) => one.merchantId === merchantId).length < mostOfMerchant
}

export function createSender(deps: SenderDeps): Sender {
  const { db, holder, log, everyMs = 1_000, leaseMs = defaultLeaseMs } = deps
  const aborter = new AbortController()
  const running = new Map<string, Running>()
  let leaseEndsAt = Number.NEGATIVE_INFINITY
  let isStopped = false
  let hasFailed = false
  let isWanted = false
  let round: Promise<void> | undefined
  let figures: WebhookFigures | undefined
  let figuresAt = Number.NEGATIVE_INFINITY

  const isOver = () => isStopped
  const holds = () => !isStopped && performance.now() < leaseEndsAt
  const delivering = createDelivering({
    ...deps,
    newId: () => deps.newId('dlv'),
    signal: aborter.signal,
    mayBegin: (forMs) => !isStopped && performance.now() + forMs < leaseEndsAt,
    disable,
  })

  async function disable(outgoing: Outgoing, reason: DisabledReason): Promise<void> {
    const { endpointId: id, url, failingSinceMs } = outgoing
    const requestId = deps.newId('req')
    const origin = { actor: 'latchkey', requestId, nowMs: deps.now(), scope: everything }
    if (!(await disableEndpoint(db, origin, { id, reason, url, failingSinceMs }))) return
    log.warn({ webhook: id, reason }, 'A webhook is disabled: it has taken nothing')
  }

  async function hold(): Promise<boolean> {
    const startedAt = performance.now()
    if (startedAt < leaseEndsAt - leaseMs * renewedAt) return true
    const isHeld = await holdLease(db, holder, leaseMs)
    leaseEndsAt = isHeld ? startedAt + leaseMs : Number.NEGATIVE_INFINITY
    return isHeld
  }

  async function work(): Promise<void> {
    if (!(await hold())) {
      figures = undefined
      return
    }
    await takeChanges(db, deps.newId, () => !holds())
    await passBy(db)
    await begin()
    if (performance.now() - figuresAt >= figuresEveryMs) {
      figuresAt = performance.now()
      figures = await readFigures(db)
    }
    await deps.besides?.()
  }

  async function begin(): Promise<void> {
    if (running.size >= mostAtOnce || !holds()) return
    const besides = [...running.keys(), ...delivering.paused()]
    const due = await dueEndpoints(db, { nowMs: deps.now(), besides, most: mostCandidates })
    for (const { id, isFailing, merchantId } of due) {
      if (!hasPlace(running, { isFailing, merchantId })) continue
      const done = delivering.serve(id).then((hasSent) => {
        running.delete(id)
        // Its place is free, and it may have more.
        if (hasSent) kick()
      })
      running.set(id, { isFailing, merchantId, done })
    }
  }

  async function tryWork(): Promise<void> {
    try {
      await work()
      hasFailed = false
    } catch (error) {
      // Said once: while the database is away others say it often enough.
      if (!hasFailed) log.warn({ reason: explainFailure(error) }, 'Webhooks are not sent; it is tried again')
      hasFailed = true
    }
  }

  function kick(): void {
    if (isStopped) return
    isWanted = true
    round ??= rounds().finally(() => {
      round = undefined
    })
  }

  async function rounds(): Promise<void> {
    while (isWanted && !isOver()) {
      isWanted = false
      await tryWork()
      // After a failure the timer comes again soon enough.
      if (hasFailed) isWanted = false
    }
  }

  const timer = setInterval(kick, everyMs).unref()
  return {
    kick,
    figures: () => (holds() ? figures : undefined),
    counts: delivering.counts,
    async stop() {
      isStopped = true
      clearInterval(timer)
      const limit = setTimeout(() => aborter.abort(), stopsWithinMs)
      await round
      await Promise.all([...running.values()].map(({ done }) => done))
      clearTimeout(limit)
      if (leaseEndsAt > performance.now()) await endLease(db, holder).catch(() => undefined)
    },
  }
}
