// For each alert of docs/prometheus-rules.yaml: what is scraped when it is true, and what it says then.

import type { SeriesSet, Values } from './promtool.ts'
import { gateway, named, other, type RequestKind, requestsNamed, rising } from './scraped-gateways.ts'

export interface AlertCase {
  readonly alert: string
  /** Beside `job`: each case is a deployment of its own. */
  readonly labels: Readonly<Record<string, string>>
  readonly severity: 'page' | 'ticket'
  /** What differs from gateways that are well, from the beginning of the trouble to its end. */
  readonly trouble: SeriesSet
  /** Series that are not scraped meanwhile, by how they begin. */
  readonly missing?: readonly string[]
  /** From the trouble's beginning on, in minutes. */
  readonly firesWithin: number
  /** How long the trouble lasts. */
  readonly minutes: number
  /** It takes another process of the deployment that is well. */
  readonly isCompared?: true
  /** Others that are rightly true with it. */
  readonly also?: readonly string[]
}

/** When the trouble begins, in minutes. */
export const beginsAt = 75

const begin = beginsAt * 60
const both = [gateway, other]
const always =
  (value: number): Values =>
  () =>
    value
const instance = { instance: gateway.instance }

/** Nothing before the trouble, then so many at once and `perSecond` more. */
function bursting(atOnce: number, perSecond = 0): Values {
  return (seconds) => (seconds < begin ? undefined : atOnce + Math.floor((seconds - begin) * perSecond))
}

/** The same of a counter that is told from nought. */
function counting(atOnce: number, perSecond = 0): (seconds: number) => number {
  return (seconds) => bursting(atOnce, perSecond)(seconds) ?? 0
}

const gauge = (name: string, labels: string, value: number): SeriesSet =>
  new Map([[named(gateway, name, labels), always(value)]])

const requests = (labels: Partial<RequestKind>, values: Values): SeriesSet =>
  new Map([[requestsNamed(gateway, labels), values]])

const refused = (reason: string, status: string, values: Values, others = {}): SeriesSet =>
  requests({ decision: 'deny', reason, status, ...others }, values)

const failed: typeof refused = (reason, status, values, others) =>
  refused(reason, status, values, { decision: 'error', ...others })

const live = { api: 'flintn', environment: 'live' }
const sandbox = { api: 'flint', environment: 'sandbox' }
const quiet = { ...sandbox, route: 'GET /documents/{id}' }

/** Traffic that becomes something else. */
function instead(of: SeriesSet, share: number): SeriesSet {
  const left: Values = (seconds) =>
    rising(20)(Math.min(seconds, begin)) + Math.floor(Math.max(0, seconds - begin) * 20 * (1 - share))
  return new Map([[requestsNamed(gateway, {}), left], [requestsNamed(other, {}), left], ...of])
}

const processes: readonly AlertCase[] = [
  {
    alert: 'LatchkeyInstanceDown',
    ...{ labels: instance, severity: 'page', firesWithin: 5, minutes: 20 },
    trouble: new Map([[named(gateway, 'up'), always(0)]]),
    missing: ['latchkey_'],
  },
  {
    alert: 'LatchkeyDeploymentGone',
    ...{ labels: {}, severity: 'page', firesWithin: 7, minutes: 30 },
    trouble: new Map(),
    missing: ['latchkey_', 'up'],
  },
  {
    alert: 'LatchkeyRestarting',
    ...{ labels: instance, severity: 'page', firesWithin: 14, minutes: 20 },
    trouble: new Map([
      [named(gateway, 'latchkey_process_start_time_seconds'), (seconds) => Math.floor(seconds / 180) * 180],
    ]),
  },
  {
    alert: 'LatchkeyPortDead',
    ...{ labels: { ...instance, of: 'port' }, severity: 'page', firesWithin: 3, minutes: 10 },
    trouble: gauge('latchkey_gateway_port_answers', 'of="port"', 0),
  },
  {
    alert: 'LatchkeyWorkersMissing',
    ...{ labels: instance, severity: 'page', firesWithin: 4, minutes: 10 },
    trouble: gauge('latchkey_workers', 'state="serving"', 1),
  },
  {
    alert: 'LatchkeyWorkersDying',
    ...{ labels: instance, severity: 'page', firesWithin: 14, minutes: 20 },
    trouble: new Map([[named(gateway, 'latchkey_workers_lost_total'), counting(0, 1 / 180)]]),
  },
  {
    alert: 'LatchkeyConnectionsRefused',
    ...{ labels: instance, severity: 'page', firesWithin: 3, minutes: 10 },
    trouble: refused('connections', '503', bursting(4), { api: '', environment: '', route: '' }),
  },
  {
    alert: 'LatchkeyDescriptorsShort',
    ...{ labels: instance, severity: 'page', firesWithin: 4, minutes: 10 },
    trouble: gauge('latchkey_process_open_fds', '', 60_000),
  },
  {
    alert: 'LatchkeyEventLoopSlow',
    ...{ labels: { ...instance, of: 'gateway' }, severity: 'ticket', firesWithin: 7, minutes: 15 },
    trouble: gauge('latchkey_event_loop_delay_seconds', 'of="gateway"', 0.3),
  },
  {
    alert: 'LatchkeyOverloaded',
    ...{ labels: instance, severity: 'page', firesWithin: 4, minutes: 15 },
    trouble: refused('event_loop_delay', '503', bursting(0, 0.5)),
  },
  {
    // A single one, counted for the first time.
    alert: 'LatchkeyInternalErrors',
    ...{
      labels: { ...instance, api: 'flintn', reason: 'unforeseen' },
      severity: 'page',
      firesWithin: 1,
      minutes: 2,
    },
    trouble: refused('unforeseen', '500', bursting(1)),
  },
  {
    alert: 'LatchkeyGatewaySlow',
    ...{ labels: { api: 'flintn' }, severity: 'ticket', firesWithin: 16, minutes: 25 },
    trouble: new Map(
      both.flatMap((of) =>
        ['0.005', '0.1'].map((le) => [
          named(of, 'latchkey_gateway_seconds_bucket', `api="flintn",le="${le}"`),
          (seconds: number) => rising(19.9)(Math.min(seconds, begin)),
        ]),
      ),
    ),
  },
  {
    alert: 'LatchkeyLogDropped',
    ...{ labels: instance, severity: 'page', firesWithin: 2, minutes: 5 },
    trouble: new Map([[named(gateway, 'latchkey_log_lines_dropped_total'), counting(200)]]),
  },
]

const stores: readonly AlertCase[] = [
  {
    alert: 'LatchkeyPostgresAway',
    ...{ labels: { ...instance, of: 'postgres' }, severity: 'page', firesWithin: 2, minutes: 10 },
    trouble: gauge('latchkey_store_up', 'of="postgres"', 0),
  },
  {
    alert: 'LatchkeyRedisAway',
    ...{ labels: { ...instance, of: 'redis' }, severity: 'ticket', firesWithin: 7, minutes: 15 },
    trouble: gauge('latchkey_store_up', 'of="redis"', 0),
  },
  {
    alert: 'LatchkeyRedisRefuses',
    ...{ labels: { kind: 'OOM' }, severity: 'ticket', firesWithin: 8, minutes: 15 },
    trouble: new Map([[named(gateway, 'latchkey_redis_refused_total', 'kind="OOM"'), bursting(1, 0.1)]]),
  },
  {
    alert: 'LatchkeyCacheKeysApart',
    ...{ labels: { ...instance, of: 'instance' }, severity: 'page', firesWithin: 3, minutes: 10 },
    trouble: gauge('latchkey_cache_keys_apart', 'of="instance"', 1),
  },
  {
    alert: 'LatchkeyClockApart',
    ...{ labels: { ...instance, of: 'instance' }, severity: 'ticket', firesWithin: 7, minutes: 15 },
    trouble: gauge('latchkey_clock_offset_seconds', 'of="instance"', -3),
  },
  {
    alert: 'LatchkeyHousekeepingFails',
    ...{ labels: { step: 'activity' }, severity: 'ticket', firesWithin: 58, minutes: 60 },
    trouble: new Map([
      [named(gateway, 'latchkey_housekeeping_failed_total', 'step="activity"'), bursting(1, 1 / 600)],
    ]),
  },
  {
    alert: 'LatchkeyKeysTurnedAway',
    ...{ labels: {}, severity: 'page', firesWithin: 3, minutes: 10 },
    trouble: refused('postgres_unavailable', '503', bursting(3, 0.02)),
  },
  {
    alert: 'LatchkeyInstanceBehind',
    ...{
      labels: { ...instance, of: 'instance' },
      severity: 'page',
      firesWithin: 7,
      minutes: 15,
      isCompared: true,
    },
    trouble: gauge('latchkey_applied_revision', 'of="instance"', 9_000 + beginsAt),
  },
  {
    alert: 'LatchkeyLookupsSlow',
    ...{ labels: {}, severity: 'ticket', firesWithin: 12, minutes: 25 },
    trouble: new Map(
      both.flatMap((of) =>
        ['0.005', '0.1'].map((le) => [
          named(of, 'latchkey_lookup_seconds_bucket', `tier="postgres",le="${le}"`),
          (seconds: number) => rising(0.5)(Math.min(seconds, begin)),
        ]),
      ),
    ),
  },
  {
    alert: 'LatchkeyConnectionsTaken',
    ...{ labels: { ...instance, of: 'waiting' }, severity: 'ticket', firesWithin: 7, minutes: 15 },
    trouble: gauge('latchkey_postgres_connections', 'of="waiting"', 4),
  },
  {
    alert: 'LatchkeyActivityDropped',
    ...{ labels: instance, severity: 'ticket', firesWithin: 2, minutes: 5 },
    trouble: new Map([[named(gateway, 'latchkey_activity_dropped_total'), counting(10)]]),
  },
  {
    alert: 'LatchkeyAuditUnlinked',
    ...{ labels: { ...instance, of: 'instance' }, severity: 'ticket', firesWithin: 7, minutes: 15 },
    trouble: gauge('latchkey_audit_unlinked_seconds', 'of="instance"', 600),
  },
  {
    alert: 'LatchkeyAuditSinkLate',
    ...{ labels: { ...instance, of: 'sink' }, severity: 'ticket', firesWithin: 7, minutes: 15 },
    trouble: gauge('latchkey_audit_sink_lag_seconds', 'of="sink"', 600),
  },
  {
    alert: 'LatchkeyWebhooksLate',
    ...{ labels: { ...instance, of: 'sender' }, severity: 'ticket', firesWithin: 7, minutes: 15 },
    trouble: gauge('latchkey_webhooks_oldest_seconds', 'of="sender"', 600),
  },
  {
    alert: 'LatchkeyWebhooksAllFail',
    ...{ labels: {}, severity: 'ticket', firesWithin: 47, minutes: 60 },
    trouble: new Map(
      both.map(
        (of) =>
          [
            named(of, 'latchkey_webhooks_delivered_total'),
            (seconds: number) => rising(0.02)(Math.min(seconds, begin)),
          ] as const,
      ),
    ),
  },
  {
    alert: 'LatchkeyWebhookDisabled',
    ...{ labels: { ...instance, of: 'disabled' }, severity: 'ticket', firesWithin: 12, minutes: 20 },
    trouble: gauge('latchkey_webhooks', 'of="disabled"', 1),
  },
  {
    alert: 'LatchkeyMailWaits',
    ...{ labels: { ...instance, of: 'mails' }, severity: 'ticket', firesWithin: 17, minutes: 25 },
    trouble: gauge('latchkey_mail_waiting', 'of="mails"', 2),
  },
  {
    alert: 'LatchkeyCacheRejected',
    ...{ labels: instance, severity: 'page', firesWithin: 2, minutes: 5 },
    trouble: new Map([[named(gateway, 'latchkey_cache_rejected_total'), counting(1)]]),
  },
]

const certificate = { ...instance, of: 'gateway' }
const files: readonly AlertCase[] = [
  {
    alert: 'LatchkeyConfigNotInForce',
    ...{ labels: { ...instance, of: 'files' }, severity: 'ticket', firesWithin: 4, minutes: 10 },
    trouble: gauge('latchkey_config_valid', 'of="files"', 0),
  },
  {
    alert: 'LatchkeyDenyFileNotInForce',
    ...{ labels: { ...instance, of: 'file' }, severity: 'page', firesWithin: 4, minutes: 10 },
    trouble: gauge('latchkey_deny_file_valid', 'of="file"', 0),
  },
  {
    alert: 'LatchkeyCertificateNotInForce',
    ...{ labels: certificate, severity: 'page', firesWithin: 4, minutes: 10 },
    trouble: gauge('latchkey_certificate_valid', 'of="gateway"', 0),
  },
  {
    alert: 'LatchkeyCertificateEndsInWeeks',
    ...{ labels: certificate, severity: 'ticket', firesWithin: 62, minutes: 70 },
    trouble: gauge('latchkey_certificate_expires_seconds', 'of="gateway"', 29 * 86_400),
  },
  {
    alert: 'LatchkeyCertificateEndsInDays',
    ...{ labels: certificate, severity: 'page', firesWithin: 7, minutes: 15 },
    trouble: gauge('latchkey_certificate_expires_seconds', 'of="gateway"', 6 * 86_400),
  },
  {
    alert: 'LatchkeyCertificateExpired',
    ...{ labels: certificate, severity: 'page', firesWithin: 1, minutes: 5 },
    trouble: gauge('latchkey_certificate_expires_seconds', 'of="gateway"', -1),
  },
  {
    alert: 'LatchkeyCertificateNames',
    ...{ labels: { ...instance, of: 'uncovered' }, severity: 'ticket', firesWithin: 12, minutes: 20 },
    trouble: gauge('latchkey_certificate_names', 'of="uncovered"', 1),
  },
]

const upstreams: readonly AlertCase[] = [
  {
    alert: 'LatchkeyTargetsUnavailable',
    ...{ labels: { ...instance, of: 'payments' }, severity: 'ticket', firesWithin: 7, minutes: 20 },
    trouble: gauge('latchkey_upstream_targets_unavailable', 'of="payments"', 1),
  },
  {
    alert: 'LatchkeyUpstreamUnreachable',
    ...{ labels: live, severity: 'page', firesWithin: 6, minutes: 12 },
    trouble: instead(failed('circuit_open', '503', bursting(0, 40)), 1),
    also: ['LatchkeyUpstreamFailingForHours'],
  },
  {
    alert: 'LatchkeyUpstreamUnreachableInPart',
    ...{ labels: { ...live, reason: 'refused' }, severity: 'ticket', firesWithin: 18, minutes: 25 },
    trouble: failed('refused', '502', bursting(0, 0.05), { route: 'POST /v1/payouts' }),
  },
  {
    alert: 'LatchkeyQueueFull',
    ...{ labels: live, severity: 'page', firesWithin: 4, minutes: 10 },
    trouble: failed('queue_full', '503', bursting(3, 0.1)),
  },
  {
    alert: 'LatchkeyUpstreamFailing',
    ...{ labels: live, severity: 'page', firesWithin: 6, minutes: 10 },
    trouble: failed('no_response_head', '504', bursting(0, 8)),
  },
  {
    // Six an hour, all of which come to nothing.
    alert: 'LatchkeyUpstreamFailingForHours',
    ...{ labels: sandbox, severity: 'ticket', firesWithin: 50, minutes: 60 },
    trouble: new Map([
      ...failed('reset', '502', bursting(0, 1 / 600), quiet),
      ...both.map(
        (of) =>
          [requestsNamed(of, quiet), (seconds: number) => rising(1 / 600)(Math.min(seconds, begin))] as const,
      ),
    ]),
  },
  {
    alert: 'LatchkeyUpstreamErrors',
    ...{ labels: live, severity: 'ticket', firesWithin: 10, minutes: 20 },
    trouble: requests({ status: '500' }, bursting(0, 8)),
  },
  {
    alert: 'LatchkeyUpstreamCertificate',
    ...{ labels: { ...live, reason: 'expired' }, severity: 'page', firesWithin: 1, minutes: 5 },
    trouble: failed('expired', '502', bursting(2), { route: 'POST /v1/payouts' }),
  },
  {
    alert: 'LatchkeyAnswersCut',
    ...{ labels: { ...live, cut: 'upstream' }, severity: 'ticket', firesWithin: 10, minutes: 20 },
    trouble: requests({ cut: 'upstream' }, bursting(0, 2)),
  },
]

const clients: readonly AlertCase[] = [
  {
    alert: 'LatchkeyKeysGuessed',
    ...{ labels: {}, severity: 'ticket', firesWithin: 6, minutes: 10 },
    trouble: refused('failed_lookups', '429', bursting(0, 1)),
  },
  {
    alert: 'LatchkeyKeysGuessedWidely',
    ...{ labels: {}, severity: 'ticket', firesWithin: 12, minutes: 15 },
    trouble: refused('unknown_prefix', '401', bursting(0, 3)),
  },
  {
    // All between two scrapes.
    alert: 'LatchkeyAdminTokensGuessed',
    ...{ labels: {}, severity: 'page', firesWithin: 2, minutes: 5 },
    trouble: new Map([
      [named(gateway, 'latchkey_admin_refused_total', 'reason="admin_token_wrong"'), counting(30)],
    ]),
  },
  {
    alert: 'LatchkeyPasswordsGuessed',
    ...{ labels: {}, severity: 'ticket', firesWithin: 2, minutes: 5 },
    trouble: new Map([
      [named(gateway, 'latchkey_admin_refused_total', 'reason="wrong_password"'), counting(150)],
    ]),
  },
  {
    alert: 'LatchkeyHandshakesFail',
    ...{ labels: { reason: 'certificate_refused' }, severity: 'ticket', firesWithin: 12, minutes: 20 },
    trouble: new Map([
      [
        named(gateway, 'latchkey_tls_handshakes_failed_total', 'reason="certificate_refused"'),
        (seconds) => rising(0.01)(seconds) + counting(0, 1)(seconds),
      ],
    ]),
  },
  {
    alert: 'LatchkeyProxyHeaderMissing',
    ...{ labels: instance, severity: 'ticket', firesWithin: 15, minutes: 20 },
    trouble: new Map([
      [
        named(gateway, 'latchkey_connections_refused_total', 'reason="proxy_header_missing"'),
        counting(0, 0.5),
      ],
    ]),
  },
  {
    alert: 'LatchkeyClientsDoNotRead',
    ...{ labels: instance, severity: 'ticket', firesWithin: 2, minutes: 5 },
    trouble: new Map([
      [named(gateway, 'latchkey_connections_cut_total', 'reason="unread_bytes"'), counting(2)],
    ]),
  },
]

const limited = (of: typeof gateway) =>
  named(of, 'latchkey_rate_limited_total', 'api="flintn",limit="refunds",shadow="false"')

const limits: readonly AlertCase[] = [
  {
    alert: 'LatchkeyLimitRefusesForLong',
    ...{ labels: { api: 'flintn', limit: 'refunds' }, severity: 'ticket', firesWithin: 67, minutes: 75 },
    trouble: new Map([[limited(gateway), bursting(1, 0.05)]]),
  },
  {
    alert: 'LatchkeyQuotaUsedUp',
    ...{ labels: live, severity: 'ticket', firesWithin: 18, minutes: 25 },
    trouble: refused('quota', '429', bursting(1, 0.05)),
  },
  {
    alert: 'LatchkeyLimitsNotShared',
    ...{ labels: { ...instance, of: 'gateway' }, severity: 'ticket', firesWithin: 7, minutes: 15 },
    trouble: gauge('latchkey_rate_limits_shared', 'of="gateway"', 0),
  },
  {
    alert: 'LatchkeyBrakePulled',
    ...{ labels: instance, severity: 'page', firesWithin: 3, minutes: 5 },
    trouble: new Map([[named(gateway, 'latchkey_brakes_pulled_total'), counting(1)]]),
  },
]

/** One for each alert. */
export const alertCases: readonly AlertCase[] = [
  ...[...processes, ...stores, ...files, ...upstreams, ...clients],
  ...limits,
]
