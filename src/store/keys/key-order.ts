// What lists of keys are sorted by, and the conditions that a page goes on by. Each order ends with the id, so that it is one of
// all keys, and is that of an index which is built beside (search-table.ts), but for the last use: that moves all the time,
// and an index over it would cost each use a row more. What has one is the minute of the last use (key-use-table.ts).

/** With a sign before it, the other way round. */
export const keySorts = [
  ...['-created', 'created', 'name', '-name', 'expires', '-expires', 'last_used', '-last_used'],
] as const satisfies readonly string[]
export type KeySort = (typeof keySorts)[number]

/** Of a key (the alias of its row); what an index is built over, where the alias is empty. */
export const orderedBy = {
  id: () => '',
  created: (key: string) => `${key}created_at`,
  name: (key: string) => `lower(${key}name) COLLATE "C"`,
  /** Keys without an end come behind all that have one. */
  expires: (key: string) => `coalesce(${key}expires_at, 'infinity'::timestamptz)`,
  /** Keys that were never used come before all that were. */
  last_used: (key: string) =>
    `coalesce((SELECT max(u.last_used_at) FROM key_secret u WHERE u.key_id = ${key}id), '-infinity'::timestamptz)`,
} as const satisfies Record<string, (key: string) => string>

export interface KeyOrder {
  readonly by: keyof typeof orderedBy
  readonly isDescending: boolean
}

export const newestFirst: KeyOrder = { by: 'id', isDescending: true }

/** Ids begin with the time that they were made at, so their order is that of creation. */
export function orderOf(sort: KeySort): KeyOrder {
  const isDescending = sort.startsWith('-')
  const by = isDescending ? sort.slice(1) : sort
  if (by === 'name' || by === 'expires' || by === 'last_used') return { by, isDescending }
  return { by: 'id', isDescending }
}

/** `ORDER BY` of keys with the alias `k`. */
export function orderClause({ by, isDescending }: KeyOrder): string {
  const direction = isDescending ? 'DESC' : 'ASC'
  const first = orderedBy[by]('k.')
  return `ORDER BY ${first === '' ? '' : `${first} ${direction}, `}k.id ${direction}`
}

/**
 * Of keys with the alias `k`, those behind the one whose id has the placeholder `id`, as it is now. It is looked for among those
 * that are `seen` (conditions on `k`), or it would tell where a key of somebody else stands.
 */
export function behind({ by, isDescending }: KeyOrder, id: string, seen: readonly string[]): string {
  const beyond = isDescending ? '<' : '>'
  const first = orderedBy[by]
  if (first('k.') === '') return `k.id ${beyond} ${id}`
  const last = [`k.id = ${id}`, ...seen].join(' AND ')
  return `(${first('k.')}, k.id) ${beyond} ((SELECT ${first('k.')} FROM api_key k WHERE ${last}), ${id})`
}
