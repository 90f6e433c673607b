// Webhooks: who is told of what becomes of keys and merchants. Their secrets are shown once.

import { type Static, Type } from 'typebox'
import { defaultGraceSeconds } from '../../credentials/lifecycle.ts'
import { lastFour, type Secret } from '../../credentials/secret.ts'
import { generateWebhookSecret, sealWebhookSecret } from '../../credentials/webhook-secret.ts'
import type { ChangeOrigin } from '../../store/commit-table.ts'
import { type Scope, seesApi } from '../../store/scope.ts'
import {
  createEndpoint,
  deleteEndpoint,
  type NewWebhookSecret,
  patchEndpoint,
  rotateWebhookSecret,
} from '../../store/webhooks/webhook-endpoint-change-table.ts'
import { listEndpoints, mustGetEndpoint } from '../../store/webhooks/webhook-endpoint-table.ts'
import { createReadingNotes, listTarget } from '../audit/note-reading.ts'
import { originOf, viewOf } from '../change-answer.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { actionBody, idOf, idParams, isId, limitOf, pageFields, textField, waitQuery } from '../fields.ts'
import { markReplay, repeatableOriginOf } from '../idempotency.ts'
import { apiOf, unknownApi } from '../keys/key-request.ts'
import { listOf, type RouteDoc } from '../openapi/route-doc.ts'
import { invalid } from '../refusal.ts'
import {
  newWebhookBody,
  rotateSecretBody,
  webhookObject,
  webhookObjectWithSecret,
  webhookPatchBody,
  webhookSchema,
} from './webhook-object.ts'

const withSecret = Type.Intersect([
  webhookSchema,
  Type.Object({
    secret: Type.Union([Type.String(), Type.Null()], {
      description: 'The whole secret, here only; null in the answer to a repeat',
    }),
  }),
])
const changeErrors = ['STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'] as const

const docs = {
  create: {
    summary: 'Makes a webhook, told of what happens from now on; its secret is in this answer only',
    status: 201,
    answer: withSecret,
    headers: ['Idempotency-Key'],
    errors: ['IDEMPOTENCY_MISMATCH', ...changeErrors],
  },
  list: {
    summary: 'Webhooks, newest first',
    status: 200,
    answer: listOf(webhookSchema),
    errors: ['STORE_UNAVAILABLE'],
  },
  get: { summary: 'One webhook', status: 200, answer: webhookSchema, errors: ['STORE_UNAVAILABLE'] },
  patch: {
    summary: 'Changes what is named; whatever it is, the next try is made at once',
    status: 200,
    answer: webhookSchema,
    errors: changeErrors,
  },
  remove: {
    summary: 'Deletes a webhook; answers it as it was',
    status: 200,
    answer: webhookSchema,
    errors: changeErrors,
  },
  rotate: {
    summary: 'A second secret, shown here only; both sign until the grace ends, older ones end at once',
    status: 200,
    answer: withSecret,
    errors: changeErrors,
  },
} as const satisfies Record<string, RouteDoc>

const listQuery = Type.Object(
  { merchant_id: Type.Optional(textField(64)), ...pageFields },
  { additionalProperties: false },
)

// As every change, these take `wait`: there is nothing to wait for, as who sends asks the database.
export function serveWebhooks(app: ControlApp, deps: AdminDeps): void {
  serveCreate(app, deps)
  serveReads(app, deps)
  serveChanges(app, deps)
}

function serveCreate(app: ControlApp, deps: AdminDeps): void {
  const schema = { body: newWebhookBody, querystring: waitQuery }
  app.post('/webhooks', { schema, config: { doc: docs.create } }, async (request, reply) => {
    const { url, name = null, events = ['*'] } = request.body
    refuseUrl(deps, url)
    const origin = repeatableOriginOf(request, deps)
    const { merchantId, api } = reachOf(deps, origin, request.body)
    const { secret, stored } = makeSecret(deps)
    const committed = await createEndpoint(deps.db, origin, {
      ...{ id: deps.newId('whk'), merchantId, api, name, url, events: eventsOf(events), secret: stored },
    })
    markReplay(reply, committed)
    return reply.code(201).send(webhookObjectWithSecret(committed.object, committed.isReplay ? null : secret))
  })
}

function serveReads(app: ControlApp, deps: AdminDeps): void {
  const note = createReadingNotes(deps)
  const listed = { schema: { querystring: listQuery }, config: { doc: docs.list } }
  app.get('/webhooks', listed, async (request) => {
    const { merchant_id: merchantId, cursor, limit } = request.query
    const after = readCursor(cursor, (value) => isId('whk', value))
    const asked = { ...viewOf(request, deps), merchantId }
    const page = await listEndpoints(deps.db, asked, { after, limit: limitOf(limit) })
    const target = await listTarget(deps, request, { merchantId, all: 'webhooks' })
    await note(request, { action: 'webhook.list', target })
    return { data: page.rows.map(webhookObject), next_cursor: nextCursor(page, ({ id }) => id) }
  })

  app.get('/webhooks/:id', { schema: { params: idParams }, config: { doc: docs.get } }, async (request) => {
    const endpoint = await mustGetEndpoint(deps.db, idOf('whk', request.params.id), viewOf(request, deps))
    await note(request, { action: 'webhook.read', target: endpoint.id })
    return webhookObject(endpoint)
  })
}

function serveChanges(app: ControlApp, deps: AdminDeps): void {
  const querystring = waitQuery
  const patched = { params: idParams, body: webhookPatchBody, querystring }
  app.patch('/webhooks/:id', { schema: patched, config: { doc: docs.patch } }, async (request) => {
    const id = idOf('whk', request.params.id)
    const { url, name, events, status } = request.body
    if (url !== undefined) refuseUrl(deps, url)
    const patch = { url, name, status, events: events && eventsOf(events) }
    const endpoint = await patchEndpoint(deps.db, originOf(request, deps), { id, patch })
    deps.webhooks.kick()
    return webhookObject(endpoint)
  })

  const removed = { params: idParams, body: actionBody, querystring }
  app.delete('/webhooks/:id', { schema: removed, config: { doc: docs.remove } }, async (request) =>
    webhookObject(await deleteEndpoint(deps.db, originOf(request, deps), idOf('whk', request.params.id))),
  )

  const rotated = { params: idParams, body: rotateSecretBody, querystring }
  app.post(
    '/webhooks/:id/rotate-secret',
    { schema: rotated, config: { doc: docs.rotate } },
    async (request) => {
      const id = idOf('whk', request.params.id)
      const { grace_seconds: graceSeconds = defaultGraceSeconds } = request.body
      const { secret, stored } = makeSecret(deps)
      const origin = originOf(request, deps)
      const endpoint = await rotateWebhookSecret(deps.db, origin, { id, secret: stored, graceSeconds })
      return webhookObjectWithSecret(endpoint, secret)
    },
  )
}

function refuseUrl({ webhooks }: AdminDeps, url: string): void {
  const fault = webhooks.rule.fault(url)
  if (fault !== undefined) throw invalid('/url', fault)
}

/** Whoever sees one merchant alone, or one API, means that one. */
function reachOf(deps: AdminDeps, { scope }: ChangeOrigin, body: Static<typeof newWebhookBody>) {
  const { merchant_id: merchantId = onlyOf(scope.merchantIds), api = onlyOf(scope.apis) } = body
  if (api === null) return { merchantId, api }
  if (!seesApi(scope, api)) throw unknownApi('/api')
  return { merchantId, api: apiOf(deps, api, '/api').name }
}

function onlyOf(ids: Scope['merchantIds']): string | null {
  return ids?.length === 1 ? (ids[0] ?? null) : null
}

/** All of them are `*` alone. */
function eventsOf(events: readonly string[]): readonly string[] {
  return events.includes('*') ? ['*'] : events.toSorted()
}

function makeSecret(deps: AdminDeps): { readonly secret: Secret; readonly stored: NewWebhookSecret } {
  const secret = generateWebhookSecret()
  const id = deps.newId('whs')
  const sealed = sealWebhookSecret(deps.webhooks.sealing(), id, secret)
  return { secret, stored: { id, sealed, last4: lastFour(secret) } }
}
