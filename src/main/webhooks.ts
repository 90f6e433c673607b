// Webhooks of this process: what the admin API needs of them, and the sender, which runs where there is an admin API.

import type { Brake } from '../config/brakes.ts'
import type { Quota } from '../config/quotas.ts'
import { createSealing, type Sealing } from '../credentials/sealing.ts'
import type { WebhookDeps } from '../control/dependencies.ts'
import type { AdminTokens } from '../control/operator.ts'
import { type Braking, createBraking } from '../control/keys/brakes/braking.ts'
import { createDestinationRule } from '../control/webhooks/send/destination.ts'
import { get } from '../control/webhooks/send/get.ts'
import { post } from '../control/webhooks/send/post.ts'
import { createResolve, type Resolve } from '../control/webhooks/send/resolve.ts'
import { standardSchedule, type Schedule } from '../control/webhooks/send/schedule.ts'
import { createSender } from '../control/webhooks/send/sender.ts'
import type { Change } from '../store/change-table.ts'
import type { Postgres } from '../store/postgres.ts'
import { tellQuotas } from '../store/activity/quota-warning-table.ts'
import { tellReminders } from '../store/keys/reminder-table.ts'
import { explainFailure } from '../store/refusals.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { createIds } from '../telemetry/request-id.ts'
import { createResealing } from './resealing.ts'

export interface Webhooks extends WebhookDeps {
  /** What somebody publishes where webhooks may go; undefined: it is not to be had. Never rejects. */
  get(url: string): Promise<string | undefined>
  stop(): Promise<void>
}

export interface WebhooksDeps {
  readonly db: Postgres
  readonly instanceId: string
  now(): number
  /** `webhooks.allow` */
  readonly allow: readonly string[]
  /** LATCHKEY_SEAL_KEY and LATCHKEY_CACHE_KEY, what seals first. */
  readonly sealKeys: readonly string[]
  /** Those in force, which seal where nothing else is configured. */
  tokens(): AdminTokens
  /** Those in force. */
  quotas(): readonly Quota[]
  brakes(): readonly Brake[]
  /** Whether people get mails. */
  readonly sendsMail: boolean
  /** Spreads a change after its commit. Never throws. */
  published(change: Change): void
  /** Whether this process may be the one that sends. */
  readonly isSending: boolean
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'gauge' | 'counter'>
  readonly resolve?: Resolve
  readonly schedule?: Schedule
}

/** For a whole try: a receiver has this long to answer. */
const postTimeoutMs = 15_000
/** Somebody waits for it. */
const getTimeoutMs = 3_000
const mostGetBytes = 64 * 1024
const remindsEveryMs = 60 * 60_000
/** Far less than what a tenth of a quota takes. */
const warnsEveryMs = 60_000

export function createWebhooks(deps: WebhooksDeps): Webhooks {
  const { db, instanceId, log, metrics, resolve = createResolve() } = deps
  const rule = createDestinationRule(deps.allow)
  const sealing = createCurrentSealing(deps)
  const stopped = new AbortController()
  const getDeps = { resolve, rule, timeoutMs: getTimeoutMs, mostBytes: mostGetBytes }
  const fetching = (url: string) => get(getDeps, url, stopped.signal)
  if (!deps.isSending)
    return { rule, sealing, get: fetching, kick: () => undefined, stop: async () => stopped.abort() }

  const postDeps = { resolve, rule, timeoutMs: postTimeoutMs }
  const resealing = createResealing({ db, log, sealing, monotonicNow: () => performance.now() })
  const newId = createIds(Date.now)
  const braking = createBraking({ ...deps, newId })
  const sender = createSender({
    ...{ db, holder: instanceId, log, sealing, random: Math.random, now: deps.now },
    newId,
    schedule: deps.schedule ?? standardSchedule,
    post: (message, signal) => post(postDeps, message, signal),
    async besides() {
      await resealing.run()
      await remind()
      await warn()
      if ((await braking.run()) > 0) sender.kick()
    },
  })
  let warnsAt = Number.NEGATIVE_INFINITY
  async function warn(): Promise<void> {
    if (performance.now() < warnsAt) return
    warnsAt = performance.now() + warnsEveryMs
    try {
      const told = await tellQuotas(db, { quotas: deps.quotas(), newId, nowMs: deps.now() })
      if (told > 0) sender.kick()
    } catch (error) {
      log.warn({ reason: explainFailure(error) }, 'Quotas are not told; it is tried again in a minute')
    }
  }
  let remindsAt = Number.NEGATIVE_INFINITY
  let remindedUpTo = ''
  /** Asked for once an hour: where it takes too long, it must not hold up with each round what is to be sent. */
  async function remind(): Promise<void> {
    if (performance.now() < remindsAt) return
    const startedAt = performance.now()
    try {
      const { told, upTo } = await tellReminders(db, newId, remindedUpTo)
      remindedUpTo = upTo ?? ''
      // The rest with the next round, which keeps the lease first.
      if (upTo === undefined) remindsAt = startedAt + remindsEveryMs
      if (told > 0 || upTo !== undefined) sender.kick()
    } catch (error) {
      remindsAt = startedAt + remindsEveryMs
      log.warn({ reason: explainFailure(error) }, 'Reminders are not told; it is tried again in an hour')
    }
  }
  addMetrics(metrics, sender)
  addBrakeMetrics(metrics, braking)
  metrics.gauge(
    'latchkey_sealed_unopened',
    'Secrets in the database that no configured key opens, as whoever sends webhooks last saw it',
    () => {
      const seen = resealing.unopened()
      return seen === undefined ? {} : { texts: seen }
    },
    'max',
  )
  async function stop(): Promise<void> {
    stopped.abort()
    await sender.stop()
  }
  return { rule, sealing, get: fetching, kick: sender.kick, stop }
}

/** Made anew when the admin tokens are others. Those from before open what they sealed, until it is sealed anew. */
function createCurrentSealing({ sealKeys, tokens }: WebhooksDeps): () => Sealing {
  let made: { readonly of: AdminTokens; readonly sealing: Sealing } | undefined
  let digests: readonly string[] = []
  return () => {
    const current = tokens()
    if (made?.of !== current) {
      digests = [...new Set([...current.map(({ digest }) => digest.toString('hex')), ...digests])]
      made = { of: current, sealing: createSealing([...sealKeys, ...digests]) }
    }
    return made.sealing
  }
}

function addBrakeMetrics(metrics: WebhooksDeps['metrics'], braking: Braking): void {
  metrics.counter(
    'latchkey_brakes_pulled_total',
    'Brakes that were pulled, as a key did far more than it usually does',
    () => braking.figures().pulled,
  )
  metrics.gauge(
    'latchkey_brakes_held',
    'Keys that brakes have disabled or restricted, as whoever looks at them last saw it',
    () => {
      const { held } = braking.figures()
      return held === undefined ? {} : { keys: held }
    },
    'max',
  )
}

function addMetrics(metrics: WebhooksDeps['metrics'], sender: ReturnType<typeof createSender>): void {
  metrics.counter(
    'latchkey_webhooks_delivered_total',
    'Events that a webhook has taken',
    () => sender.counts().delivered,
  )
  metrics.counter(
    'latchkey_webhooks_failed_total',
    'Tries to tell a webhook of an event that failed; they are made again',
    () => sender.counts().failed,
  )
  metrics.gauge(
    'latchkey_webhooks',
    'Webhooks by how they stand, as whoever sends sees them: enabled, failing, and disabled as they took nothing',
    () => {
      const figures = sender.figures()
      if (figures === undefined) return {}
      return { enabled: figures.enabled, failing: figures.failing, disabled: figures.disabled }
    },
    'max',
  )
  metrics.gauge(
    'latchkey_webhooks_oldest_seconds',
    'Age of the oldest event that a webhook which does not fail was not told of',
    () => {
      const figures = sender.figures()
      return figures === undefined ? {} : { sender: figures.oldestSeconds }
    },
    'max',
  )
}
