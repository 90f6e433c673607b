// What is said of a key beside what decides: pairs of its people's own, who answers for it, who made it.

import type { StoredKey } from './key-table.ts'
import type { Queryable } from '../postgres.ts'

export type KeyAbout = Pick<StoredKey, 'metadata' | 'owner'>

export async function insertAbout(
  tx: Queryable,
  keyId: string,
  { metadata, owner, createdBy }: KeyAbout & Pick<StoredKey, 'createdBy'>,
): Promise<void> {
  await tx.query('INSERT INTO key_about (key_id, metadata, owner, created_by) VALUES ($1, $2, $3, $4)', [
    ...[keyId, JSON.stringify(metadata), owner, createdBy],
  ])
}

/** Of a key that was made before there was a place for it, too: who made that one stays unknown. */
export async function updateAbout(
  tx: Queryable,
  keyId: string,
  { metadata, owner }: KeyAbout,
): Promise<void> {
  await tx.query(
    `INSERT INTO key_about (key_id, metadata, owner) VALUES ($1, $2, $3)
     ON CONFLICT (key_id) DO UPDATE SET metadata = excluded.metadata, owner = excluded.owner`,
    [keyId, JSON.stringify(metadata), owner],
  )
}

/** Whatever the order of the pairs. */
export function isSameAbout(a: KeyAbout, b: KeyAbout): boolean {
  const names = Object.keys(a.metadata)
  return (
    a.owner === b.owner &&
    names.length === Object.keys(b.metadata).length &&
    names.every((name) => Object.hasOwn(b.metadata, name) && a.metadata[name] === b.metadata[name])
  )
}
