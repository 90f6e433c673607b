// Who calls, by address and Authorization: a token of LATCHKEY_ADMIN_TOKEN, or one that the API made. The latter is
// asked of the database at each call: one question by an index, and a revoked token is refused by every instance at once.
// While Postgres is away only the configured tokens are known.

import { digestOf, isWellFormed, Secret } from '../../credentials/secret.ts'
import { tokenPrefix } from '../../credentials/role.ts'
import { type Denial, deny } from '../../errors/denial.ts'
import type { Queryable } from '../../store/postgres.ts'
import { everything } from '../../store/scope.ts'
import { findToken, type StoredToken, touchToken } from '../../store/people/token-table.ts'
import { type OperatorCheck, presentedToken } from '../operator.ts'
import type { Caller } from './caller.ts'

export interface Presented {
  readonly address: string | undefined
  readonly authorization: string | undefined
}

export interface IdentifyDeps {
  readonly db: Queryable
  readonly check: OperatorCheck
  /** Milliseconds since the epoch. */
  now(): number
}

/** Throws StoreUnavailableError where it is a token of the API's, and Postgres cannot be asked. */
export async function identify(deps: IdentifyDeps, presented: Presented): Promise<Caller | Denial> {
  const verdict = deps.check(presented)
  if (!('code' in verdict))
    return {
      kind: 'static',
      actor: verdict.actor,
      ...{ tokenId: null, expiresAtMs: null, scope: everything },
    }
  if (verdict.reason !== 'admin_token_wrong') return verdict
  const text = presentedToken(presented.authorization ?? '')
  const secret = text === undefined ? undefined : new Secret(text)
  // What cannot be one costs no question.
  if (secret === undefined || !isWellFormed(secret, tokenPrefix)) return verdict
  const token = await findToken(deps.db, digestOf(secret))
  if (token === undefined) return verdict
  const nowMs = deps.now()
  // One same answer as to a wrong one; the log has the reason.
  if (token.revokedAtMs !== null) return deny('UNAUTHORIZED', 'admin_token_revoked')
  if (token.expiresAtMs !== null && token.expiresAtMs <= nowMs)
    return deny('UNAUTHORIZED', 'admin_token_expired')
  touch(deps, token, nowMs)
  return callerOf(token)
}

const touchedEveryMs = 60_000

/** Nobody waits for it: when a token was last used is told by the minute. */
function touch({ db }: IdentifyDeps, { id, lastUsedAtMs }: StoredToken, nowMs: number): void {
  if (lastUsedAtMs !== null && nowMs - lastUsedAtMs < touchedEveryMs) return
  void touchToken(db, id, nowMs).catch(() => undefined)
}

function callerOf({ id, name, role, merchantId, api, expiresAtMs }: StoredToken): Caller {
  const scope = {
    merchantIds: merchantId === null ? null : [merchantId],
    apis: api === null ? null : [api],
  }
  return { kind: role, actor: name, tokenId: id, expiresAtMs, scope }
}
