// A day of two deployments in which nothing is wrong: restarts, a deployment, a failover of Redis, an upstream that is
// replaced, a certificate renewed, keys changed, strangers at the door. It may have shorter hours, in which the same happens.

import type { Values } from './promtool.ts'
import { type Life, named, requestsNamed, type Scraped, untouched, wellScraped } from './scraped-gateways.ts'

/** Each with a database, and so with revisions, of its own. */
const eu: readonly [Scraped, Scraped] = [
  { job: 'latchkey-eu', instance: 'eu1:8081' },
  { job: 'latchkey-eu', instance: 'eu2:8081' },
]
const us: Scraped = { job: 'latchkey-us', instance: 'us1:8081' }

const minute = 60

/** A process that is restarted at a time of day, and does not answer meanwhile. */
function restartedAt(restart: number, awaySeconds: number): Life {
  return {
    answers: (seconds) => seconds < restart || seconds >= restart + awaySeconds,
    startedAt: (seconds) =>
      seconds < restart + awaySeconds ? untouched.startedAt(seconds) : restart + awaySeconds - 2,
  }
}

/** A process that leaves with a deployment: it is no target any more. */
function until(end: number): Life {
  return { answers: (seconds) => seconds < end, startedAt: untouched.startedAt }
}

/** One that comes with it. */
function from(start: number): Life {
  return { answers: (seconds) => seconds >= start, startedAt: () => start - 5 }
}

/** Every series of a day whose hours have so many seconds. */
export function ordinaryDay(hour: number): Map<string, Values> {
  const deployedAt = 12 * hour
  const changes: Values = (seconds) => 9_000 + Math.floor(seconds / 90)
  // Each is asked at another moment, and has heard of a change or not.
  const late: Values = (seconds) => changes(Math.max(0, seconds - minute))
  const series = new Map([
    ...wellScraped(eu[0], restartedAt(9 * hour, 75), changes),
    ...wellScraped(eu[1], restartedAt(9 * hour + 5 * minute, 60), late),
    ...wellScraped(us, until(deployedAt + 3 * minute), () => 3),
    ...wellScraped({ ...us, instance: 'us2:8081' }, from(deployedAt), () => 3),
  ])
  // Service discovery knows only those that are there.
  for (const [instance, isThere] of [
    [us.instance, (seconds: number) => seconds < deployedAt + 3 * minute],
    ['us2:8081', (seconds: number) => seconds >= deployedAt],
  ] as const)
    series.set(named({ ...us, instance }, 'up'), (seconds) => (isThere(seconds) ? 1 : undefined))

  for (const of of [...eu, us]) {
    for (const [name, change] of happenings(of, hour)) {
      const before = series.get(name)
      const isAnswered = series.get(named(of, 'up'))
      series.set(name, (seconds) =>
        isAnswered?.(seconds) === 1 ? change(seconds, before?.(seconds) ?? 0) : undefined,
      )
    }
  }
  return series
}

type Change = (seconds: number, before: number) => number | undefined

function happenings(of: Scraped, hour: number): Map<string, Change> {
  const during = (begin: number, seconds: number) => (at: number) => at >= begin && at < begin + seconds
  const failover = during(15 * hour, 75)
  const writing = during(18 * hour, 61)
  const renewing = during(19 * hour, 61)
  /** A counter that begins with what it counts first, and goes on so to its end. */
  const counted =
    (begin: number, perSecond: number, lasts: number): Change =>
    (at) =>
      at < begin ? undefined : Math.ceil(perSecond * Math.min(at - begin, lasts)) + 1
  const refusal = (reason: string, status: string, more = {}) =>
    requestsNamed(of, { decision: 'deny', reason, status, ...more })
  const failure = (reason: string, status: string, more = {}) =>
    refusal(reason, status, { decision: 'error', ...more })
  const quiet = { api: 'flint', environment: 'sandbox', route: 'GET /documents/{id}' }
  return new Map<string, Change>([
    [named(of, 'latchkey_store_up', 'of="redis"'), (at) => (failover(at) ? 0 : 1)],
    [named(of, 'latchkey_config_valid', 'of="files"'), (at) => (writing(at) ? 0 : 1)],
    [named(of, 'latchkey_certificate_valid', 'of="gateway"'), (at) => (renewing(at) ? 0 : 1)],
    [
      named(of, 'latchkey_certificate_expires_seconds', 'of="gateway"'),
      (at) => (at < 19 * hour ? 31 * 86_400 : 90 * 86_400) - at / 2,
    ],
    // A worker dies, and another takes its place.
    [named(of, 'latchkey_workers', 'state="serving"'), (at) => (during(17 * hour, 61)(at) ? 1 : 2)],
    [named(of, 'latchkey_workers_lost_total'), (at) => (at < 17 * hour ? 0 : 1)],
    // An upstream is replaced, and takes no connections for a while.
    [failure('refused', '502'), counted(16 * hour, 20, 20)],
    [failure('reset', '502'), counted(16 * hour, 20, 5)],
    [failure('refused', '502', quiet), counted(20 * hour, 0, 0)],
    // Slow answers of an API with few requests, hours apart.
    [
      failure('no_response_head', '504', quiet),
      (at) => (at < 4 * hour ? undefined : Math.floor(at / (12 * hour)) + 1),
    ],
    [requestsNamed(of, { cut: 'upstream' }), counted(16 * hour, 5, 5)],
    [requestsNamed(of, { status: '503' }), counted(16 * hour, 10, 10)],
    // Half an hour over a limit, and Redis too slow for leases for a moment.
    [
      named(of, 'latchkey_rate_limited_total', 'api="flintn",limit="default",shadow="false"'),
      counted(21 * hour, 0.5, 30 * minute),
    ],
    [named(of, 'latchkey_rate_limits_shared', 'of="gateway"'), (at) => (failover(at) ? 0 : 1)],
    // A client with an old key, and somebody who tries some.
    [refusal('unknown', '401', { route: '' }), counted(10 * hour, 0.5, 20 * minute)],
    [refusal('failed_lookups', '429'), counted(11 * hour, 0.5, minute)],
    [refusal('event_loop_delay', '503'), counted(13 * hour, 1, 5)],
    [
      named(of, 'latchkey_event_loop_delay_seconds', 'of="gateway"'),
      (at) => (during(13 * hour, 90)(at) ? 0.4 : 0.002),
    ],
    [named(of, 'latchkey_admin_refused_total', 'reason="admin_token_wrong"'), (at) => Math.floor(at / hour)],
    [named(of, 'latchkey_postgres_connections', 'of="waiting"'), (at) => (during(14 * hour, 90)(at) ? 2 : 0)],
  ])
}
