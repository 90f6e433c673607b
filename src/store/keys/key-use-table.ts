// Keys of the whole installation in the order of their last use: those that were used by the minute of it, which has an index, and
// within a minute by the exact time; those that never were by their ids. `key_use` is moved with the secrets' last use
// (activity-table.ts).

import type { Queryable } from '../postgres.ts'
import { type KeyOrder, orderedBy } from './key-order.ts'

/** In which of both it is looked, one after the other. */
export type UseStage = 'used' | 'unused'

/** In the order of the list. */
export function useStages({ isDescending }: KeyOrder): readonly UseStage[] {
  return isDescending ? ['used', 'unused'] : ['unused', 'used']
}

/** Where keys (alias `k`) are read from. */
export const stageTables = {
  used: 'key_use u JOIN api_key k ON k.id = u.key_id',
  unused: 'api_key k',
} as const satisfies Record<UseStage, string>

/** Where a page ended. */
export interface StagePlace {
  /** Placeholder of the id that it ended with. */
  readonly after: string
  /** Conditions on the keys (alias `k`) that are seen: another's would tell where a key of somebody else stands. */
  readonly seen: readonly string[]
}

/**
 * What holds of them behind a place, if there is one. It goes by `key_use` throughout: a key is found once, also where a program of
 * an earlier version has noted its use at the secret alone.
 */
export function stageConditions(
  stage: UseStage,
  { isDescending }: KeyOrder,
  place: StagePlace | null,
): readonly string[] {
  const isUnused = 'NOT EXISTS (SELECT FROM key_use u WHERE u.key_id = k.id)'
  if (place === null) return stage === 'used' ? [] : [isUnused]
  const { after, seen } = place
  const beyond = isDescending ? '<' : '>'
  const ofLast = (what: string) =>
    `(SELECT ${what} FROM api_key k WHERE ${[`k.id = ${after}`, ...seen].join(' AND ')})`
  if (stage === 'unused') {
    // Behind one that was used come all of these, or none.
    const isLastUnused = ofLast(isUnused)
    const isBehind = `(${isLastUnused} AND k.id ${beyond} ${after})`
    return [isUnused, isDescending ? `(NOT ${isLastUnused} OR ${isBehind})` : isBehind]
  }
  // Never used: before all that were.
  const minute = ofLast(`coalesce(${minuteOfKey}, '-infinity'::timestamptz)`)
  const use = orderedBy.last_used('k.')
  return [
    // So that the index begins there.
    `u.minute ${beyond}= ${minute}`,
    `(u.minute, ${use}, k.id) ${beyond} (${minute}, ${ofLast(use)}, ${after})`,
  ]
}

/** `ORDER BY` of keys (alias `k`) of a stage; `minute` is an expression for that of the last use. */
export function stageOrder(stage: UseStage, { isDescending }: KeyOrder, minute: string): string {
  const direction = isDescending ? 'DESC' : 'ASC'
  const parts = stage === 'unused' ? ['k.id'] : [minute, orderedBy.last_used('k.'), 'k.id']
  return `ORDER BY ${parts.map((part) => `${part} ${direction}`).join(', ')}`
}

/** Where the table itself is not joined. */
export const minuteOfKey = '(SELECT o.minute FROM key_use o WHERE o.key_id = k.id)'

/** Brings over the uses of the last day that programs of earlier versions have noted at secrets alone. Returns 0: it is at its end. */
export async function noteKeyUses(db: Queryable): Promise<number> {
  await db.query(
    `INSERT INTO key_use AS u (key_id, minute)
     SELECT n.key_id, n.minute FROM (
       SELECT key_id, date_trunc('minute', max(last_used_at), 'UTC') AS minute FROM key_secret
       WHERE last_used_at > now() - interval '1 day' GROUP BY key_id
     ) n WHERE NOT EXISTS (SELECT FROM key_use o WHERE o.key_id = n.key_id AND o.minute >= n.minute) ORDER BY n.key_id
     ON CONFLICT (key_id) DO UPDATE SET minute = excluded.minute WHERE u.minute < excluded.minute`,
  )
  return 0
}
