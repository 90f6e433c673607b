// Entries of keys that are there: as objects where they are few, else in the dense store.

import { LRUCache } from 'lru-cache'
import { createDenseStore, mostObjects } from './dense/dense-store.ts'
import type { KnownEntry } from './entry.ts'

export interface EntryCache<Kept> {
  get(digest: string): Kept | undefined
  set(digest: string, entry: Kept): unknown
  delete(digest: string): unknown
  readonly size: number
  /** Digests, those in use first; whoever comes or goes meanwhile may be left out. */
  keys(): Iterable<string>
}

/** Holds `max`, those that were used last. */
export function createKnownEntries(max: number): EntryCache<KnownEntry> {
  return max <= mostObjects ? new LRUCache<string, KnownEntry>({ max }) : createDenseStore(max)
}
