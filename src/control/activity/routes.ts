// How a key is used: by the minute, of a week ago by the hour, of three months ago by the day.

import { type Static, Type } from 'typebox'
import { type ActivityRow, activitySpans, listActivity } from '../../store/activity/activity-table.ts'
import { mustGetKey } from '../../store/keys/key-table.ts'
import { viewOf } from '../change-answer.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { idOf, idParams, limitOf, pageFields } from '../fields.ts'
import { instant, instantOf } from '../instant.ts'
import { listOf } from '../openapi/route-doc.ts'
import { invalid } from '../refusal.ts'

const timeField = Type.Optional(Type.String({ maxLength: 64 }))
const activityQuery = Type.Object(
  { from: timeField, to: timeField, ...pageFields },
  { additionalProperties: false },
)

export const activitySchema = Type.Object({
  minute: Type.String({ format: 'date-time', description: 'Beginning of the minute, hour or day' }),
  span: Type.Enum([...activitySpans]),
  route: Type.String({ description: 'Method and template' }),
  outcome: Type.String({ description: '`allow`, or the code that it was answered with' }),
  secret_id: Type.String(),
  count: Type.Integer(),
})

const doc = {
  summary:
    'How often a key was used: by the minute, of a week ago by the hour, of three months ago by the day',
  status: 200,
  answer: listOf(activitySchema),
  errors: ['STORE_UNAVAILABLE'],
} as const

const dayMs = 24 * 60 * 60 * 1000
/** The end of the last year with four digits. */
const lastMs = Date.UTC(10_000, 0)

/** GET …/activity: the times that begin from `from` on and before `to`; the last 24 hours unless said. Newest first. */
export function serveActivity(app: ControlApp, deps: AdminDeps): void {
  const schema = { params: idParams, querystring: activityQuery }
  app.get('/keys/:id/activity', { schema, config: { doc } }, async (request) => {
    const { from, to, cursor, limit } = request.query
    const keyId = idOf('key', request.params.id)
    const view = viewOf(request, deps)
    const { nowMs } = view
    const toMs = to === undefined ? nowMs : instantOf('to', to)
    const fromMs = from === undefined ? toMs - dayMs : instantOf('from', from)
    if (fromMs > toMs) throw invalid('from', 'must not be after to')
    const page = { after: readCursor(cursor, isPlace), limit: limitOf(limit) }
    await mustGetKey(deps.db, keyId, view)
    const found = await listActivity(deps.db, { keyId, fromMs, toMs }, page)
    return { data: found.rows.map(activityObject), next_cursor: nextCursor(found, placeOf) }
  })
}

type Place = Omit<ActivityRow, 'count'>

function placeOf({ startMs, span, secretId, route, outcome }: ActivityRow): Place {
  return { startMs, span, secretId, route, outcome }
}

function isPlace(value: unknown): value is Place {
  if (typeof value !== 'object' || value === null) return false
  const { startMs, span, secretId, route, outcome } = value as Record<string, unknown>
  return (
    isMinute(startMs) &&
    activitySpans.some((known) => known === span) &&
    // NUL is the one character that Postgres does not take.
    [secretId, route, outcome].every((text) => typeof text === 'string' && !text.includes('\0'))
  )
}

/** One that a row can have begun at: a JavaScript Date reaches further back than Postgres' timestamps do. */
function isMinute(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value < lastMs && value % 60_000 === 0
}

function activityObject(row: ActivityRow): Static<typeof activitySchema> {
  return {
    // What the time is called since before there were longer ones.
    minute: instant(row.startMs),
    span: row.span,
    route: row.route,
    outcome: row.outcome,
    secret_id: row.secretId,
    count: row.count,
  }
}
