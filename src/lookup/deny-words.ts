// What was denied and allowed again over the admin API: one word an entry, the last writer's. Pure: instances that have
// heard the same words, in whatever order and however often, hold the same.

import { createHash } from 'node:crypto'
import type { DenyKind } from '../config/deny.ts'

/** The last that was said of one entry. */
export interface DenyWord {
  readonly kind: DenyKind
  /** Canonical. */
  readonly value: string
  /** False: taken back. Kept, so that an older word cannot bring the entry back. */
  readonly isDenied: boolean
  /** Milliseconds since the epoch, by the writer's clock. */
  readonly atMs: number
  readonly actor: string
}

export interface DenyWords {
  /** Takes a word unless a later one is known; whether it was news. */
  hear(word: DenyWord): boolean
  /** The time for a new word about an entry: now, but after every word that is known of it. */
  timeFor(entry: Pick<DenyWord, 'kind' | 'value'>, nowMs: number): number
  get(entry: Pick<DenyWord, 'kind' | 'value'>): DenyWord | undefined
  all(): readonly DenyWord[]
  /** Equal where the same is held. */
  sum(): string
  /** Forgets what was taken back before `beforeMs`, and returns it. */
  forget(beforeMs: number): readonly DenyWord[]
}

/** The name of an entry. No kind has a colon. */
export function entryName({ kind, value }: Pick<DenyWord, 'kind' | 'value'>): string {
  return `${kind}:${value}`
}

/** Whether `a` was said after `b`; of two at once the denial counts. */
export function isLater(a: DenyWord, b: DenyWord): boolean {
  return a.atMs === b.atMs ? a.isDenied && !b.isDenied : a.atMs > b.atMs
}

/** Nothing said yet. */
export function createDenyWords(): DenyWords {
  const words = new Map<string, DenyWord>()
  let sum: string | undefined

  return {
    hear(word) {
      const known = words.get(entryName(word))
      if (known !== undefined && !isLater(word, known)) return false
      words.set(entryName(word), word)
      sum = undefined
      return true
    },
    timeFor(entry, nowMs) {
      const known = words.get(entryName(entry))
      return known === undefined ? nowMs : Math.max(nowMs, known.atMs + 1)
    },
    get: (entry) => words.get(entryName(entry)),
    all: () => [...words.values()],
    sum() {
      sum ??= sumOf(words)
      return sum
    },
    forget(beforeMs) {
      const old = [...words.values()].filter((word) => !word.isDenied && word.atMs < beforeMs)
      for (const word of old) words.delete(entryName(word))
      if (old.length > 0) sum = undefined
      return old
    },
  }
}

/** Over what is denied alone: what was taken back long ago is forgotten at different times. */
function sumOf(words: ReadonlyMap<string, DenyWord>): string {
  const lines = [...words].filter(([, word]) => word.isDenied).map(([name, word]) => `${name} ${word.atMs}\n`)
  return createHash('sha256').update(lines.toSorted().join('')).digest('base64url')
}
