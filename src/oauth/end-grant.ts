// The end of what somebody has allowed, with the codes, refresh tokens and access tokens that came of it.

import type { Change } from '../store/change-table.ts'
import { endGrantsOf } from '../store/oauth/oauth-grant-table.ts'
import type { Queryable } from '../store/postgres.ts'
import type { AccessTokenStore } from './access-tokens.ts'

/** Within a transaction, last; that it is over already is no fault. Returns what is to be spread. */
export async function endGrantWithin(
  tx: Queryable,
  tokens: Pick<AccessTokenStore, 'end'>,
  id: string,
): Promise<Change | null> {
  await endGrantsOf(tx, { id })
  return tokens.end(tx, { kind: 'grant', id })
}

/** The same end asked for several times at once is one. */
export function inOneGo(end: (id: string) => Promise<void>): (id: string) => Promise<void> {
  const running = new Map<string, Promise<void>>()
  return (id) => {
    const known = running.get(id)
    if (known !== undefined) return known
    const made = end(id).finally(() => running.delete(id))
    running.set(id, made)
    return made
  }
}
