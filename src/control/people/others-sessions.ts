// /admin/v1/sessions: where somebody is signed in, and its end by another's hand. What people do about their own sessions stands
// below /hub/v1/account.

import { type Static, Type } from 'typebox'
import { readEmail } from '../../credentials/email.ts'
import { deny, DenialError } from '../../errors/denial.ts'
import { endAllSessions, endOneSession } from '../../store/people/others-session-table.ts'
import { listSessions, type StoredSession } from '../../store/people/hub-session-table.ts'
import { findCredentials } from '../../store/people/person-table.ts'
import { createReadingNotes } from '../audit/note-reading.ts'
import { originOf } from '../change-answer.ts'
import type { ControlApp } from '../dependencies.ts'
import { actionBody, changeBody, idOf, idParams, waitQuery } from '../fields.ts'
import { listOf, type RouteDoc } from '../openapi/route-doc.ts'
import type { HubApp } from './hub-app.ts'
import { emailField } from './session-routes.ts'
import { sessionObject, sessionSchema } from './signed-object.ts'

const { current: _, ...ofOthers } = sessionSchema.properties
const otherSessionSchema = Type.Object(ofOthers)

const ending = {
  status: 200,
  answer: Type.Object({ ended: Type.Integer() }),
  errors: ['NOT_FOUND', 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
} as const

const docs = {
  list: {
    summary: 'Where somebody is signed in, the session used last first; command lines are among them',
    status: 200,
    answer: listOf(otherSessionSchema),
    errors: ['NOT_FOUND', 'STORE_UNAVAILABLE'],
  },
  endAll: { ...ending, summary: 'Signs somebody out everywhere' },
  end: { ...ending, summary: 'Ends a session, whoever’s it is' },
} as const satisfies Record<string, RouteDoc>

const listQuery = Type.Object({ email: emailField }, { additionalProperties: false })

// As every change, they take `wait`: there is nothing to wait for, as each call asks the database.
export function serveOthersSessions(app: ControlApp, { deps }: HubApp): void {
  const note = createReadingNotes(deps)
  const listed = { schema: { querystring: listQuery }, config: { doc: docs.list } }
  app.get('/sessions', listed, async (request) => {
    const person = await findCredentials(deps.db, readEmail(request.query.email) ?? '')
    if (person === undefined) throw new DenialError(deny('NOT_FOUND', 'unknown_person'))
    const nowMs = deps.now()
    const usedSinceMs = nowMs - deps.hub.sessions.idleMs
    const rows = await listSessions(deps.db, { personId: person.id, usedSinceMs, nowMs })
    await note(request, { action: 'session.list', target: person.id })
    return { data: rows.map(objectOf), next_cursor: null }
  })

  const all = {
    schema: { body: changeBody({ email: emailField }), querystring: waitQuery },
    config: { doc: docs.endAll },
  }
  app.delete('/sessions', all, async (request) => {
    const email = readEmail(request.body.email) ?? ''
    return { ended: await endAllSessions(deps.db, originOf(request, deps), email) }
  })

  const one = {
    schema: { params: idParams, body: actionBody, querystring: waitQuery },
    config: { doc: docs.end },
  }
  app.delete('/sessions/:id', one, async (request) => {
    const id = idOf('ses', request.params.id)
    return { ended: await endOneSession(deps.db, originOf(request, deps), id) }
  })
}

function objectOf(session: StoredSession): Static<typeof otherSessionSchema> {
  const { current: __, ...object } = sessionObject(session, '')
  return object
}
