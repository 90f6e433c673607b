// Metrics of single events, each a counter of its own with at most a few labels from closed sets.

import { Counter, Histogram, type Registry } from 'prom-client'

/** Told as 0 before the first: a counter that begins at 7 has not risen, for Prometheus. */
const reasonsFromNought = {
  cut: ['idle_timeout', 'unread_bytes'],
  refused: ['proxy_header_missing', 'proxy_header_timeout'],
  held: ['asked', 'unasked'],
  admin: [
    ...['admin_address', 'admin_token_missing', 'admin_token_wrong', 'admin_token_revoked'],
    ...['admin_token_expired', 'role', 'scope', 'viewer', 'session_ended', 'origin', 'csrf_token'],
    ...['unknown_account', 'wrong_password', 'account_disabled', 'pace_of_address', 'pace_of_account'],
    ...['passwords_waiting'],
  ],
  handshake: [
    ...['plain_http', 'not_tls', 'version', 'alpn', 'certificate_refused', 'nothing_shared', 'alert'],
    ...['timeout', 'closed', 'malformed', 'other'],
  ],
} as const

export interface EventMetrics {
  /** A decision of the table in force that the candidate's differs from. */
  shadow(labels: Readonly<Record<'api' | 'route' | 'decision' | 'candidate', string>>): void
  /** A rate limit has refused a request, or would have. */
  rateLimited(labels: Readonly<Record<'api' | 'limit' | 'shadow', string>>): void
  cacheRejected(): void
  /** Redis answered that it will not. */
  redisRefused(kind: string): void
  activityDropped(): void
  /** A client's connection was cut as it did not read. */
  connectionCut(reason: string): void
  /** A connection was refused before anything of its client was read. */
  connectionRefused(reason: string): void
  /** A refusal waits for its turn: of a key that stores were asked for (`asked`), or another. */
  refusalHeld(pace: string): void
  /** A client's TLS handshake came to nothing. */
  handshakeFailed(reason: string): void
  /** A call of the admin API that was refused before its path was looked at. */
  adminRefused(reason: string): void
  /** A step of housekeeping has come to its end, or failed. */
  housekeeping(step: string, seconds: number): void
  housekeepingFailed(step: string): void
}

export function createEventMetrics(registers: Registry[]): EventMetrics {
  return {
    ...createGatewayEvents(registers),
    ...createConnectionEvents(registers),
    ...createUpkeepEvents(registers),
  }
}

function createGatewayEvents(registers: Registry[]) {
  const shadows = new Counter({
    name: 'latchkey_shadow_differences_total',
    help: 'Requests on which the candidate table would decide otherwise, by its route',
    labelNames: ['api', 'route', 'decision', 'candidate'],
    registers,
  })
  const rateLimited = new Counter({
    name: 'latchkey_rate_limited_total',
    help: 'Requests that found a rate limit used up; shadow: true: they were let through all the same',
    labelNames: ['api', 'limit', 'shadow'],
    registers,
  })
  const rejected = new Counter({
    name: 'latchkey_cache_rejected_total',
    help: 'Redis entries and messages refused for a wrong seal: forged, or another LATCHKEY_CACHE_KEY',
    registers,
  })
  const redisRefusals = new Counter({
    name: 'latchkey_redis_refused_total',
    help: 'Commands that Redis refused, by its own word',
    labelNames: ['kind'],
    registers,
  })
  const dropped = new Counter({
    name: 'latchkey_activity_dropped_total',
    help: 'Uses that were not recorded because the activity buffer was full',
    registers,
  })
  return {
    shadow: (labels) => shadows.inc(labels),
    rateLimited: (labels) => rateLimited.inc(labels),
    cacheRejected: () => rejected.inc(),
    redisRefused: (kind) => redisRefusals.inc({ kind }),
    activityDropped: () => dropped.inc(),
  } satisfies Partial<EventMetrics>
}

function createConnectionEvents(registers: Registry[]) {
  const cuts = new Counter({
    name: 'latchkey_connections_cut_total',
    help: 'Connections of clients that were cut as they did not read, by the limit',
    labelNames: ['reason'],
    registers,
  })
  const refusals = new Counter({
    name: 'latchkey_connections_refused_total',
    help: 'Connections closed before anything was read of them: without a header of the PROXY protocol, or too many',
    labelNames: ['reason'],
    registers,
  })
  const held = new Counter({
    name: 'latchkey_refusals_held_total',
    help: 'Refusals of clients without a known key that were held back for their turn, by whether stores had been asked for the key',
    labelNames: ['reason'],
    registers,
  })
  const handshakes = new Counter({
    name: 'latchkey_tls_handshakes_failed_total',
    help: 'TLS handshakes of clients that failed, by reason',
    labelNames: ['reason'],
    registers,
  })
  fromNought(cuts, reasonsFromNought.cut)
  fromNought(refusals, reasonsFromNought.refused)
  fromNought(held, reasonsFromNought.held)
  fromNought(handshakes, reasonsFromNought.handshake)
  return {
    connectionCut: (reason) => cuts.inc({ reason }),
    connectionRefused: (reason) => refusals.inc({ reason }),
    refusalHeld: (reason) => held.inc({ reason }),
    handshakeFailed: (reason) => handshakes.inc({ reason }),
  } satisfies Partial<EventMetrics>
}

function createUpkeepEvents(registers: Registry[]) {
  const adminRefused = new Counter({
    name: 'latchkey_admin_refused_total',
    help: 'Calls of the admin API refused for their address, token, role or reach',
    labelNames: ['reason'],
    registers,
  })
  const housekeeping = new Histogram({
    name: 'latchkey_housekeeping_seconds',
    help: 'Time of a step of housekeeping, all of its batches together',
    labelNames: ['step'],
    buckets: [0.01, 0.1, 1, 10, 60, 600],
    registers,
  })
  const housekeepingFailed = new Counter({
    name: 'latchkey_housekeeping_failed_total',
    help: 'Steps of housekeeping that failed; the next round is ten minutes later',
    labelNames: ['step'],
    registers,
  })
  fromNought(adminRefused, reasonsFromNought.admin)
  return {
    adminRefused: (reason) => adminRefused.inc({ reason }),
    housekeeping: (step, seconds) => housekeeping.observe({ step }, seconds),
    housekeepingFailed: (step) => housekeepingFailed.inc({ step }),
  } satisfies Partial<EventMetrics>
}

function fromNought(counter: Counter<'reason'>, reasons: readonly string[]): void {
  for (const reason of reasons) counter.inc({ reason }, 0)
}
