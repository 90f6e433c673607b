// What is new in the audit of keys and merchants, once a second while somebody watches.

import { type ChangeEvent, changesBehind, lastChangeId } from '../../store/audit/event-table.ts'
import type { Queryable } from '../../store/postgres.ts'

export interface ChangeNews {
  /** Has `heard` called with each change from now on, and with how many there were too many; returns what ends that. */
  listen(heard: (change: ChangeEvent | { readonly lost: true }) => void): () => void
}

const lookEveryMs = 1_000
/** In one look: an import makes a hundred thousand at once. */
const mostAtOnce = 200

/** Looks for nothing yet. */
export function createChangeNews(db: Queryable, everyMs = lookEveryMs): ChangeNews {
  const all = new Set<(change: ChangeEvent | { readonly lost: true }) => void>()
  let timer: NodeJS.Timeout | undefined
  /** The last entry that was told; undefined: not asked yet. */
  let last: number | undefined
  let looking: Promise<void> | undefined

  async function look(): Promise<void> {
    try {
      if (last === undefined) return void (last = await lastChangeId(db))
      const changes = await changesBehind(db, last, mostAtOnce + 1)
      last = changes.at(-1)?.id ?? last
      if (changes.length > mostAtOnce) for (const heard of all) heard({ lost: true })
      for (const change of changes.slice(-mostAtOnce)) for (const heard of all) heard(change)
    } catch {
      // While Postgres is away nothing changes; what did comes with the next look.
    }
  }

  function begin(): void {
    looking ??= look().finally(() => {
      looking = undefined
    })
  }

  return {
    listen(heard) {
      if (all.size === 0) {
        last = undefined
        timer = setInterval(begin, everyMs).unref()
        begin()
      }
      all.add(heard)
      return () => {
        all.delete(heard)
        if (all.size === 0) clearInterval(timer)
      }
    },
  }
}
