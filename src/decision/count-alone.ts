// Counts for who is no client, and asks how many requests of one moment pass: rate limits and quotas at work, as one process has
// them that serves alone and has counted nothing yet.

import { createLimiter } from '../limits/limiter.ts'
import { createQuotas } from '../limits/quotas.ts'
import type { Counting } from './judge.ts'

/** Nobody else counts, time stands still, and nothing is kept. */
export function countAlone(): Counting {
  const alone = { monotonicNow: () => 0, instances: () => 1 }
  return {
    limiter: createLimiter({ ...alone, store: null }),
    quotas: createQuotas({
      ...alone,
      now: () => 0,
      store: { add: () => Promise.reject(new Error('alone')) },
    }),
  }
}
