// Which proofs of possession were used: what a process that serves requests remembers, and what all know together.

import { createProofsSeen, type ProofsSeen } from '../lookup/proofs-seen.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Core } from './core.ts'

export interface ProofParts {
  readonly core: Pick<Core, 'redis' | 'instances' | 'now' | 'monotonicNow'>
  readonly metrics: Pick<Metrics, 'counter'>
  readonly log: Pick<Logger, 'warn'>
}

const toldEveryMs = 60_000
const tooLate =
  'Redis did not answer in time: a proof of possession is taken once in each process, not once in all'
const withoutRedis =
  'There is no Redis, and more than one process: a proof of possession is taken once in each, not once in all. Set `redis`'

export function openProofs({ core, metrics, log }: ProofParts): ProofsSeen {
  const counts = { redis: 0, memory: 0 }
  metrics.counter(
    'latchkey_proofs_shared_total',
    'Proofs of possession (DPoP) of which Redis told whether any instance had taken them before',
    () => counts.redis,
  )
  metrics.counter(
    'latchkey_proofs_alone_total',
    'Proofs of possession (DPoP) of which one process alone could tell whether it had taken them before',
    () => counts.memory,
  )
  let toldAt = Number.NEGATIVE_INFINITY
  return createProofsSeen({
    store: core.redis?.store ?? null,
    now: core.now,
    counted(by) {
      counts[by]++
      // The only process has nobody who could know better.
      if (by === 'redis' || (core.redis === null && core.instances() === 1)) return
      if (core.monotonicNow() - toldAt < toldEveryMs) return
      toldAt = core.monotonicNow()
      log.warn(core.redis === null ? withoutRedis : tooLate)
    },
  })
}
