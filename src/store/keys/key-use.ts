// Keys of the whole installation in the order of their last use: those that were used by the minute of it, which has an index, and
// within a minute by the exact time; those that never were by their ids. `key_use` is kept by triggers on the secrets.

import type { KeyOrder } from './key-order.ts'

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

/** What holds of them; `after` is the placeholder of the id that a page ended with. */
export function stageConditions(stage: UseStage, order: KeyOrder, after: string | null): readonly string[] {
  const use = `FROM key_use o WHERE o.key_id = ${after}`
  if (stage === 'unused') {
    const isUnused = 'NOT EXISTS (SELECT FROM key_use u WHERE u.key_id = k.id)'
    // Behind one that was used come those that never were in one direction only.
    const isPast = after !== null && !order.isDescending
    return isPast ? [isUnused, `NOT EXISTS (SELECT ${use})`] : [isUnused]
  }
  if (after === null) return []
  // So that the index begins there. Never used: before all that were.
  const minute = `coalesce((SELECT o.minute ${use}), '-infinity'::timestamptz)`
  return [`u.minute ${order.isDescending ? '<=' : '>='} ${minute}`]
}

/** What the order by itself (`clause`) has to begin with, so that an index gives its first part. */
export function stageOrder(stage: UseStage, { isDescending }: KeyOrder, clause: string): string {
  const direction = isDescending ? 'DESC' : 'ASC'
  if (stage === 'unused') return `ORDER BY k.id ${direction}`
  return clause.replace('ORDER BY ', `ORDER BY u.minute ${direction}, `)
}
