// /hub/v1/account: what people do about themselves.

import { Type } from 'typebox'
import { normalPassword, whyNoPassword } from '../../credentials/password.ts'
import type { Secret } from '../../credentials/secret.ts'
import { deny, DenialError } from '../../errors/denial.ts'
import { endTokensOf } from '../../store/oauth/access-token-table.ts'
import { commitTraced, transactionOf } from '../../store/commit-table.ts'
import { endSession, listSessions } from '../../store/people/hub-session-table.ts'
import { setPassword } from '../../store/people/link-table.ts'
import { endSessionsOf } from '../../store/people/person-table.ts'
import { endingOriginOf } from '../change-answer.ts'
import type { ControlApp } from '../dependencies.ts'
import { idOf, idParams } from '../fields.ts'
import { listOf, type RouteDoc } from '../openapi/route-doc.ts'
import { invalid } from '../refusal.ts'
import { prove, totpField } from './factors/second-factor.ts'
import type { HubApp } from './hub-app.ts'
import { answerSigned, passwordField, signedInOf } from './session-routes.ts'
import { signInWithin } from './sign-in.ts'
import { tellChange } from './tell-change.ts'
import { sessionObject, sessionSchema, signedSchema } from './signed-object.ts'

const docs = {
  password: {
    summary: 'Sets another password, and ends all sessions but a new one, which this answer begins',
    status: 200,
    answer: signedSchema,
    isOfSession: true,
    errors: ['SIGN_IN_FAILED', 'TOO_MANY_ATTEMPTS', 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
  },
  list: {
    summary: 'Where one is signed in, the session used last first',
    status: 200,
    answer: listOf(sessionSchema),
    isOfSession: true,
    errors: ['STORE_UNAVAILABLE'],
  },
  end: {
    summary: 'Ends a session',
    status: 200,
    answer: Type.Object({}),
    isOfSession: true,
    errors: ['STORE_UNAVAILABLE'],
  },
  endOthers: {
    summary: 'Ends all sessions but this one',
    status: 200,
    answer: Type.Object({ ended: Type.Integer() }),
    isOfSession: true,
    errors: ['STORE_UNAVAILABLE'],
  },
} as const satisfies Record<string, RouteDoc>

const passwordBody = Type.Object(
  { current: passwordField, password: passwordField, totp: totpField },
  { additionalProperties: false },
)

/** For callers with a session. */
export function serveAccount(app: ControlApp, hub: HubApp): void {
  const { db } = hub.deps
  servePasswordChange(app, hub)
  app.get('/account/sessions', { config: { doc: docs.list } }, async (request) => {
    const { person, session } = signedInOf(request)
    const nowMs = hub.deps.now()
    const usedSinceMs = nowMs - hub.deps.hub.sessions.idleMs
    const rows = await listSessions(db, { personId: person.id, usedSinceMs, nowMs })
    return { data: rows.map((row) => sessionObject(row, session.id)), next_cursor: null }
  })
  const one = { schema: { params: idParams }, config: { doc: docs.end } }
  app.delete('/account/sessions/:id', one, async (request) => {
    const id = idOf('ses', request.params.id)
    if (!(await endSession(db, { id, personId: signedInOf(request).person.id })))
      throw new DenialError(deny('NOT_FOUND', 'unknown_session'))
    return {}
  })
  app.delete('/account/sessions', { config: { doc: docs.endOthers } }, async (request) => {
    const { person, session } = signedInOf(request)
    return { ended: await endSessionsOf(db, person.id, session.id) }
  })
}

function servePasswordChange(app: ControlApp, hub: HubApp): void {
  const options = { schema: { body: passwordBody }, config: { doc: docs.password } }
  app.post('/account/password', options, async (request, reply) => {
    const { person, session } = signedInOf(request)
    const { current, password, totp } = request.body
    mustBePassword(password, person.email)
    const proven = await prove(hub, request, { email: person.email, password: current, totp })
    const stored = await hub.work.hash(password)
    const { origin, spread } = endingOriginOf(request, hub.deps)
    const secret = await commitTraced<Secret>(hub.deps.db, async (tx, trace) => {
      const change = { personId: person.id, password: stored, before: proven.password ?? '' }
      const changed = await setPassword(tx, origin, change)
      if (changed === undefined) throw new DenialError(deny('SIGN_IN_FAILED', 'changed_meanwhile'))
      const begun = await signInWithin(tx, hub, {
        request,
        // What was shown beside the password before, goes on.
        proven: { ...proven, proofs: [...new Set([...proven.proofs, ...session.proofs])], password: stored },
      })
      await endTokensOf(tx, origin, { personId: person.id })
      return trace(await transactionOf(tx), begun)
    })
    spread()
    await tellChange(hub.deps, person)
    return answerSigned({ hub, request, reply }, secret)
  })
}

/** Throws VALIDATION_FAILED. */
export function mustBePassword(password: string, email: string): void {
  const why = whyNoPassword(normalPassword(password), email)
  if (why !== undefined) throw invalid('/password', why)
}
