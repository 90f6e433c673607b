// Who changed what, newest first.

import { Type } from 'typebox'
import { listAudit, type StoredAuditEntry } from '../../store/audit-table.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { limitOf, pageFields, textField } from '../fields.ts'
import { instant } from '../instant.ts'

const auditQuery = Type.Object(
  {
    target: Type.Optional(textField(64)),
    actor: Type.Optional(textField(64)),
    action: Type.Optional(textField(64)),
    ...pageFields,
  },
  { additionalProperties: false },
)

export function serveAudit(app: ControlApp, deps: AdminDeps): void {
  app.get('/audit', { schema: { querystring: auditQuery } }, async (request) => {
    const { target, actor, action, cursor, limit } = request.query
    const after = readCursor(cursor, isEntryId)
    const page = await listAudit(deps.db, { target, actor, action }, { after, limit: limitOf(limit) })
    return { data: page.rows.map(entryObject), next_cursor: nextCursor(page, (entry) => entry.id) }
  })
}

function isEntryId(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function entryObject(entry: StoredAuditEntry) {
  return {
    at: instant(entry.atMs),
    actor: entry.actor,
    action: entry.action,
    target: entry.target,
    before: entry.before,
    after: entry.after,
    request_id: entry.requestId,
    revision: entry.revision,
  }
}
