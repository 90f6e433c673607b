// Which proofs of possession (RFC 9449 §11.1) were used already: each is taken once, over all instances where Redis answers in
// time, else once in each process, which is told. What was taken stands in memory in any case, so that Redis going away opens
// nothing here.

import { hash } from 'node:crypto'
import type { InstalledStore } from './installation.ts'

export interface ProofsSeen {
  /** Takes a proof by its name, to be remembered until `endsAtMs` by the shared clock; false: it was taken before. Never rejects. */
  take(name: string, endsAtMs: number): boolean | Promise<boolean>
}

/** Nobody repeats anything: for who asks what would be decided, and is no client. */
export const nothingIsRepeated: ProofsSeen = { take: () => true }

export interface ProofsSeenDeps {
  /** null: no Redis is used. */
  readonly store: InstalledStore | null
  /** Wall-clock milliseconds, by the database's clock. */
  readonly now: () => number
  /** Told of each proof: whether all instances know of it. */
  readonly counted: (by: 'redis' | 'memory') => void
  readonly mostRemembered?: number
}

/** Nobody waits for longer, in milliseconds. */
const deadlineMs = 25
/** Beyond the end: clocks of instances are not quite the same. */
const slackMs = 5_000
/** What a proof may be ahead of its time, and last. */
const generationMs = 65_000
const generations = 3
/** Some 100 bytes each. */
const mostKept = 500_000

export function createProofsSeen(deps: ProofsSeenDeps): ProofsSeen {
  const { store, now, counted } = deps
  const memory = createRecent(now, deps.mostRemembered ?? mostKept)

  async function takeEverywhere(shared: InstalledStore, id: string, endsAtMs: number): Promise<boolean> {
    const lifeMs = Math.max(slackMs, Math.ceil(endsAtMs - now()) + slackMs)
    const answer = await shared.run(
      (client) => client.set(shared.at(`proof:${id}`), '1', 'PX', lifeMs, 'NX'),
      deadlineMs,
    )
    counted(answer === undefined ? 'memory' : 'redis')
    return answer !== null
  }

  return {
    take(name, endsAtMs) {
      // Names are as long as clients like.
      const id = hash('sha256', name, 'base64url')
      if (!memory.add(id)) return false
      if (store !== null) return takeEverywhere(store, id, endsAtMs)
      counted('memory')
      return true
    },
  }
}

/** What came lately, by the time of coming: older ones are forgotten together. */
function createRecent(now: () => number, most: number): { add(id: string): boolean } {
  let recent: Set<string>[] = [new Set()]
  let startedAt = now()
  return {
    add(id) {
      const at = now()
      const newest = recent[0]
      if (newest === undefined || at - startedAt >= generationMs || newest.size >= most / generations) {
        recent = [new Set(), ...recent.slice(0, generations - 1)]
        startedAt = at
      }
      if (recent.some((names) => names.has(id))) return false
      recent[0]?.add(id)
      return true
    },
  }
}
