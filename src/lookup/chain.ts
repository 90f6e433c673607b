// digest → record, through the tiers in order: memory, Redis, Postgres. The order is nearest first, and the last is
// the truth. An error is never an answer: a tier that fails is passed over, and when the truth itself cannot be
// asked the result is `unavailable`, never `unknown`. Knows nothing of requests or routes.

import { performance } from 'node:perf_hooks'
import type { Changes } from './changes.ts'
import type { Found, Lookup, Tier } from './found.ts'
import type { MemoryTier } from './memory-tier.ts'
import type { PostgresTier } from './postgres-tier.ts'
import type { RedisTier } from './redis-tier.ts'

export interface LookupDeps {
  readonly memory: MemoryTier
  readonly redis: RedisTier | null
  readonly postgres: PostgresTier
  readonly changes: Changes
  /** Resolves after the feed has asked Postgres once more. */
  readonly refresh: () => Promise<void>
  /** Told once a look-up, with where the answer came from. */
  readonly counted: (tier: Tier | 'none', kind: Found['kind'], milliseconds: number) => void
}

/** Joins the tiers to one look-up. */
export function createLookup(deps: LookupDeps): Lookup {
  const inFlight = new Map<string, Promise<Found>>()

  return {
    findInMemory: deps.memory.get,
    find(digest) {
      const known = deps.memory.get(digest)
      if (known !== undefined) {
        deps.counted('memory', known.kind, 0)
        return known
      }
      const running = inFlight.get(digest)
      if (running !== undefined) return running
      const started = performance.now()
      const asked = askStores(deps, digest)
        .then((found) => {
          const tier = found.kind === 'unavailable' ? 'none' : found.tier
          deps.counted(tier, found.kind, performance.now() - started)
          return found
        })
        .finally(() => inFlight.delete(digest))
      inFlight.set(digest, asked)
      return asked
    },
  }
}

async function askStores(deps: LookupDeps, digest: string): Promise<Found> {
  const near = await askRedis(deps, digest, false)
  if (near !== undefined) return near
  const found = await askPostgres(deps, digest)
  if (found.kind !== 'unavailable') return found
  // Redis had to be quick, as Postgres could be asked. Now it is all there is.
  return (await askRedis(deps, digest, true)) ?? found
}

async function askRedis(deps: LookupDeps, digest: string, isLast: boolean): Promise<Found | undefined> {
  const { history } = deps.changes
  const cached = await deps.redis?.get(digest, isLast)
  if (cached === undefined || deps.changes.history !== history) return undefined
  // From beyond what this process has applied: others may be ahead, or it is of another history. Postgres knows; where
  // that cannot be asked, the scope it stands in was found to be of ours.
  if (!isLast && deps.changes.applied >= 0 && cached.revision > deps.changes.applied) return undefined
  const record = deps.memory.adopt(digest, cached)
  return record && { kind: 'known', record, tier: 'redis' }
}

/**
 * Asks Postgres. An answer that the feed has already moved past was read before a change that this process knows
 * of: it must not be used, so it is read again. Once is enough nearly always; a key that changes all the time ends
 * as unavailable rather than as an old answer.
 */
async function askPostgres(deps: LookupDeps, digest: string): Promise<Found> {
  const { changes } = deps
  for (let attempt = 0; attempt < 3; attempt++) {
    const { history } = changes
    try {
      const { epoch, ...read } = await deps.postgres.read(digest)
      if (epoch !== changes.epoch) {
        await findCommonDatabase(deps, epoch)
        continue
      }
      if (changes.history !== history || !changes.knowsSince(read.revision)) continue
      if (!changes.isCurrent(read.revision, digest, read.record)) continue
      const record = deps.memory.fill(digest, read)
      if (record === undefined) return { kind: 'unknown', tier: 'postgres' }
      deps.redis?.fill(digest, { ...read, record })
      return { kind: 'known', record, tier: 'postgres' }
    } catch {
      return { kind: 'unavailable', reason: 'postgres_unavailable' }
    }
  }
  return { kind: 'unavailable', reason: 'overtaken' }
}

/**
 * A look-up was answered by another database than the feed's: either the feed has yet to learn of a failover, or the
 * look-up's connection still leads to the old primary, whose revisions say nothing of the new one's.
 */
async function findCommonDatabase({ changes, postgres, refresh }: LookupDeps, read: string): Promise<void> {
  await refresh()
  if (changes.epoch !== read) postgres.reconnect()
}
