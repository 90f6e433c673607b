// Who used what, how often: counted in memory by the minute, handed on in batches. Never in a request's way, and
// bounded: what does not fit is counted as dropped. The gateway knows the sink's shape, not the store behind it.

import { randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Route } from '../../config/compiled.ts'
import type { CredentialRecord } from '../../credentials/record.ts'
import type { Access } from '../access.ts'
import {
  type AnswerTimes,
  createAnswerTimesBook,
  type LatencyCount,
  latencyCountsOf,
} from './answer-times.ts'

export interface ActivityCount {
  readonly keyId: string
  readonly secretId: string
  readonly api: string
  readonly environment: string
  /** `METHOD template`. */
  readonly route: string
  /** `allow`, or the code of the refusal. */
  readonly outcome: string
  /** Start of the minute, milliseconds since the epoch. */
  readonly minuteMs: number
  readonly count: number
  /** The last of these requests, milliseconds since the epoch; null: refused ones of a dead key are no use of it. */
  readonly lastUsedAtMs: number | null
}

/** Counts that are kept together, or not at all. */
export interface ActivityBatch {
  /** Its own: one that comes again, as its answer was lost, is known by it. */
  readonly id: string
  readonly counts: readonly ActivityCount[]
  /** How long the answers took of requests that were sent to an upstream; of others than those counted beside. */
  readonly latencies: readonly LatencyCount[]
}

/** Takes a batch; rejects when it cannot tell that it was kept, and then gets the same one again later. */
export type ActivitySink = (batch: ActivityBatch) => Promise<void>

export interface ActivityRecorder {
  /** Counts one finished request of a known key, of whose time so much was the gateway's own, in milliseconds. */
  count(access: Access, gatewayMs: number): void
  /** Hands everything on; called in intervals and in the drain. After `stop` it tries for 3 s. Never rejects. */
  flush(): Promise<void>
  stop(): void
  /** Rows waiting. */
  waiting(): number
}

export interface ActivityRecorderDeps {
  readonly sink: ActivitySink
  readonly now: () => number
  readonly dropped: () => void
  /** Of one more request it is not told how long it took. */
  readonly untimed: () => void
  readonly flushEveryMs?: number
  /** How long times of answers are gathered: what is told of them is by five minutes at least. */
  readonly timesEveryMs?: number
  readonly maxRows?: number
  readonly maxTimes?: number
}

/**
 * One count, in the form in which tens of thousands fit in memory: it names nothing that the record or route does. A
 * class, so that all have one shape.
 */
class Row {
  readonly record: CredentialRecord
  readonly environment: string
  readonly route: Route
  readonly outcome: string
  readonly minuteMs: number
  /** Of the same route and secret: another outcome, or an earlier minute. */
  readonly next: Row | undefined
  /** Shared by those of one key; undefined: none was sent to an upstream yet. */
  times: AnswerTimes | undefined = undefined
  count = 0
  lastUsedAtMs: number | null = null

  constructor(of: RowKind, next: Row | undefined) {
    this.record = of.record
    this.environment = of.environment
    this.route = of.route
    this.outcome = of.outcome
    this.minuteMs = of.minuteMs
    this.next = next
  }

  add(at: number): void {
    this.count++
    // Refused ones of a dead key are no use of it.
    if (this.outcome !== 'INVALID_API_KEY') this.lastUsedAtMs = at
  }
}

type RowKind = Pick<Row, 'record' | 'environment' | 'route' | 'outcome' | 'minuteMs'>

/** By route and secret, the latest of a chain of rows. */
type Rows = Map<Route, Map<string, Row>>

interface SealedBatch {
  readonly id: string
  readonly rows: readonly Row[]
  readonly times: readonly AnswerTimes[]
}

const minuteMs = 60_000
const batchRows = 500
/** A key has some ten times in a minute, each of which is added to seven rows. */
const batchTimes = 50
const lastTriesMs = 3_000
const pauseMs = 100

/** Makes a recorder that flushes every 5 seconds. */
export function createActivityRecorder(deps: ActivityRecorderDeps): ActivityRecorder {
  const { maxRows = 50_000, maxTimes = 20_000, timesEveryMs = 30_000 } = deps
  const book = createAnswerTimesBook(maxTimes)
  let timesTakenAt = performance.now()
  let rows: Rows = new Map()
  /** Rows waiting, sealed ones too. */
  let size = 0
  /** On their way: what is in one never changes, as it may have been kept already. */
  let sealed: SealedBatch[] = []
  let flushing: Promise<void> | undefined
  let isStopped = false
  const timer = setInterval(() => void flush(), deps.flushEveryMs ?? 5_000)
  timer.unref()

  const waiting = () => size
  /** Times are waited for at the end alone. */
  const isEmpty = () => size === 0 && !(isStopped && book.size() > 0)

  /** The row that a request counts into; undefined: there is no room for one more. */
  function rowOf(kind: RowKind): Row | undefined {
    const { secretId } = kind.record
    let ofRoute = rows.get(kind.route)
    if (ofRoute === undefined) rows.set(kind.route, (ofRoute = new Map()))
    const latest = ofRoute.get(secretId)
    const known = findRow(latest, kind)
    if (known !== undefined) return known
    if (size >= maxRows) return undefined
    const row = new Row(kind, latest)
    ofRoute.set(secretId, row)
    size++
    return row
  }

  function seal(): void {
    const taken = allOf(rows)
    rows = new Map()
    for (let i = 0; i < taken.length; i += batchRows) {
      sealed.push({ id: randomUUID(), rows: taken.slice(i, i + batchRows), times: [] })
    }
    // With the rows alone: they name the times that they add to.
    if (!isStopped && performance.now() - timesTakenAt < timesEveryMs) return
    timesTakenAt = performance.now()
    const times = book.take()
    for (let i = 0; i < times.length; i += batchTimes) {
      sealed.push({ id: randomUUID(), rows: [], times: times.slice(i, i + batchTimes) })
    }
  }

  /** How long one took of which an upstream was waited for. */
  function time(row: Row, answerMs: number, upstreamMs: number): void {
    row.times ??= book.of({ record: row.record, environment: row.environment, atMs: row.minuteMs })
    if (row.times === undefined) deps.untimed()
    else row.times.add(answerMs, upstreamMs)
  }

  /** Counts go on adding up while an earlier batch cannot be kept, so that an outage does not make many small ones. */
  async function handOn(): Promise<void> {
    if (sealed.length === 0) seal()
    for (let next = sealed[0]; next !== undefined; next = sealed[0]) {
      try {
        const latencies = next.times.flatMap(latencyCountsOf)
        await deps.sink({ id: next.id, counts: next.rows.map(countOf), latencies })
        sealed.shift()
        size -= next.rows.length
        book.release(next.times)
      } catch {
        // The next time another one is first, in case that it is this one that cannot be kept.
        sealed = [...sealed.slice(1), next]
        return
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
    count(access, gatewayMs) {
      const { principal, environment, route, upstreamMs } = access
      if (principal === undefined || route === undefined) return
      const at = deps.now()
      const row = rowOf({
        record: principal.record,
        environment: environment?.name ?? principal.record.environment,
        route,
        outcome: access.denial?.code ?? 'allow',
        minuteMs: at - (at % minuteMs),
      })
      if (row === undefined) return deps.dropped()
      row.add(at)
      if (upstreamMs !== undefined) time(row, gatewayMs + upstreamMs, upstreamMs)
    },
    async flush() {
      const endsAt = performance.now() + lastTriesMs
      await flush()
      // What came in while an earlier flush ran goes with another.
      if (!isEmpty()) await flush()
      if (!isStopped) return
      while (!isEmpty() && performance.now() < endsAt) {
        await sleep(pauseMs)
        await flush()
      }
    },
    stop() {
      isStopped = true
      clearInterval(timer)
    },
    waiting,
  }
}

/** The row of a chain that a request counts into. */
function findRow(
  latest: Row | undefined,
  { record, environment, outcome, minuteMs }: RowKind,
): Row | undefined {
  for (let row = latest; row !== undefined; row = row.next) {
    const isSame = row.minuteMs === minuteMs && row.outcome === outcome && row.environment === environment
    if (isSame && row.record.api === record.api) return row
  }
  return undefined
}

function allOf(rows: Rows): Row[] {
  const all: Row[] = []
  for (const ofRoute of rows.values()) {
    for (const latest of ofRoute.values()) {
      for (let row: Row | undefined = latest; row !== undefined; row = row.next) all.push(row)
    }
  }
  return all
}

function countOf({
  record,
  environment,
  route,
  outcome,
  minuteMs: minute,
  count,
  lastUsedAtMs,
}: Row): ActivityCount {
  return {
    keyId: record.keyId,
    secretId: record.secretId,
    api: record.api,
    environment,
    route: `${route.method} ${route.template}`,
    outcome,
    minuteMs: minute,
    count,
    lastUsedAtMs,
  }
}
