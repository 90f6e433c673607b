// Public keys that clients publish themselves (`jwks_uri`): fetched when they are needed, kept for a while, and asked for anew where a
// client shows a key that is not known yet, as it has rotated. How they are fetched, and from where that may be, others say.

import { LRUCache } from 'lru-cache'
import { whyNoClientKey } from '../credentials/client-keys.ts'

export interface ClientKeySetDeps {
  /** The body of what is published there; undefined: it is not to be had. Never rejects. */
  fetch(url: string): Promise<string | undefined>
  /** Milliseconds, of any beginning. */
  monotonicNow(): number
}

export interface ClientKeySets {
  /** Usable ones of those published there, the key `kid` among them where it is said and there; undefined: none are known. */
  of(url: string, kid: string | undefined): Promise<readonly object[] | undefined>
}

type Key = Readonly<Record<string, unknown>>

const freshForMs = 5 * 60_000
/** While they cannot be had anew, those from before are as good. */
const usableForMs = 60 * 60_000
/** Whoever makes keys up does not have them asked for more often. */
const askedEveryMs = 10_000
const mostKeys = 20
const mostSets = 1_000

interface KeySet {
  readonly keys: readonly Key[]
  readonly atMs: number
}

export function createClientKeySets({ fetch, monotonicNow }: ClientKeySetDeps): ClientKeySets {
  const sets = new LRUCache<string, KeySet>({ max: mostSets })
  const askedAt = new LRUCache<string, number>({ max: mostSets })
  const asking = new Map<string, Promise<void>>()

  async function ask(url: string): Promise<void> {
    askedAt.set(url, monotonicNow())
    const keys = keysIn(await fetch(url))
    if (keys !== undefined) sets.set(url, { keys, atMs: monotonicNow() })
  }

  function askOnce(url: string): Promise<void> {
    const known = asking.get(url)
    if (known !== undefined) return known
    const made = ask(url).finally(() => asking.delete(url))
    asking.set(url, made)
    return made
  }

  const ageOf = (set: KeySet) => monotonicNow() - set.atMs

  return {
    async of(url, kid) {
      const known = sets.get(url)
      const isThere =
        known !== undefined && (kid === undefined || known.keys.some((key) => key['kid'] === kid))
      const isAskable = monotonicNow() - (askedAt.get(url) ?? Number.NEGATIVE_INFINITY) >= askedEveryMs
      const isNeeded = !isThere || ageOf(known) >= freshForMs
      if (asking.has(url) ? !isThere : isNeeded && isAskable) await askOnce(url)
      const set = sets.get(url)
      return set !== undefined && ageOf(set) < usableForMs ? set.keys : undefined
    },
  }
}

function keysIn(text: string | undefined): readonly Key[] | undefined {
  const keys = parsed(text)
  if (!Array.isArray(keys)) return undefined
  return keys
    .filter((key): key is Key => isObject(key) && whyNoClientKey(key) === undefined)
    .slice(0, mostKeys)
}

function parsed(text: string | undefined): unknown {
  try {
    const { keys }: { keys?: unknown } = Object(JSON.parse(text ?? 'null'))
    return keys
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Key {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
