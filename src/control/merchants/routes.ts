// Merchants: made, listed, suspended and resumed.

import { type Static, Type } from 'typebox'
import type { MerchantAction } from '../../credentials/lifecycle.ts'
import { merchantStatuses } from '../../credentials/record.ts'
import { DenialError, deny } from '../../errors/denial.ts'
import { noMerchantLimits } from '../../store/keys/limit-table.ts'
import {
  createMerchant,
  getMerchant,
  listMerchants,
  merchantSorts,
  patchMerchant,
  type StoredMerchant,
  transitionMerchant,
} from '../../store/keys/merchant-table.ts'
import { settle } from '../change-answer.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import {
  actionBody,
  changeBody,
  idOf,
  idParams,
  isId,
  limitOf,
  nameField,
  pageFields,
  waitQuery,
} from '../fields.ts'
import { markReplay, repeatableOriginOf } from '../idempotency.ts'
import { instant } from '../instant.ts'
import {
  inFlightField,
  merchantLimitsOf,
  planField,
  quotasField,
  rateLimitsField,
  rateSchema,
} from '../limit-fields.ts'
import { changed, listOf, type RouteDoc, timeSchema } from '../openapi/route-doc.ts'

export const merchantSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  status: Type.Enum([...merchantStatuses]),
  created_at: timeSchema,
  revision: Type.Integer(),
  plan: planField,
  rate_limits: Type.Record(Type.String(), rateSchema, {
    description: 'In place of what file and plan say of limits that count by key or merchant, by their names',
  }),
  in_flight: inFlightField,
  quotas: Type.Record(Type.String(), Type.Object({ requests: Type.Integer() }), {
    description: 'In place of what file and plan say of quotas, by their names',
  }),
})

const docs = {
  create: {
    summary: 'Makes a merchant',
    status: 201,
    answer: changed(merchantSchema),
    headers: ['Idempotency-Key'],
    errors: ['IDEMPOTENCY_MISMATCH', 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
  },
  list: {
    summary: 'Merchants, newest first unless sorted otherwise',
    status: 200,
    answer: listOf(merchantSchema),
    errors: ['QUERY_TOO_SLOW', 'STORE_UNAVAILABLE'],
  },
  get: { summary: 'One merchant', status: 200, answer: merchantSchema, errors: ['STORE_UNAVAILABLE'] },
  patch: {
    summary: 'Changes what is named of a merchant: name, plan, rate limits, quotas, requests under way',
    status: 200,
    answer: changed(merchantSchema),
    headers: ['Idempotency-Key'],
    errors: ['IDEMPOTENCY_MISMATCH', 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
  },
  suspend: {
    summary: 'Refuses all keys of a merchant until it is resumed',
    status: 200,
    answer: changed(merchantSchema),
    headers: ['Idempotency-Key'],
    errors: ['IDEMPOTENCY_MISMATCH', 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
  },
  resume: {
    summary: 'Accepts the keys of a suspended merchant again',
    status: 200,
    answer: changed(merchantSchema),
    headers: ['Idempotency-Key'],
    errors: ['IDEMPOTENCY_MISMATCH', 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
  },
} as const satisfies Record<string, RouteDoc>

const newMerchant = changeBody({ name: nameField })
const merchantPatch = changeBody({
  name: Type.Optional(nameField),
  plan: Type.Optional(planField),
  rate_limits: Type.Optional(rateLimitsField),
  in_flight: Type.Optional(inFlightField),
  quotas: Type.Optional(quotasField),
})
const listQuery = Type.Object(
  {
    q: Type.Optional(nameField),
    status: Type.Optional(Type.Enum([...merchantStatuses])),
    sort: Type.Optional(
      Type.Enum([...merchantSorts], { description: '`-created` (the newest first) unless said' }),
    ),
    ...pageFields,
  },
  { additionalProperties: false },
)

export function serveMerchants(app: ControlApp, deps: AdminDeps): void {
  app.post(
    '/merchants',
    { schema: { body: newMerchant, querystring: waitQuery }, config: { doc: docs.create } },
    async (request, reply) => {
      const merchant = { id: deps.newId('mer'), name: request.body.name }
      const committed = await createMerchant(deps.db, repeatableOriginOf(request, deps), merchant)
      markReplay(reply, committed)
      const settled = await settle(deps, committed, request)
      return reply.code(201).send({ ...merchantObject(committed.object), ...settled })
    },
  )

  app.get(
    '/merchants',
    { schema: { querystring: listQuery }, config: { doc: docs.list } },
    async (request) => {
      const { q: text, status, sort, cursor, limit } = request.query
      const after = readCursor(cursor, (value) => isId('mer', value))
      const filter = { scope: request.caller.scope, text, status, sort }
      const page = await listMerchants(deps.db, filter, { after, limit: limitOf(limit) })
      return { data: page.rows.map(merchantObject), next_cursor: nextCursor(page, (merchant) => merchant.id) }
    },
  )

  app.get('/merchants/:id', { schema: { params: idParams }, config: { doc: docs.get } }, async (request) => {
    const merchant = await getMerchant(deps.db, idOf('mer', request.params.id), request.caller.scope)
    if (!merchant) throw new DenialError(deny('NOT_FOUND', 'unknown_merchant'))
    return merchantObject(merchant)
  })

  servePatch(app, deps)
  serveAction(app, deps, 'suspend')
  serveAction(app, deps, 'resume')
}

function servePatch(app: ControlApp, deps: AdminDeps): void {
  const schema = { params: idParams, body: merchantPatch, querystring: waitQuery }
  app.patch('/merchants/:id', { schema, config: { doc: docs.patch } }, async (request, reply) => {
    const id = idOf('mer', request.params.id)
    const patch = { name: request.body.name, limits: merchantLimitsOf(deps.table(), request.body) }
    const committed = await patchMerchant(deps.db, repeatableOriginOf(request, deps), { id, patch })
    markReplay(reply, committed)
    return { ...merchantObject(committed.object), ...(await settle(deps, committed, request)) }
  })
}

function serveAction(app: ControlApp, deps: AdminDeps, action: MerchantAction): void {
  const schema = { params: idParams, body: actionBody, querystring: waitQuery }
  app.post(`/merchants/:id/${action}`, { schema, config: { doc: docs[action] } }, async (request, reply) => {
    const id = idOf('mer', request.params.id)
    const committed = await transitionMerchant(deps.db, repeatableOriginOf(request, deps), { id, action })
    markReplay(reply, committed)
    return { ...merchantObject(committed.object), ...(await settle(deps, committed, request)) }
  })
}

function merchantObject(merchant: StoredMerchant): Static<typeof merchantSchema> {
  const { plan, rates, inFlight, quotas } = merchant.limits ?? noMerchantLimits
  return {
    id: merchant.id,
    name: merchant.name,
    status: merchant.status,
    created_at: instant(merchant.createdAtMs),
    revision: merchant.revision,
    plan,
    rate_limits: { ...rates },
    in_flight: inFlight,
    // An object that an earlier version kept for a repeat has none.
    quotas: { ...quotas },
  }
}
