// What Prometheus scrapes of gateways that are well, with a history and traffic.

import type { Values } from './promtool.ts'

export interface Scraped {
  readonly job: string
  readonly instance: string
}

/** Two of one deployment. */
export const gateway: Scraped = { job: 'latchkey', instance: 'one:8081' }
export const other: Scraped = { job: 'latchkey', instance: 'two:8081' }

/** A process and what happens to it: scrapes fail, counters begin anew. */
export interface Life {
  /** Whether it answers a scrape. */
  readonly answers: (seconds: number) => boolean
  /** When it was started, in seconds; before the beginning: below 0. */
  readonly startedAt: (seconds: number) => number
}

const forDays = -200_000
export const untouched: Life = { answers: () => true, startedAt: () => forDays }

/** `name{labels}` of one process: with `job` and `instance` as Prometheus adds them. */
export function named({ job, instance }: Scraped, name: string, labels = ''): string {
  return `${name}{job="${job}",instance="${instance}"${labels === '' ? '' : `,${labels}`}}`
}

/** `latchkey_requests_total` of one kind, in labels' order. */
export function requestsNamed(of: Scraped, labels: Partial<RequestKind>): string {
  const kind = { ...ordinaryRequest, ...labels }
  const text = Object.entries(kind)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')
  return named(of, 'latchkey_requests_total', text)
}

export interface RequestKind {
  readonly api: string
  readonly environment: string
  readonly route: string
  readonly decision: string
  readonly reason: string
  readonly status: string
  readonly cut: string
}

const ordinaryRequest: RequestKind = {
  ...{ api: 'flintn', environment: 'live', route: 'GET /v1/transactions/{id}' },
  ...{ decision: 'allow', reason: '', status: '200', cut: '' },
}

/** A counter that rises evenly since its process began, and begins anew with it. */
export function rising(perSecond: number, { startedAt }: Life = untouched): (seconds: number) => number {
  return (seconds) => Math.floor((seconds - startedAt(seconds)) * perSecond)
}

const always =
  (value: number): Values =>
  () =>
    value

/** All series of a process whose deployment has come to `revision`. */
export function wellScraped(of: Scraped, life: Life, revision: Values): Map<string, Values> {
  const series = new Map<string, Values>()
  const add = (name: string, labels: string, values: Values) =>
    series.set(named(of, name, labels), (seconds) => (life.answers(seconds) ? values(seconds) : undefined))
  const count = (labels: Partial<RequestKind>, perSecond: number) =>
    series.set(requestsNamed(of, labels), (seconds) =>
      life.answers(seconds) ? rising(perSecond, life)(seconds) : undefined,
    )

  series.set(named(of, 'up'), (seconds) => (life.answers(seconds) ? 1 : 0))
  add('latchkey_process_start_time_seconds', '', life.startedAt)
  add('latchkey_process_open_fds', '', always(300))
  add('latchkey_process_max_fds', '', always(65_536))
  add('latchkey_event_loop_delay_seconds', 'of="gateway"', always(0.002))
  add('latchkey_gateway_port_answers', 'of="port"', always(1))
  for (const state of ['wanted', 'serving']) add('latchkey_workers', `state="${state}"`, always(2))
  add('latchkey_workers_lost_total', '', always(0))
  add('latchkey_cache_keys_apart', 'of="instance"', always(0))
  add('latchkey_clock_offset_seconds', 'of="instance"', always(-0.02))
  add('latchkey_log_lines_dropped_total', '', always(0))
  add('latchkey_activity_dropped_total', '', always(0))
  add('latchkey_audit_unlinked_seconds', 'of="instance"', always(0))
  add('latchkey_audit_sink_lag_seconds', 'of="sink"', always(1))
  add('latchkey_webhooks_oldest_seconds', 'of="sender"', always(1))
  add('latchkey_webhooks', 'of="failing"', always(1))
  add('latchkey_webhooks', 'of="disabled"', always(0))
  add('latchkey_webhooks_delivered_total', '', rising(0.02, life))
  add('latchkey_webhooks_failed_total', '', rising(0.01, life))
  add('latchkey_mail_waiting', 'of="mails"', always(0))
  add('latchkey_rate_limits_shared', 'of="gateway"', always(1))
  add('latchkey_brakes_pulled_total', '', always(0))
  add('latchkey_cache_rejected_total', '', always(0))
  add('latchkey_store_up', 'of="postgres"', always(1))
  add('latchkey_store_up', 'of="redis"', always(1))
  add('latchkey_applied_revision', 'of="instance"', revision)
  add('latchkey_postgres_connections', 'of="waiting"', always(0))
  add('latchkey_config_valid', 'of="files"', always(1))
  add('latchkey_deny_file_valid', 'of="file"', always(1))
  add('latchkey_certificate_valid', 'of="gateway"', always(1))
  add('latchkey_certificate_expires_seconds', 'of="gateway"', (seconds) => 60 * 86_400 - seconds)
  add('latchkey_certificate_names', 'of="uncovered"', always(0))
  for (const reason of ['admin_token_wrong', 'admin_address', 'wrong_password'])
    add('latchkey_admin_refused_total', `reason="${reason}"`, always(0))
  for (const reason of ['unread_bytes', 'idle_timeout'])
    add('latchkey_connections_cut_total', `reason="${reason}"`, always(0))
  add('latchkey_connections_refused_total', 'reason="proxy_header_missing"', always(0))
  for (const reason of ['nothing_shared', 'certificate_refused', 'other'])
    add('latchkey_tls_handshakes_failed_total', `reason="${reason}"`, rising(0.01, life))
  for (const [le, perSecond] of [
    ['0.005', 19.9],
    ['0.1', 20],
    ['1', 20],
    ['+Inf', 20],
  ] as const)
    add('latchkey_gateway_seconds_bucket', `api="flintn",le="${le}"`, rising(perSecond, life))
  add('latchkey_gateway_seconds_count', 'api="flintn"', rising(20, life))
  for (const [le, perSecond] of [
    ['0.005', 0.5],
    ['0.1', 0.5],
    ['1', 0.5],
    ['+Inf', 0.5],
  ] as const)
    add('latchkey_lookup_seconds_bucket', `tier="postgres",le="${le}"`, rising(perSecond, life))

  count({}, 20)
  count({ cut: 'client' }, 0.2)
  count({ decision: 'none', reason: 'client_left', status: '0', cut: 'client' }, 0.01)
  count({ decision: 'deny', reason: 'unknown', status: '401' }, 0.02)
  count({ decision: 'deny', reason: 'insufficient_permissions', status: '403' }, 0.05)
  // Ten minutes between two requests.
  count({ api: 'flint', environment: 'sandbox', route: 'GET /documents/{id}' }, 1 / 600)
  // What happened long ago must not be taken for news by a Prometheus that has just begun.
  const old: Values = (seconds) =>
    life.answers(seconds) && life.startedAt(seconds) === forDays ? 3 : undefined
  series.set(requestsNamed(of, { decision: 'deny', reason: 'stage_failed', status: '500' }), old)
  series.set(requestsNamed(of, { decision: 'error', reason: 'expired', status: '502' }), old)
  return series
}

/** Both of the deployment, all well. */
export function allWell(): Map<string, Values> {
  const revision: Values = (seconds) => 9_000 + Math.floor(seconds / 60)
  return new Map([
    ...wellScraped(gateway, untouched, revision),
    // Asked at another moment.
    ...wellScraped(other, untouched, (seconds) => revision(Math.max(0, seconds - 60))),
  ])
}
