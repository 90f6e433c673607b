// Who used what, how often: counted in memory by the minute, handed on in batches. Never in a request's way, and
// bounded: what does not fit is counted as dropped. The gateway knows the sink's shape, not the store behind it.

import { randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Route } from '../config/compiled.ts'
import type { CredentialRecord } from '../credentials/record.ts'
import type { Access, Principal } from './access.ts'

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
}

/** Takes a batch; rejects when it cannot tell that it was kept, and then gets the same one again later. */
export type ActivitySink = (batch: ActivityBatch) => Promise<void>

export interface ActivityRecorder {
  /** Counts one finished request of a known key. */
  count(access: Access): void
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
  readonly flushEveryMs?: number
  readonly maxRows?: number
}

interface Row extends Omit<ActivityCount, 'count' | 'lastUsedAtMs'> {
  count: number
  lastUsedAtMs: number | null
}

interface LastRow {
  /** The rows that it is one of, until they are sealed. */
  readonly of: ReadonlyMap<string, Row>
  readonly route: Route
  readonly row: Row
}

/** Refused ones of a dead key are no use of it. */
function usedAt(outcome: string, at: number): number | null {
  return outcome === 'INVALID_API_KEY' ? null : at
}

const minuteMs = 60_000
const batchRows = 500
const lastTriesMs = 3_000
const pauseMs = 100

/** Makes a recorder that flushes every 5 seconds. */
export function createActivityRecorder(deps: ActivityRecorderDeps): ActivityRecorder {
  const maxRows = deps.maxRows ?? 50_000
  let rows = new Map<string, Row>()
  const lastRows = new WeakMap<CredentialRecord, LastRow>()
  /** On their way: what is in one never changes, as it may have been kept already. */
  let sealed: ActivityBatch[] = []
  let flushing: Promise<void> | undefined
  let isStopped = false
  const timer = setInterval(() => void flush(), deps.flushEveryMs ?? 5_000)
  timer.unref()

  const waiting = () => sealed.reduce((sum, { counts }) => sum + counts.length, rows.size)

  /** Counts into the row that the same secret's last request was counted into, if it is that one again. */
  function countAgain({ record }: Principal, route: Route, outcome: string, at: number): boolean {
    const last = lastRows.get(record)
    if (last === undefined || last.of !== rows || last.route !== route) return false
    const { row } = last
    if (row.outcome !== outcome || at - row.minuteMs >= minuteMs || at < row.minuteMs) return false
    row.count++
    row.lastUsedAtMs = usedAt(outcome, at) ?? row.lastUsedAtMs
    return true
  }

  function add(row: Row): Row | undefined {
    const name = `${row.secretId} ${row.route} ${row.outcome} ${row.minuteMs} ${row.environment} ${row.api}`
    const known = rows.get(name)
    if (known !== undefined) {
      known.count += row.count
      known.lastUsedAtMs = row.lastUsedAtMs ?? known.lastUsedAtMs
      return known
    }
    if (waiting() < maxRows) {
      rows.set(name, row)
      return row
    }
    deps.dropped()
    return undefined
  }

  function seal(): void {
    const taken = [...rows.values()]
    rows = new Map()
    for (let i = 0; i < taken.length; i += batchRows) {
      sealed.push({ id: randomUUID(), counts: taken.slice(i, i + batchRows) })
    }
  }

  /** Counts go on adding up while an earlier batch cannot be kept, so that an outage does not make many small ones. */
  async function handOn(): Promise<void> {
    if (sealed.length === 0) seal()
    for (let next = sealed[0]; next !== undefined; next = sealed[0]) {
      try {
        await deps.sink(next)
        sealed.shift()
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
    count(access) {
      const { principal, environment, route } = access
      if (principal === undefined || route === undefined) return
      const { record } = principal
      const at = deps.now()
      const outcome = access.denial?.code ?? 'allow'
      if (countAgain(principal, route, outcome, at)) return
      const row = add({
        keyId: record.keyId,
        secretId: record.secretId,
        api: record.api,
        environment: environment?.name ?? record.environment,
        route: `${route.method} ${route.template}`,
        outcome,
        minuteMs: at - (at % minuteMs),
        count: 1,
        lastUsedAtMs: usedAt(outcome, at),
      })
      if (row !== undefined) lastRows.set(record, { of: rows, route, row })
    },
    async flush() {
      const endsAt = performance.now() + lastTriesMs
      await flush()
      // What came in while an earlier flush ran goes with another.
      if (waiting() > 0) await flush()
      if (!isStopped) return
      while (waiting() > 0 && performance.now() < endsAt) {
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
