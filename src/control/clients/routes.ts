// Clients of the authorization server. Their secrets are shown once.

import { Type } from 'typebox'
import { createClient } from '../../store/oauth/oauth-client-change-table.ts'
import { listClients, mustGetClient, type StoredClient } from '../../store/oauth/oauth-client-table.ts'
import { namesOf } from '../../store/names-table.ts'
import { createReadingNotes, listTarget } from '../audit/note-reading.ts'
import { viewOf } from '../change-answer.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { idOf, idParams, isId, limitOf, pageFields, textField, waitQuery } from '../fields.ts'
import { findReplay, markReplay, repeatableOriginOf } from '../idempotency.ts'
import { listOf, type RouteDoc } from '../openapi/route-doc.ts'
import { serveClientChanges } from './changes.ts'
import {
  clientObject,
  clientObjectWithSecret,
  clientSchema,
  clientWithSecretSchema,
  listedClientSchema,
  newClientBody,
} from './client-object.ts'
import { askedClient } from './client-request.ts'
import { makeClientSecret } from './client-secret.ts'

const docs = {
  create: {
    summary: 'Makes a client of the authorization server; its secret is in this answer only',
    status: 201,
    answer: clientWithSecretSchema,
    headers: ['Idempotency-Key'],
    errors: ['IDEMPOTENCY_MISMATCH', 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
  },
  list: {
    summary: 'Clients of the authorization server, newest first',
    status: 200,
    answer: listOf(listedClientSchema),
    errors: ['STORE_UNAVAILABLE'],
  },
  get: {
    summary: 'One client of the authorization server',
    status: 200,
    answer: clientSchema,
    errors: ['STORE_UNAVAILABLE'],
  },
} as const satisfies Record<string, RouteDoc>

const listQuery = Type.Object(
  { merchant_id: Type.Optional(textField(64)), ...pageFields },
  { additionalProperties: false },
)

export function serveClients(app: ControlApp, deps: AdminDeps): void {
  const created = { schema: { body: newClientBody, querystring: waitQuery }, config: { doc: docs.create } }
  app.post('/clients', created, async (request, reply) => {
    const origin = repeatableOriginOf(request, deps)
    const replay = await findReplay<StoredClient>(deps, origin)
    if (replay !== undefined) {
      markReplay(reply, replay)
      return reply.code(201).send(clientObjectWithSecret(replay.object, null))
    }
    const asked = askedClient(deps, origin.scope, request.body)
    const made = asked.authMethod === 'client_secret' ? makeClientSecret(deps) : null
    const client = { id: deps.newId('cli'), ...asked, secret: made && made.stored }
    const committed = await createClient(deps.db, origin, client)
    markReplay(reply, committed)
    const secret = committed.isReplay || made === null ? null : made.secret
    return reply.code(201).send(clientObjectWithSecret(committed.object, secret))
  })

  const listed = { schema: { querystring: listQuery }, config: { doc: docs.list } }
  const note = createReadingNotes(deps)
  app.get('/clients', listed, async (request) => {
    const { merchant_id: merchantId, cursor, limit } = request.query
    const after = readCursor(cursor, (value) => isId('cli', value))
    const asked = { ...viewOf(request, deps), merchantId }
    const page = await listClients(deps.db, asked, { after, limit: limitOf(limit) })
    const target = await listTarget(deps, request, { merchantId, all: 'clients' })
    await note(request, { action: 'client.list', target })
    const names = await namesOf(
      deps.db,
      page.rows.map((client) => client.merchantId),
    )
    return {
      data: page.rows.map((client) => ({
        ...clientObject(client),
        merchant_name: client.merchantId === null ? null : (names.get(client.merchantId) ?? null),
      })),
      next_cursor: nextCursor(page, ({ id }) => id),
    }
  })

  app.get('/clients/:id', { schema: { params: idParams }, config: { doc: docs.get } }, async (request) => {
    const client = await mustGetClient(deps.db, idOf('cli', request.params.id), viewOf(request, deps))
    await note(request, { action: 'client.read', target: client.id })
    return clientObject(client)
  })
  serveClientChanges(app, deps)
}
