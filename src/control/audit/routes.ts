// Who changed what, newest first.

import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { listAudit, type StoredAuditEntry, writeAudit } from '../../store/audit/audit-table.ts'
import { isWhole } from '../../store/scope.ts'
import type { Caller } from '../callers/caller.ts'
import { whoOf } from '../change-answer.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { limitOf, pageFields, textField } from '../fields.ts'
import { instant, rangeOf, timeField } from '../instant.ts'
import { listOf, timeSchema } from '../openapi/route-doc.ts'

export const auditFilterFields = {
  target: Type.Optional(textField(64)),
  actor: Type.Optional(textField(254)),
  action: Type.Optional(textField(64)),
  request_id: Type.Optional(textField(64)),
  since: Type.Optional(timeField('From then on')),
  until: Type.Optional(timeField('Before then')),
}

const auditQuery = Type.Object({ ...auditFilterFields, ...pageFields }, { additionalProperties: false })

const stateSchema = Type.Union([Type.Object({}), Type.Null()])

export const auditSchema = Type.Object({
  id: Type.Integer({ description: 'Of the entry' }),
  at: timeSchema,
  actor: Type.String(),
  token_id: Type.Union([Type.String(), Type.Null()], {
    description: 'Of a token that the API made; null: one of LATCHKEY_ADMIN_TOKEN, or a session',
  }),
  user_id: Type.Union([Type.String(), Type.Null()], { description: 'Of who was signed in' }),
  session_id: Type.Union([Type.String(), Type.Null()], { description: 'Of the session' }),
  client: Type.Union([Type.String(), Type.Null()], { description: 'Address that the request came from' }),
  action: Type.String({ description: 'Such as `key.rotate`' }),
  target: Type.String({ description: 'Id of the key, merchant or token' }),
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
    const { scope } = request.caller
    const page = await listAudit(deps.db, { ...filter, scope }, { after, limit: limitOf(limit) })
    await noteReading(request, deps, { target, actor, action, request_id: requestId, since, until })
    return {
      data: page.rows.map((row) => entryObject(row, request.caller)),
      next_cursor: nextCursor(page, (entry) => entry.id),
    }
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

/**
 * As a caller sees it: whoever sees a part of the installation gets no addresses, tokens and words of others, who may be of the
 * platform.
 */
export function entryObject(
  entry: StoredAuditEntry,
  caller: Pick<Caller, 'scope' | 'tokenId'>,
): Static<typeof auditSchema> {
  const by = shownBy(entry.tokenId ?? null)
  const own = shownBy(caller.tokenId)
  const isOwn =
    by.userId === null ? by.tokenId !== null && by.tokenId === own.tokenId : by.userId === own.userId
  const isTold = isWhole(caller.scope) || isOwn
  return {
    id: entry.id,
    at: instant(entry.atMs),
    actor: entry.actor,
    token_id: isTold ? by.tokenId : null,
    user_id: isTold ? by.userId : null,
    session_id: isTold ? by.sessionId : null,
    client: isTold ? (entry.client ?? null) : null,
    action: entry.action,
    target: entry.target,
    before: entry.before,
    after: entry.after,
    request_id: entry.requestId,
    reason: isTold ? entry.reason : null,
    revision: entry.revision,
  }
}

interface ShownBy {
  readonly tokenId: string | null
  readonly userId: string | null
  readonly sessionId: string | null
}

/** What is kept beside an entry: `tok_…`, or of a session `usr_…/ses_…`. */
export function shownBy(kept: string | null): ShownBy {
  const [userId, sessionId] = kept?.split('/') ?? []
  if (userId === undefined || sessionId === undefined) return { tokenId: kept, userId: null, sessionId: null }
  return { tokenId: null, userId, sessionId }
}
