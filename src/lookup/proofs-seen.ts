// Which proofs of possession (RFC 9449 §11.1) were used already: each is taken once, over all instances where Redis answers in
// time, else once in each process, which is told. What was taken stands in memory as well, so that Redis going away opens nothing
// here. Memory forgets by time alone: while it is full, what Redis does not vouch for is not taken.

import { hash } from 'node:crypto'
import type { InstalledStore } from './installation.ts'

export interface ProofsSeen {
  /** Takes a proof by its name, to be remembered until `endsAtMs` by the shared clock. Never rejects. */
  take(name: string, endsAtMs: number): Taken | Promise<Taken>
}

/** `unknown`: nobody can tell, as nobody could remember it. */
export type Taken = 'first' | 'repeated' | 'unknown'

/** Nobody repeats anything: for who asks what would be decided, and is no client. */
export const nothingIsRepeated: ProofsSeen = { take: () => 'first' }

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

  async function takeEverywhere(
    shared: InstalledStore,
    { id, endsAtMs, isKept }: { id: string; endsAtMs: number; isKept: boolean },
  ): Promise<Taken> {
    const lifeMs = Math.max(slackMs, Math.ceil(endsAtMs - now()) + slackMs)
    const answer = await shared.run(
      (client) => client.set(shared.at(`proof:${id}`), '1', 'PX', lifeMs, 'NX'),
      deadlineMs,
    )
    counted(answer === undefined ? 'memory' : 'redis')
    if (answer === undefined) return isKept ? 'first' : 'unknown'
    return answer === null ? 'repeated' : 'first'
  }

  return {
    take(name, endsAtMs) {
      // Names are as long as clients like.
      const id = hash('sha256', name, 'base64url')
      const kept = memory.add(id)
      if (kept === 'known') return 'repeated'
      const isKept = kept === 'added'
      if (store !== null) return takeEverywhere(store, { id, endsAtMs, isKept })
      counted('memory')
      return isKept ? 'first' : 'unknown'
    },
  }
}

/** What came lately, by the time of coming: older ones are forgotten together, and nothing is before its time. */
function createRecent(now: () => number, most: number): { add(id: string): 'added' | 'known' | 'full' } {
  let recent: Set<string>[] = [new Set()]
  let startedAt = now()
  return {
    add(id) {
      const at = now()
      const turns = Math.min(generations, Math.floor((at - startedAt) / generationMs))
      for (let i = 0; i < turns; i++) recent = [new Set(), ...recent.slice(0, generations - 1)]
      if (turns > 0) startedAt = at
      if (recent.some((names) => names.has(id))) return 'known'
      if (recent.reduce((sum, { size }) => sum + size, 0) >= most) return 'full'
      recent[0]?.add(id)
      return 'added'
    },
  }
}
