// Access tokens as credential records: what is asked of the store of them, and how one is issued for a grant or for a client alone.
// Everything that a token rests on is locked until it is written: whoever ends any of that meanwhile waits, and ends the token, too.

import type { Api } from '../config/compiled.ts'
import type { Change } from '../store/change-table.ts'
import { lockActiveClient } from '../store/oauth/oauth-client-table.ts'
import { lockUsableGrant } from '../store/oauth/oauth-grant-table.ts'
import type { Queryable } from '../store/postgres.ts'

export interface NewAccessToken {
  readonly id: string
  /** Lower-case hex SHA-256. */
  readonly digest: string
  readonly merchantId: string
  readonly api: string
  readonly environment: string
  readonly permissions: readonly string[]
  readonly lifetimeMs: number
  readonly clientId: string
  /** null: it acts for nobody but the client. */
  readonly userId: string | null
  readonly grantId: string | null
  /** Thumbprint of the key that it is bound to (RFC 9449); null: it is not. */
  readonly jkt: string | null
}

/** A token as the authorization server needs it back. Times in milliseconds since the epoch. */
export interface FoundAccessToken
  extends Pick<NewAccessToken, 'clientId' | 'userId' | 'grantId' | 'permissions' | 'jkt'> {
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly isLive: boolean
  /** Its time is over, or it was ended. Neither live nor over: its merchant is suspended. */
  readonly isOver: boolean
}

export type TokensOf =
  | { readonly kind: 'token'; readonly digest: string }
  | { readonly kind: 'grant' | 'client'; readonly id: string }

export interface AccessTokenStore {
  issue(tx: Queryable, token: NewAccessToken): Promise<unknown>
  /** Ends those that fit: one change, however many; null: there is nothing to end. To be called last in a transaction. */
  end(tx: Queryable, of: TokensOf): Promise<Change | null>
  /** undefined: there is none. */
  find(db: Queryable, digest: string): Promise<FoundAccessToken | undefined>
}

export interface TokenRequest {
  readonly clientId: string
  /** null: of the client alone. */
  readonly grantId: string | null
  readonly digest: string
  readonly permissions: readonly string[]
  readonly jkt: string | null
}

/** What a client is for, as it was read with the request. */
export interface ClientReach {
  readonly api: Api
  readonly environment: string
  /** null: of all merchants. */
  readonly merchantId: string | null
}

/** Where a token cannot be issued as what it rests on has ended. */
export class GrantEndedError extends Error {
  override readonly name = 'GrantEndedError'
}

/** Within a transaction; throws GrantEndedError. */
export async function issueWithin(
  tx: Queryable,
  { tokens, newId }: { readonly tokens: AccessTokenStore; readonly newId: (prefix: 'atk') => string },
  { request, reach }: { readonly request: TokenRequest; readonly reach: ClientReach },
): Promise<void> {
  const { clientId, grantId, digest, permissions, jkt } = request
  const subject = await lockSubject(tx, request, reach)
  if (subject === undefined || reach.api.oauth === null)
    throw new GrantEndedError('what it rests on has ended')
  await tokens.issue(tx, {
    ...{ id: newId('atk'), digest, clientId, grantId, jkt, ...subject },
    ...{ api: reach.api.name, environment: reach.environment },
    permissions: [...new Set(permissions)].toSorted(),
    lifetimeMs: reach.api.oauth.accessTokenMs,
  })
}

async function lockSubject(
  tx: Queryable,
  { clientId, grantId }: TokenRequest,
  { merchantId }: ClientReach,
): Promise<Pick<NewAccessToken, 'merchantId' | 'userId'> | undefined> {
  if (grantId !== null) {
    const grant = await lockUsableGrant(tx, grantId)
    if (grant?.clientId !== clientId) return undefined
    return { merchantId: grant.merchantId, userId: grant.personId }
  }
  if (merchantId === null || !(await lockActiveClient(tx, clientId))) return undefined
  return { merchantId, userId: null }
}
