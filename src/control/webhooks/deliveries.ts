// What became of the events at a webhook: shown, and sent once more where somebody asks for it.

import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { DenialError, deny } from '../../errors/denial.ts'
import { entryOf, writeAudit } from '../../store/audit/audit-table.ts'
import type { Queryable } from '../../store/postgres.ts'
import { testType } from '../../store/webhooks/webhook-catalogue.ts'
import {
  askAgain,
  askFor,
  countAsked,
  deliveryStatuses,
  getDelivery,
  listDeliveries,
  type StoredDelivery,
} from '../../store/webhooks/webhook-delivery-table.ts'
import { hurry } from '../../store/webhooks/webhook-sending-table.ts'
import { mustGetEndpoint } from '../../store/webhooks/webhook-endpoint-table.ts'
import { addEvents, payloadOf } from '../../store/webhooks/webhook-event-table.ts'
import { createReadingNotes } from '../audit/note-reading.ts'
import { originOf, viewOf } from '../change-answer.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { actionBody, idOf, idParams, isId, limitOf, pageFields, waitQuery } from '../fields.ts'
import { listOf, type RouteDoc } from '../openapi/route-doc.ts'
import { deliveryObject, deliverySchema, deliveryWithPayload } from './webhook-object.ts'

const docs = {
  list: {
    summary: 'What became of the events at a webhook, of the last 14 days, newest first',
    status: 200,
    answer: listOf(deliverySchema),
    errors: ['STORE_UNAVAILABLE'],
  },
  get: {
    summary: 'One delivery, with the body that was signed',
    status: 200,
    answer: deliveryWithPayload,
    errors: ['STORE_UNAVAILABLE'],
  },
  redeliver: {
    summary: 'Sends an event once more, beside the order; one that waits in its turn is tried at once',
    status: 202,
    answer: deliverySchema,
    errors: ['OVERLOADED', 'STORE_UNAVAILABLE'],
  },
  test: {
    summary: 'Sends a `webhook.test`, beside the order and once; also where the webhook is disabled',
    status: 202,
    answer: deliverySchema,
    errors: ['OVERLOADED', 'STORE_UNAVAILABLE'],
  },
} as const satisfies Record<string, RouteDoc>

const listQuery = Type.Object(
  { status: Type.Optional(Type.Enum([...deliveryStatuses])), ...pageFields },
  { additionalProperties: false },
)
const deliveryParams = Type.Object({ id: Type.String(), delivery_id: Type.String() })

export function serveDeliveries(app: ControlApp, deps: AdminDeps): void {
  const note = createReadingNotes(deps)
  const listed = { schema: { params: idParams, querystring: listQuery }, config: { doc: docs.list } }
  app.get('/webhooks/:id/deliveries', listed, async (request) => {
    const { id: endpointId } = await mustGetEndpoint(
      deps.db,
      idOf('whk', request.params.id),
      viewOf(request, deps),
    )
    const { status, cursor, limit } = request.query
    const after = readCursor(cursor, (value) => isId('dlv', value))
    const page = await listDeliveries(deps.db, { endpointId, status }, { after, limit: limitOf(limit) })
    await note(request, { action: 'webhook.deliveries', target: endpointId })
    return { data: page.rows.map(deliveryObject), next_cursor: nextCursor(page, ({ id }) => id) }
  })

  const shown = { schema: { params: deliveryParams }, config: { doc: docs.get } }
  app.get('/webhooks/:id/deliveries/:delivery_id', shown, async (request) => {
    const { id, delivery_id: deliveryId } = request.params
    const endpoint = await mustGetEndpoint(deps.db, idOf('whk', id), viewOf(request, deps))
    const delivery = await mustGetDelivery(deps.db, endpoint.id, deliveryId)
    await note(request, { action: 'webhook.deliveries', target: endpoint.id })
    return { ...deliveryObject(delivery), payload: delivery.payload ?? null }
  })

  serveAsked(app, deps)
}

function serveAsked(app: ControlApp, deps: AdminDeps): void {
  const querystring = waitQuery
  const again = { params: deliveryParams, body: actionBody, querystring }
  app.post(
    '/webhooks/:id/deliveries/:delivery_id/redeliver',
    { schema: again, config: { doc: docs.redeliver } },
    async (request, reply) => {
      const endpointId = idOf('whk', request.params.id)
      const delivery = await asked(deps, request, { endpointId, action: 'webhook.redeliver' }, async (tx) => {
        const found = await mustGetDelivery(tx, endpointId, request.params.delivery_id)
        // In its turn, it is tried there: what comes after it waits for it.
        if (await hurry(tx, found.id)) return found.id
        await refuseMany(tx, endpointId)
        if (!(await askAgain(tx, found.id, deps.now()))) throw unknownDelivery()
        return found.id
      })
      return reply.code(202).send(deliveryObject(delivery))
    },
  )

  const tested = { params: idParams, body: actionBody, querystring }
  app.post('/webhooks/:id/test', { schema: tested, config: { doc: docs.test } }, async (request, reply) => {
    const endpointId = idOf('whk', request.params.id)
    const delivery = await asked(deps, request, { endpointId, action: 'webhook.test' }, async (tx) => {
      await refuseMany(tx, endpointId)
      const nowMs = deps.now()
      const payload = payloadOf(testType, nowMs, { webhook_id: endpointId })
      const event = {
        id: deps.newId('evt'),
        type: testType,
        merchantId: null,
        api: null,
        entry: null,
        revision: null,
      } as const
      const seq = await addEvents(tx, [{ ...event, endpointId, payload, atMs: nowMs }])
      const id = deps.newId('dlv')
      await askFor(tx, { id, endpointId, seq, nowMs })
      return id
    })
    return reply.code(202).send(deliveryObject(delivery))
  })
}

/** Asked for and not sent yet, of one webhook: each may keep the sender for as long as a receiver may take. */
export const mostAsked = 10

async function refuseMany(tx: Queryable, endpointId: string): Promise<void> {
  if ((await countAsked(tx, endpointId)) < mostAsked) return
  const message = `${mostAsked} deliveries that were asked for wait; ask again when they are sent`
  throw new DenialError(deny('OVERLOADED', 'webhook_asked', { details: [{ path: '', message }] }))
}

/** Something that the sender is to do: it stands in the audit, and the sender is told. */
async function asked(
  deps: AdminDeps,
  request: FastifyRequest,
  { endpointId, action }: { readonly endpointId: string; readonly action: string },
  work: (tx: Queryable) => Promise<string>,
): Promise<StoredDelivery> {
  const origin = originOf(request, deps)
  const delivery = await deps.db.transaction(async (tx) => {
    const { merchantId, api } = await mustGetEndpoint(tx, endpointId, origin)
    const id = await work(tx)
    const after = { merchant_id: merchantId, api, delivery_id: id }
    await writeAudit(tx, entryOf(origin, { action, target: endpointId, before: null, after }))
    return mustGetDelivery(tx, endpointId, id)
  })
  deps.webhooks.kick()
  return delivery
}

async function mustGetDelivery(db: Queryable, endpointId: string, text: string): Promise<StoredDelivery> {
  const delivery = await getDelivery(db, endpointId, idOf('dlv', text))
  if (delivery === undefined) throw unknownDelivery()
  return delivery
}

function unknownDelivery(): DenialError {
  return new DenialError(deny('NOT_FOUND', 'unknown_delivery'))
}
