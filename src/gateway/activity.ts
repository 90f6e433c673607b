// Who used what, how often: counted in memory by the minute, handed on in batches. Never in a request's way, and
// bounded: what does not fit is counted as dropped. The gateway knows the sink's shape, not the store behind it.

import type { Access } from './access.ts'

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

/** Takes a batch; rejects when it could not be kept, and then gets it again later. */
export type ActivitySink = (batch: readonly ActivityCount[]) => Promise<void>

export interface ActivityRecorder {
  /** Counts one finished request of a known key. */
  count(access: Access): void
  /** Hands everything on; called in intervals and in the drain. Never rejects. */
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

const minuteMs = 60_000
const batchRows = 500

/** Makes a recorder that flushes every 5 seconds. */
export function createActivityRecorder(deps: ActivityRecorderDeps): ActivityRecorder {
  const maxRows = deps.maxRows ?? 50_000
  let rows = new Map<string, Row>()
  let flushing: Promise<void> | undefined
  const timer = setInterval(() => void flush(), deps.flushEveryMs ?? 5_000)
  timer.unref()

  function add(row: Row): void {
    const name = `${row.secretId} ${row.route} ${row.outcome} ${row.minuteMs} ${row.environment} ${row.api}`
    const known = rows.get(name)
    if (known !== undefined) {
      known.count += row.count
      known.lastUsedAtMs = row.lastUsedAtMs
    } else if (rows.size < maxRows) rows.set(name, row)
    else for (let i = 0; i < row.count; i++) deps.dropped()
  }

  async function handOn(): Promise<void> {
    const taken = [...rows.values()]
    rows = new Map()
    for (let i = 0; i < taken.length; i += batchRows) {
      try {
        await deps.sink(taken.slice(i, i + batchRows))
      } catch {
        // Kept for the next time, as far as there is room.
        for (const row of taken.slice(i)) add(row)
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
      add({
        keyId: record.keyId,
        secretId: record.secretId,
        api: record.api,
        environment: environment?.name ?? record.environment,
        route: `${route.method} ${route.template}`,
        outcome: access.denial?.code ?? 'allow',
        minuteMs: at - (at % minuteMs),
        count: 1,
        lastUsedAtMs: access.denial?.code === 'INVALID_API_KEY' ? null : at,
      })
    },
    async flush() {
      // What came in while an earlier flush ran goes with another.
      await flush()
      if (rows.size > 0) await flush()
    },
    stop: () => clearInterval(timer),
    waiting: () => rows.size,
  }
}
