// Who changed what, newest first.

import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { listAudit, type StoredAuditEntry, writeAudit } from '../../store/audit-table.ts'
import { whoOf } from '../change-answer.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { limitOf, pageFields, textField } from '../fields.ts'
import { instant } from '../instant.ts'
import { listOf, timeSchema } from '../openapi/route-doc.ts'

const auditQuery = Type.Object(
  {
    target: Type.Optional(textField(64)),
    actor: Type.Optional(textField(64)),
    action: Type.Optional(textField(64)),
    ...pageFields,
  },
  { additionalProperties: false },
)

const stateSchema = Type.Union([Type.Object({}), Type.Null()])

export const auditSchema = Type.Object({
  id: Type.Integer({ description: 'Of the entry' }),
  at: timeSchema,
  actor: Type.String(),
  token_id: Type.Union([Type.String(), Type.Null()], {
    description: 'Of a token that the API made; null: one of LATCHKEY_ADMIN_TOKEN',
  }),
  client: Type.Union([Type.String(), Type.Null()], { description: 'Address that the request came from' }),
  action: Type.String({ description: 'Such as `key.rotate`' }),
  target: Type.String({ description: 'Id of the key, merchant or token' }),
  before: stateSchema,
  after: stateSchema,
  request_id: Type.String(),
  revision: Type.Integer(),
})

const doc = {
  summary: 'Who changed what, newest first',
  status: 200,
  answer: listOf(auditSchema),
  errors: ['STORE_UNAVAILABLE'],
} as const

export function serveAudit(app: ControlApp, deps: AdminDeps): void {
  app.get('/audit', { schema: { querystring: auditQuery }, config: { doc } }, async (request) => {
    const { target, actor, action, cursor, limit } = request.query
    const { scope } = request.caller
    const after = readCursor(cursor, isEntryId)
    const page = await listAudit(deps.db, { target, actor, action, scope }, { after, limit: limitOf(limit) })
    await noteReading(request, deps, { target, actor, action })
    return { data: page.rows.map(entryObject), next_cursor: nextCursor(page, (entry) => entry.id) }
  })
}

/**
 * Who read the audit is in it. Not of LATCHKEY_ADMIN_TOKEN, which collectors poll with: each reading would make the next one
 * find something. The log has those.
 */
async function noteReading(
  request: FastifyRequest,
  deps: AdminDeps,
  filter: { readonly [name: string]: string | undefined },
): Promise<void> {
  if (request.caller.tokenId === null) return
  await writeAudit(deps.db, {
    ...{ ...whoOf(request), action: 'audit.read', target: 'audit', before: null },
    ...{ after: filter, atMs: deps.now(), revision: null },
  })
}

function isEntryId(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function entryObject(entry: StoredAuditEntry): Static<typeof auditSchema> {
  return {
    id: entry.id,
    at: instant(entry.atMs),
    actor: entry.actor,
    token_id: entry.tokenId ?? null,
    client: entry.client ?? null,
    action: entry.action,
    target: entry.target,
    before: entry.before,
    after: entry.after,
    request_id: entry.requestId,
    revision: entry.revision,
  }
}
