// Which instances have not heard yet what is denied. An instance says in Redis what it holds; who there is, Redis and
// Postgres know, each as far as it can be reached.

import type { DenySpread } from './deny-spread.ts'
import type { DenyWords } from './deny-words.ts'

/** An instance that may not hold what this one does. */
export interface DenyBehind {
  readonly instance: string
  readonly lastSeenAtMs: number
}

export interface DenyAcknowledgeDeps {
  readonly words: DenyWords
  readonly spread: DenySpread | null
  readonly instanceId: string
  /** The instances that Postgres knows. May reject, and may take its time. */
  readonly registered: () => Promise<readonly { readonly id: string; readonly lastSeenAtMs: number }[]>
  readonly now: () => number
  /** An instance that was silent for so long counts no more. */
  readonly maxStaleLimitMs: () => number
}

const askEveryMs = 20
const postgresLimitMs = 1_000

/**
 * Returns a function that resolves with the instances that do not hold the same as this one: as soon as all do, at once
 * when Redis is away, else after `timeoutMs`. null: nobody could be asked who there is. Never rejects.
 */
export function createDenyAcknowledge(
  deps: DenyAcknowledgeDeps,
): (timeoutMs: number) => Promise<readonly DenyBehind[] | null> {
  const { words, spread, instanceId, now } = deps
  return async (timeoutMs) => {
    const endsAt = now() + timeoutMs
    const registered = await within(deps.registered(), postgresLimitMs)
    for (;;) {
      const held = await spread?.held()
      if (held === undefined && registered === undefined) return null
      const seen = new Map(registered?.map(({ id, lastSeenAtMs }) => [id, lastSeenAtMs]))
      for (const [id, { atMs }] of held ?? []) {
        if (atMs > now() - deps.maxStaleLimitMs()) seen.set(id, Math.max(atMs, seen.get(id) ?? 0))
      }
      seen.delete(instanceId)
      const behind = [...seen]
        .filter(([id]) => held?.get(id)?.sum !== words.sum())
        .map(([instance, lastSeenAtMs]) => ({ instance, lastSeenAtMs }))
      if (behind.length === 0 || held === undefined || now() >= endsAt) return behind
      await sleep(askEveryMs)
    }
  }
}

function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  const late = sleep(milliseconds).then(() => undefined)
  return Promise.race([promise.catch(() => undefined), late])
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
