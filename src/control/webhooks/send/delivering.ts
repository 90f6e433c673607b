// Serves one endpoint: one event after the other in their order, so that each waits for the one before. What somebody asked
// for goes first, beside the order.

import type { Sealing } from '../../../credentials/sealing.ts'
import type { Secret } from '../../../credentials/secret.ts'
import { openWebhookSecret, webhookHeaders } from '../../../credentials/webhook-secret.ts'
import type { Queryable } from '../../../store/postgres.ts'
import { explainFailure } from '../../../store/refusals.ts'
import { type DeliveryStatus } from '../../../store/webhooks/webhook-delivery-table.ts'
import {
  type Attempt,
  askedOutgoing,
  nextOutgoing,
  type Outgoing,
  recordAsked,
  recordDelivered,
  recordFailure,
} from '../../../store/webhooks/webhook-sending-table.ts'
import type { DisabledReason } from '../../../store/webhooks/webhook-endpoint-table.ts'
import type { Post, PostResult } from './post.ts'
import { delayAfter, type Schedule } from './schedule.ts'

export interface DeliveringDeps {
  readonly db: Queryable
  readonly sealing: () => Sealing
  readonly schedule: Schedule
  readonly log: { warn(details: object, message: string): void }
  /** Never rejects. */
  readonly post: (message: Post, signal: AbortSignal) => Promise<PostResult>
  /** From 0 to 1. */
  readonly random: () => number
  readonly signal: AbortSignal
  now(): number
  /** Of a delivery. */
  newId(): string
  /** Whether a try that may take so long may begin: asked right before it, as statements take their time, too. */
  mayBegin(forMs: number): boolean
  disable(outgoing: Outgoing, reason: DisabledReason): Promise<void>
}

export interface Delivering {
  /** Until nothing is left, one is not taken, or others should have a turn; whether anything was sent. Never rejects. */
  serve(endpointId: string): Promise<boolean>
  /** Those that would not be served, as their secret cannot be opened here. */
  paused(): readonly string[]
  counts(): { readonly delivered: number; readonly failed: number }
}

/** For a try and what is written of it: the lease must last for longer. */
export const attemptTakesMs = 18_000
const mostInTurn = 100
/** After so long others have a turn: receivers that take their time must not keep the places. */
const turnMs = 5_000
/** An endpoint whose secret cannot be opened here is not asked for again for so long. */
const unsealablePauseMs = 60_000

export function createDelivering(deps: DeliveringDeps): Delivering {
  const { db, schedule, log } = deps
  let delivered = 0
  let failed = 0
  const unsealable = new Map<string, number>()

  /** undefined: none can be opened here, which is no fault of the endpoint. */
  function secretsOf({ endpointId, secrets }: Outgoing): Secret[] | undefined {
    const sealing = deps.sealing()
    const opened = secrets.map(({ id, sealed }) => openWebhookSecret(sealing, id, sealed))
    const known = opened.filter((secret) => secret !== undefined)
    if (known.length > 0) return known
    unsealable.set(endpointId, performance.now())
    log.warn(
      { webhook: endpointId },
      'The secret of a webhook cannot be opened with the keys that this process has (LATCHKEY_SEAL_KEY): nothing is sent to it. Rotate its secret, or give the key back',
    )
    return undefined
  }

  async function tryOnce(outgoing: Outgoing, secrets: readonly Secret[]): Promise<PostResult & Timed> {
    const atMs = deps.now()
    const startedAt = performance.now()
    const { eventId, payload, url } = outgoing
    const headers = {
      ...{ 'content-type': 'application/json', 'user-agent': 'Latchkey-Webhooks' },
      ...webhookHeaders({ id: eventId, atMs, payload }, secrets),
    }
    const result = await deps.post({ url, headers, body: payload }, deps.signal)
    if (result.error === null) delivered++
    else failed++
    return { ...result, atMs, durationMs: Math.round(performance.now() - startedAt) }
  }

  function attemptOf(outgoing: Outgoing, made: PostResult & Timed, status: DeliveryStatus): Attempt {
    const { atMs, durationMs, error, status: responseStatus } = made
    return { deliveryId: deps.newId(), outgoing, atMs, status, responseStatus, error, durationMs }
  }

  async function serveAsked(endpointId: string): Promise<boolean> {
    const outgoing = await askedOutgoing(db, endpointId, deps.now())
    const secrets = outgoing && secretsOf(outgoing)
    if (outgoing === undefined || secrets === undefined) return false
    if (!deps.mayBegin(attemptTakesMs)) return false
    const made = await tryOnce(outgoing, secrets)
    if (deps.signal.aborted) return false
    await recordAsked(db, attemptOf(outgoing, made, made.error === null ? 'delivered' : 'failed'))
    return true
  }

  async function serveNext(endpointId: string): Promise<boolean> {
    const outgoing = await nextOutgoing(db, endpointId, deps.now())
    const secrets = outgoing && secretsOf(outgoing)
    if (outgoing === undefined || secrets === undefined) return false
    if (!deps.mayBegin(attemptTakesMs)) return false
    const made = await tryOnce(outgoing, secrets)
    // It was broken off here: nobody's failure, and tried again.
    if (made.error !== null && deps.signal.aborted) return false
    if (made.error === null) {
      await recordDelivered(db, attemptOf(outgoing, made, 'delivered'))
      return true
    }
    await take(outgoing, made)
    return false
  }

  async function take(outgoing: Outgoing, made: PostResult & Timed): Promise<void> {
    const { atMs, retryAfterMs } = made
    const delayMs = delayAfter(schedule, outgoing.failures + 1, { random: deps.random(), retryAfterMs })
    const isOver = atMs - outgoing.createdAtMs >= schedule.giveUpMs
    await recordFailure(db, attemptOf(outgoing, made, isOver ? 'failed' : 'pending'), atMs + delayMs)
    // The receiver says that it is there no more (Standard Webhooks 1.0).
    if (made.status === 410) await deps.disable(outgoing, 'gone')
    else if (atMs - (outgoing.failingSinceMs ?? atMs) >= schedule.disableMs)
      await deps.disable(outgoing, 'failing')
  }

  async function serveAll(endpointId: string): Promise<number> {
    const startedAt = performance.now()
    let count = 0
    while (count < mostInTurn && performance.now() - startedAt < turnMs) {
      const isServed = (await serveAsked(endpointId)) || (await serveNext(endpointId))
      if (!isServed) break
      count++
    }
    return count
  }

  function paused(): readonly string[] {
    for (const [id, since] of unsealable)
      if (performance.now() - since >= unsealablePauseMs) unsealable.delete(id)
    return [...unsealable.keys()]
  }

  return {
    counts: () => ({ delivered, failed }),
    paused,
    async serve(endpointId) {
      try {
        return (await serveAll(endpointId)) > 0
      } catch (error) {
        // What was sent and could not be written down is sent again.
        log.warn(
          { webhook: endpointId, reason: explainFailure(error) },
          'A webhook is not served; it is tried again',
        )
        return false
      }
    },
  }
}

interface Timed {
  readonly atMs: number
  readonly durationMs: number
}
