// What became of one request, by its id, and of which ones it is known. Kept are refusals of known keys and failures of
// upstreams; of others the answer says when the id was made, so that the log can be looked through.

import { Type } from 'typebox'
import { DenialError, deny } from '../../errors/denial.ts'
import {
  findRequest,
  type KeptRequest,
  listRequests,
  type RequestPlace,
  requestsKeptDays,
} from '../../store/activity/request-table.ts'
import { timeOfId } from '../../telemetry/request-id.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { holderField, holderIdOf, idOf, idParams, limitOf, pageFields, textField } from '../fields.ts'
import { instant, rangeOf, timeField } from '../instant.ts'
import { listOf } from '../openapi/route-doc.ts'
import { requestObject, requestSchema } from './request-object.ts'

const requestsQuery = Type.Object(
  {
    key_id: holderField,
    merchant_id: Type.Optional(textField(64)),
    code: Type.Optional(textField(64)),
    since: Type.Optional(timeField('From then on')),
    until: Type.Optional(timeField('Before then')),
    ...pageFields,
  },
  { additionalProperties: false },
)

const docs = {
  get: {
    summary: `What became of a request: refusals of known keys and failures of upstreams, for ${requestsKeptDays} days`,
    status: 200,
    answer: requestSchema,
    errors: ['NOT_FOUND', 'QUERY_TOO_SLOW', 'STORE_UNAVAILABLE'],
  },
  list: {
    summary: `Refusals of known keys and failures of upstreams of the last ${requestsKeptDays} days, newest first`,
    status: 200,
    answer: listOf(requestSchema),
    errors: ['QUERY_TOO_SLOW', 'STORE_UNAVAILABLE'],
  },
} as const

export function serveRequests(app: ControlApp, deps: AdminDeps): void {
  app.get('/requests/:id', { schema: { params: idParams }, config: { doc: docs.get } }, async (request) => {
    const { id } = request.params
    const kept = isRequestId(id) ? await findRequest(deps.db, id, request.caller.scope) : undefined
    if (kept === undefined) throw notKept(id)
    return requestObject(kept)
  })

  const schema = { querystring: requestsQuery }
  app.get('/requests', { schema, config: { doc: docs.list } }, async (request) => {
    const { key_id: keyId, merchant_id: merchantId, code, since, until, cursor, limit } = request.query
    const filter = {
      ...{ scope: request.caller.scope, code },
      keyId: keyId && holderIdOf(keyId),
      merchantId: merchantId && idOf('mer', merchantId),
      ...rangeOf(since, until),
    }
    const page = { after: readCursor(cursor, isPlace), limit: limitOf(limit) }
    const found = await listRequests(deps.db, filter, page)
    return { data: found.rows.map(requestObject), next_cursor: nextCursor(found, placeOf) }
  })
}

/** Ours, and what a trusted proxy may give instead. */
function isRequestId(text: string): boolean {
  return /^[A-Za-z0-9._:@+/={}-]{1,128}$/.test(text)
}

/** Not there, not kept, too old or somebody else's: one same answer. */
function notKept(id: string): DenialError {
  if (!isRequestId(id)) return new DenialError(deny('NOT_FOUND', 'malformed_id'))
  const madeMs = timeOfId(id)
  const madeAt = madeMs === undefined ? null : instant(madeMs)
  const made = madeAt === null ? 'the id carries no time' : `the id was made at ${madeAt}`
  const message = `${made}; kept for ${requestsKeptDays} days are refusals of known keys and failures of upstreams, a second after they are over`
  return new DenialError(deny('NOT_FOUND', 'unknown_request', { madeAt, details: [{ path: 'id', message }] }))
}

function placeOf({ atMs, id }: KeptRequest): RequestPlace {
  return { atMs, id }
}

/** The end of the last year with four digits. */
const lastMs = Date.UTC(10_000, 0)

function isPlace(value: unknown): value is RequestPlace {
  if (typeof value !== 'object' || value === null) return false
  const { atMs, id } = value as Record<string, unknown>
  const isTime = typeof atMs === 'number' && Number.isInteger(atMs) && atMs >= 0 && atMs < lastMs
  return isTime && typeof id === 'string' && isRequestId(id)
}
