// The emergency stop: what the deny file lists, and what was denied over the admin API beside it. Asks no database, so
// that it works when nothing else does.

import { type DenyEntries, type DenyKind, denyKinds, nothingDenied } from '../config/deny.ts'
import type { DenySpread } from './deny-spread.ts'
import type { DenyWord, DenyWords } from './deny-words.ts'

export interface DenyEntry {
  readonly kind: DenyKind
  /** Canonical (config/deny.ts). */
  readonly value: string
}

/** An entry with who put it there; one that both did is there twice. */
export interface DenyRow extends DenyEntry {
  readonly source: 'file' | 'api'
  /** Milliseconds since the epoch; null: the file says nothing of it. */
  readonly atMs: number | null
  readonly actor: string | null
}

export type DenyChange =
  | {
      readonly kind: 'done'
      readonly word: DenyWord
      /** False: it was so already. */
      readonly isNew: boolean
      /** Whether Redis has it, and with it every instance that reaches Redis within a second. */
      readonly isSpread: boolean
      /** The deny file lists it too: it stays denied whatever is said here. */
      readonly isInFile: boolean
    }
  /** Nothing to take back. */
  | { readonly kind: 'unknown' }
  /** Only the file can take it back. */
  | { readonly kind: 'in_file' }
  /** The file is the place for more. */
  | { readonly kind: 'full' }

export interface DenyStop {
  /** All that is denied, by whomever. */
  entries(): DenyEntries
  rows(): readonly DenyRow[]
  /** What the deny file lists from now on. */
  takeFile(entries: DenyEntries): void
  /** Denies on this instance at once, then on the others. Never rejects. */
  add(entry: DenyEntry, actor: string): Promise<DenyChange>
  /** Takes back what `add` has denied, here or elsewhere. Never rejects. */
  remove(entry: DenyEntry, actor: string): Promise<DenyChange>
}

export interface DenyStopDeps {
  readonly words: DenyWords
  /** null: no Redis is used. */
  readonly spread: DenySpread | null
  /** Wall-clock milliseconds. */
  readonly now: () => number
  /** Called when something else is denied than before. */
  readonly changed: () => void
}

/** Entries that the admin API takes: each is read from Redis by every instance, twice a second. */
export const mostAdded = 1_000

/** Nothing is denied yet. */
export function createDenyStop({ words, spread, now, changed }: DenyStopDeps): DenyStop {
  let file = nothingDenied

  async function say(word: DenyWord): Promise<DenyChange> {
    const isNew = words.hear(word)
    if (isNew) changed()
    const isSpread = (await spread?.tell(word)) ?? false
    return { kind: 'done', word, isNew, isSpread, isInFile: file[word.kind].has(word.value) }
  }

  return {
    entries: () => joined(file, words),
    rows: () => [...fileRows(file), ...addedRows(words)],
    takeFile(entries) {
      const isSame = denyKinds.every((kind) => [...file[kind]].join('|') === [...entries[kind]].join('|'))
      file = entries
      if (!isSame) changed()
    },
    async add(entry, actor) {
      const known = words.get(entry)
      if (known?.isDenied) return say(known)
      if (addedRows(words).length >= mostAdded) return { kind: 'full' }
      return say({ ...entry, isDenied: true, atMs: words.timeFor(entry, now()), actor })
    },
    async remove(entry, actor) {
      const known = words.get(entry)
      if (known?.isDenied) return say({ ...entry, isDenied: false, atMs: words.timeFor(entry, now()), actor })
      if (file[entry.kind].has(entry.value)) return { kind: 'in_file' }
      return known === undefined ? { kind: 'unknown' } : say(known)
    },
  }
}

function joined(file: DenyEntries, words: DenyWords): DenyEntries {
  const added = words.all().filter((word) => word.isDenied)
  const sets = denyKinds.map((kind) => {
    const values = added.filter((word) => word.kind === kind).map((word) => word.value)
    return [kind, values.length === 0 ? file[kind] : new Set([...file[kind], ...values])] as const
  })
  return { ...nothingDenied, ...Object.fromEntries(sets) }
}

function fileRows(file: DenyEntries): DenyRow[] {
  return denyKinds.flatMap((kind) =>
    [...file[kind]].map((value) => ({ kind, value, source: 'file', atMs: null, actor: null }) as const),
  )
}

function addedRows(words: DenyWords): DenyRow[] {
  return words
    .all()
    .filter((word) => word.isDenied)
    .map(({ kind, value, atMs, actor }) => ({ kind, value, source: 'api', atMs, actor }) as const)
}
