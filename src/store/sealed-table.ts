// What stands sealed in the database, so that a key which seals can be replaced: each column, and what its texts are bound to.

import { totpPlace } from '../credentials/totp.ts'
import { webhookSecretPlace } from '../credentials/webhook-secret.ts'
import type { Queryable } from './postgres.ts'

interface SealedColumn {
  readonly table: string
  readonly id: string
  readonly column: string
  placeOf(id: string): string
}

export const sealedColumns: readonly SealedColumn[] = [
  { table: 'webhook_secret', id: 'id', column: 'sealed', placeOf: webhookSecretPlace },
  { table: 'totp', id: 'person_id', column: 'secret', placeOf: totpPlace },
]

export interface SealedText {
  readonly id: string
  readonly sealed: string
}

/** Texts that begin otherwise than `mark`, by their ids, behind `after`. */
export async function sealedOtherwise(
  db: Queryable,
  { table, id, column }: SealedColumn,
  asked: { readonly mark: string; readonly after: string; readonly most: number },
): Promise<readonly SealedText[]> {
  return db.query<SealedText>(
    `SELECT ${id} AS id, ${column} AS sealed FROM ${table} WHERE ${id} > $1 AND NOT starts_with(${column}, $2)
     ORDER BY ${id} LIMIT $3`,
    [asked.after, asked.mark, asked.most],
  )
}

/** Only where it is still as it was read. */
export async function resealText(
  db: Queryable,
  { table, id, column }: SealedColumn,
  text: SealedText & { readonly anew: string },
): Promise<void> {
  await db.query(`UPDATE ${table} SET ${column} = $3 WHERE ${id} = $1 AND ${column} = $2`, [
    ...[text.id, text.sealed, text.anew],
  ])
}
