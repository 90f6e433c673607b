// The keys in use, handed from a process that serves to the next one (lookup/warm-start.ts): read before it serves, noted
// every minute and as it ends.

import type { Logger } from '../telemetry/log.ts'
import type { Core } from './core.ts'
import type { Drain } from './drain.ts'

const noteEveryMs = 60_000

/** Resolves when memory is warm, or it takes too long. Never rejects. */
export async function warmUp({ warmStart }: Core, drain: Drain, log: Logger): Promise<void> {
  if (warmStart === null) return
  const startedAt = performance.now()
  const keys = await warmStart.warm()
  const tookMs = Math.round(performance.now() - startedAt)
  if (keys > 0) log.info({ keys, tookMs }, 'Keys that were in use are in memory')
  const timer = setInterval(() => void warmStart.note(), noteEveryMs).unref()
  drain.last('keys in use', () => {
    clearInterval(timer)
    return warmStart.note()
  })
}
