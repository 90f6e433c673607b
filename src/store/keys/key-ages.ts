// Keys by their times: how old the secret is, when it was last used, when the key ends. In milliseconds since the epoch.

import { orderedBy } from './key-order.ts'

export interface KeyAges {
  /** The current secret was made then or before. */
  readonly secretBeforeMs?: number | undefined
  /** Not used since then, and there since then: a key of today is not one that nobody uses. */
  readonly unusedSinceMs?: number | undefined
  /** Ends then or before, and after now. */
  readonly endsByMs?: number | undefined
}

/** Conditions on a key's row (alias `k`), where `$1` is now; `put` takes a value and gives its placeholder. */
export function ageConditions(ages: KeyAges, put: (value: unknown) => string): readonly string[] {
  const { secretBeforeMs, unusedSinceMs, endsByMs } = ages
  const conditions: string[] = []
  const ends = orderedBy.expires('k.')
  if (secretBeforeMs !== undefined) {
    const before = put(new Date(secretBeforeMs))
    conditions.push(
      // Keys that were made later have no older secret, and need not be looked at.
      `k.created_at <= ${before}`,
      `k.id IN (SELECT s.key_id FROM key_secret s WHERE s.expires_at IS NULL AND s.created_at <= ${before})`,
    )
  }
  if (unusedSinceMs !== undefined) {
    const since = put(new Date(unusedSinceMs))
    conditions.push(
      `k.created_at <= ${since}`,
      `NOT EXISTS (SELECT FROM key_secret s WHERE s.key_id = k.id AND s.last_used_at > ${since})`,
    )
  }
  if (endsByMs !== undefined) conditions.push(`${ends} > $1`, `${ends} <= ${put(new Date(endsByMs))}`)
  return conditions
}
