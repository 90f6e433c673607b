// What merchants, keys and clients are called, for lists that name them.

import type { Queryable } from './queryable.ts'

/** By id; those that are not there are left out. Who asks has seen to it that the ids are the reader's to know. */
export async function namesOf(
  db: Queryable,
  ids: readonly (string | null)[],
): Promise<ReadonlyMap<string, string>> {
  const asked = [...new Set(ids)].filter((id) => id !== null)
  if (asked.length === 0) return new Map()
  const rows = await db.query<{ id: string; name: string }>(
    `SELECT id, name FROM merchant WHERE id = ANY ($1::text[])
     UNION ALL SELECT id, name FROM api_key WHERE id = ANY ($1)
     UNION ALL SELECT id, name FROM oauth_client WHERE id = ANY ($1)`,
    [asked],
  )
  return new Map(rows.map(({ id, name }) => [id, name]))
}
