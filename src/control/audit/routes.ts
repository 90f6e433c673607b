// Who changed what, newest first.

import { type Static, Type } from 'typebox'
import { listAudit, type StoredAuditEntry } from '../../store/audit-table.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { limitOf, pageFields, textField } from '../fields.ts'
import { instant, rangeOf, timeField } from '../instant.ts'
import { listOf, timeSchema } from '../openapi/route-doc.ts'

const auditQuery = Type.Object(
  {
    target: Type.Optional(textField(64)),
    actor: Type.Optional(textField(64)),
    action: Type.Optional(textField(64)),
    request_id: Type.Optional(textField(64)),
    since: Type.Optional(timeField('From then on')),
    until: Type.Optional(timeField('Before then')),
    ...pageFields,
  },
  { additionalProperties: false },
)

const stateSchema = Type.Union([Type.Object({}), Type.Null()])

export const auditSchema = Type.Object({
  at: timeSchema,
  actor: Type.String(),
  action: Type.String({ description: 'Such as `key.rotate`' }),
  target: Type.String({ description: 'Id of the key or merchant' }),
  before: stateSchema,
  after: stateSchema,
  request_id: Type.String(),
  reason: Type.Union([Type.String(), Type.Null()], { description: 'As whoever changed it gave it' }),
  revision: Type.Integer(),
})

const doc = {
  summary: 'Who changed what, newest first',
  status: 200,
  answer: listOf(auditSchema),
  errors: ['QUERY_TOO_SLOW', 'STORE_UNAVAILABLE'],
} as const

export function serveAudit(app: ControlApp, deps: AdminDeps): void {
  app.get('/audit', { schema: { querystring: auditQuery }, config: { doc } }, async (request) => {
    const { target, actor, action, request_id: requestId, since, until, cursor, limit } = request.query
    const filter = { target, actor, action, requestId, ...rangeOf(since, until) }
    const after = readCursor(cursor, isEntryId)
    const page = await listAudit(deps.db, filter, { after, limit: limitOf(limit) })
    return { data: page.rows.map(entryObject), next_cursor: nextCursor(page, (entry) => entry.id) }
  })
}

function isEntryId(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function entryObject(entry: StoredAuditEntry): Static<typeof auditSchema> {
  return {
    at: instant(entry.atMs),
    actor: entry.actor,
    action: entry.action,
    target: entry.target,
    before: entry.before,
    after: entry.after,
    request_id: entry.requestId,
    reason: entry.reason,
    revision: entry.revision,
  }
}
