// What keeps the tables from growing for ever: old changes, instances long gone, requests that nobody repeats any more,
// old activity, and audit that is kept no longer. Any number of processes may do it at once. Each step is by itself, and
// goes in batches: what fails or takes long holds up nothing else.

import type { Table } from '../config/compiled.ts'
import { activityParts, pruneActivityBatches } from '../store/activity/activity-rollup-table.ts'
import { pruneSums, sumBackward, sumForward } from '../store/activity/activity-sum-table.ts'
import { pruneTotals, totalDay } from '../store/activity/activity-total-table.ts'
import { pruneLatencies } from '../store/activity/latency-table.ts'
import { pruneQuotas } from '../store/activity/quota-table.ts'
import { forgetRequests, prepareRequests } from '../store/activity/request-table.ts'
import { pruneAudit } from '../store/audit/audit-table.ts'
import { inBatches } from '../store/batches.ts'
import { pruneOutbox } from '../store/change-table.ts'
import { idempotencyKeptMs, pruneReplays } from '../store/idempotency-table.ts'
import { pruneInstances } from '../store/instance-table.ts'
import { pruneKeyAddresses } from '../store/keys/key-address-table.ts'
import { pruneBrakes } from '../store/keys/key-brake-table.ts'
import { pruneExposures } from '../store/keys/key-exposure-table.ts'
import { noteKeyUses } from '../store/keys/key-use-table.ts'
import { pruneMailedReminders } from '../store/keys/mailed-reminder-table.ts'
import { pruneReminders } from '../store/keys/reminder-table.ts'
import { pruneAccessTokens, pruneTokenStops } from '../store/oauth/access-token-table.ts'
import { pruneArtifacts, pruneEndedArtifacts } from '../store/oauth/oauth-artifact-table.ts'
import { pruneOauthDevices } from '../store/oauth/oauth-device-table.ts'
import { pruneGrants } from '../store/oauth/oauth-grant-table.ts'
import { pruneOauthKeys } from '../store/oauth/oauth-key-table.ts'
import { pruneCeremonies } from '../store/people/ceremony-table.ts'
import { pruneDeviceRequests } from '../store/people/device-table.ts'
import { pruneSessions } from '../store/people/hub-session-table.ts'
import { pruneLinks } from '../store/people/link-table.ts'
import { prunePace } from '../store/people/pace-table.ts'
import { pruneInvitations } from '../store/people/team-table.ts'
import type { Postgres } from '../store/postgres.ts'
import { explainFailure } from '../store/refusals.ts'
import { pruneDeliveries } from '../store/webhooks/webhook-delivery-table.ts'
import { pruneEndpoints } from '../store/webhooks/webhook-endpoint-table.ts'
import { pruneEvents } from '../store/webhooks/webhook-event-table.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'

export interface HouseDeps {
  readonly db: Postgres
  readonly table: () => Pick<Table, 'maxStaleLimitMs'>
  /** How long entries of the audit stay; null: for ever. */
  readonly auditKeptMs: number | null
  /** How long people's sessions may be unused; null: there are none. */
  readonly sessionIdleMs: number | null
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'housekeeping' | 'housekeepingFailed'>
}

const everyMs = 10 * 60_000
const dayMs = 24 * 60 * 60_000
const instancesKeptMs = 7 * dayMs
const activityAges = { minutesMs: 7 * dayMs, hoursMs: 90 * dayMs, daysMs: 2 * 366 * dayMs }
/** Of sessions that nobody can use, where the configuration has no hub any more. */
const sessionsKeptMs = 30 * dayMs
/** Of access that nobody has any more. */
const grantsKeptMs = 90 * dayMs
/** No process holds on to a batch for so long. */
const batchesKeptMs = 7 * dayMs
/** Longer than an endpoint that takes nothing is tried before it is disabled, so that it can be enabled again without a loss. */
const webhooksKeptMs = 14 * dayMs
/** The same month of the year before is there to be compared. */
const quotasKeptMs = 14 * 31 * dayMs
/** Longer than what became of telling them is kept. */
const deletedWebhooksKeptMs = 30 * dayMs
/** As long as the youngest part of the audit, which tells of them. */
const exposuresKeptMs = 90 * dayMs
/** Of those that nobody is held by: the next one counts from the last release. */
const brakesKeptMs = 2 * dayMs
/** What is still so after a year is told again. */
const remindersKeptMs = 365 * dayMs

interface Step {
  readonly name: string
  /** Takes at most `most` rows; returns how many. */
  readonly take: (most: number) => Promise<number>
}

function stepsOf({ db, table, auditKeptMs, sessionIdleMs }: HouseDeps): readonly Step[] {
  const staleMs = 2 * table().maxStaleLimitMs
  return [
    // An instance that was silent for longer than the stale limit starts over anyway.
    { name: 'outbox', take: (most) => pruneOutbox(db, Math.max(dayMs, staleMs), most) },
    { name: 'instances', take: (most) => pruneInstances(db, Math.max(instancesKeptMs, staleMs), most) },
    { name: 'replays', take: (most) => pruneReplays(db, idempotencyKeptMs, most) },
    { name: 'sessions', take: (most) => pruneSessions(db, sessionIdleMs ?? sessionsKeptMs, most) },
    { name: 'ceremonies', take: (most) => pruneCeremonies(db, most) },
    { name: 'device_requests', take: (most) => pruneDeviceRequests(db, most) },
    { name: 'links', take: (most) => pruneLinks(db, most) },
    { name: 'invitations', take: (most) => pruneInvitations(db, most) },
    { name: 'oauth_devices', take: (most) => pruneOauthDevices(db, most) },
    { name: 'oauth_artifacts', take: (most) => pruneArtifacts(db, most) },
    { name: 'oauth_artifacts_ended', take: (most) => pruneEndedArtifacts(db, most) },
    { name: 'oauth_grants', take: (most) => pruneGrants(db, grantsKeptMs, most) },
    { name: 'oauth_keys', take: (most) => pruneOauthKeys(db, most) },
    { name: 'access_tokens', take: (most) => pruneAccessTokens(db, most) },
    { name: 'access_token_stops', take: (most) => pruneTokenStops(db, most) },
    { name: 'pace', take: (most) => prunePace(db, most) },
    // A day is one row to these: there are a few at most.
    { name: 'request_days', take: () => prepareRequests(db) },
    { name: 'requests', take: () => forgetRequests(db) },
    { name: 'activity_batches', take: (most) => pruneActivityBatches(db, batchesKeptMs, most) },
    { name: 'latencies', take: (most) => pruneLatencies(db, most) },
    { name: 'quotas', take: (most) => pruneQuotas(db, quotasKeptMs, most) },
    { name: 'webhook_deliveries', take: (most) => pruneDeliveries(db, webhooksKeptMs, most) },
    { name: 'webhooks', take: (most) => pruneEndpoints(db, deletedWebhooksKeptMs, most) },
    { name: 'exposures', take: (most) => pruneExposures(db, exposuresKeptMs, most) },
    { name: 'brakes', take: (most) => pruneBrakes(db, brakesKeptMs, most) },
    { name: 'key_addresses', take: (most) => pruneKeyAddresses(db, most) },
    { name: 'reminders', take: (most) => pruneReminders(db, remindersKeptMs, most) },
    { name: 'mailed_reminders', take: (most) => pruneMailedReminders(db, remindersKeptMs, most) },
    { name: 'webhook_events', take: (most) => pruneEvents(db, webhooksKeptMs, most) },
    // Before minutes become hours.
    { name: 'activity_sums', take: (most) => sumForward(db, most) },
    { name: 'activity_sums_before', take: (most) => sumBackward(db, activityAges.hoursMs, most) },
    { name: 'activity_totals', take: (most) => totalDay(db, most) },
    { name: 'activity_totals_old', take: (most) => pruneTotals(db, activityAges.daysMs, most) },
    { name: 'key_uses', take: () => noteKeyUses(db) },
    { name: 'activity_sums_old', take: (most) => pruneSums(db, activityAges, most) },
    ...activityParts(activityAges).map(({ name, take }) => ({
      name,
      take: (most: number) => take(db, most),
    })),
    ...(auditKeptMs === null
      ? []
      : [{ name: 'audit', take: (most: number) => pruneAudit(db, auditKeptMs, most) }]),
  ]
}

/** One round; `isOver` ends it early. Never rejects: a step that fails is told and counted, and the others go on. */
export async function keepHouse(deps: HouseDeps, isOver: () => boolean): Promise<void> {
  for (const { name, take } of stepsOf(deps)) {
    if (isOver()) return
    const startedAt = performance.now()
    try {
      await inBatches(take, isOver)
    } catch (error) {
      deps.metrics.housekeepingFailed(name)
      deps.log.warn({ step: name, reason: explainFailure(error) }, 'Housekeeping failed; it is tried again')
    }
    deps.metrics.housekeeping(name, (performance.now() - startedAt) / 1000)
  }
}

/** Starts the rounds, the first one after a minute. */
export function createHousekeeping(deps: HouseDeps): { stop(): Promise<void> } {
  let isStopped = false
  let running: Promise<void> | undefined

  function begin(): void {
    running ??= keepHouse(deps, () => isStopped).finally(() => {
      running = undefined
    })
  }

  const first = setTimeout(begin, 60_000).unref()
  const timer = setInterval(begin, everyMs).unref()
  return {
    async stop() {
      isStopped = true
      clearTimeout(first)
      clearInterval(timer)
      await running
    },
  }
}
