// Who calls, by the session in its cookie, or of a command line in its token. Asked of the database at each call: a session that was ended, a role that was taken
// away and an account that was disabled are so on every instance at once.

import type { FastifyRequest } from 'fastify'
import { commandLinePrefix } from '../../credentials/role.ts'
import { digestOf, isWellFormed, Secret } from '../../credentials/secret.ts'
import { type Denial, deny } from '../../errors/denial.ts'
import { findSession, type SignedIn, touchSession } from '../../store/people/hub-session-table.ts'
import { everything, type Scope } from '../../store/scope.ts'
import type { CallerKind } from '../callers/access.ts'
import type { Caller } from '../callers/caller.ts'
import { presentedToken } from '../operator.ts'
import type { HubApp } from './hub-app.ts'
import { isCsrfOf, presentedSession } from './session-secret.ts'
import { isSafe } from './site.ts'

/**
 * undefined: the request has no session to show. `isUse`: whether the session counts as used; what goes on by itself, as a stream
 * does, keeps none from ending. Throws StoreUnavailableError.
 */
export async function identifySession(
  hub: HubApp,
  request: FastifyRequest,
  isUse = true,
): Promise<Caller | Denial | undefined> {
  const secret = presentedSession(request.headers.cookie, hub.site.isSecure(request))
  if (secret === 'none') return undefined
  if (secret === 'malformed') return deny('UNAUTHORIZED', 'session_ended')
  const caller = await callerBySession(hub, secret, isUse)
  if ('code' in caller || isSafe(request.method)) return caller
  return judgePage(hub, request, secret) ?? caller
}

/**
 * Who calls by the token that `latchkey login` got: a session, too, and as no browser sends it by itself no page has to show that
 * it is ours. undefined: it is no such token. Throws StoreUnavailableError.
 */
export async function identifyCommandLine(
  hub: HubApp,
  authorization: string,
  isUse = true,
): Promise<Caller | Denial | undefined> {
  const text = presentedToken(authorization)
  const secret = text === undefined ? undefined : new Secret(text)
  if (secret === undefined || !isWellFormed(secret, commandLinePrefix)) return undefined
  return callerBySession(hub, secret, isUse)
}

/** Whether a page of ours asks for a change. */
function judgePage({ site }: HubApp, request: FastifyRequest, secret: Secret): Denial | undefined {
  const denial = site.judgeOrigin(request, true)
  if (denial !== undefined) return denial
  const { 'x-csrf-token': csrf } = request.headers
  return typeof csrf === 'string' && isCsrfOf(secret, csrf) ? undefined : deny('CSRF_REJECTED', 'csrf_token')
}

async function callerBySession({ deps }: HubApp, secret: Secret, isUse: boolean): Promise<Caller | Denial> {
  const found = await findSession(deps.db, digestOf(secret))
  if (found === undefined) return deny('UNAUTHORIZED', 'session_ended')
  const nowMs = deps.now()
  const { idleMs } = deps.hub.sessions
  const { id, lastUsedAtMs, endsAtMs } = found.session
  if (nowMs >= endsAtMs || nowMs - lastUsedAtMs >= idleMs) return deny('UNAUTHORIZED', 'session_ended')
  // Often enough that it does not end before its time, and no oftener than by the minute.
  if (isUse && nowMs - lastUsedAtMs >= Math.min(60_000, idleMs / 10))
    void touchSession(deps.db, id, nowMs).catch(() => undefined)
  return callerOf(found)
}

function callerOf(signedIn: SignedIn): Caller {
  const { person, session, merchants } = signedIn
  return {
    ...{ kind: kindOf(signedIn), actor: person.email, tokenId: `${person.id}/${session.id}` },
    // Whoever it is of goes on in the next one.
    expiresAtMs: null,
    scope: person.kind === 'operator' ? everything : scopeOf(merchants.map((one) => one.id)),
    signedIn,
  }
}

/** A member of several merchants is an admin where it is one: `narrowed` sees to the others. */
function kindOf({ person, merchants }: SignedIn): CallerKind {
  if (person.role !== null) return person.role
  return merchants.some(({ role }) => role === 'admin') ? 'member_admin' : 'member_viewer'
}

function scopeOf(merchantIds: readonly string[]): Scope {
  return { merchantIds, apis: null }
}

/** A member as whoever calls a route that viewers may not: of the merchants where it is an admin, it only looks at the others. */
export function narrowed(caller: Caller): Caller {
  const { signedIn } = caller
  if (signedIn === undefined || signedIn.person.kind === 'operator') return caller
  const idsOf = (role: string) => signedIn.merchants.filter((one) => one.role === role).map(({ id }) => id)
  return { ...caller, scope: { ...scopeOf(idsOf('admin')), viewedIds: idsOf('viewer') } }
}
