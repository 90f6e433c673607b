// Merchants: made, listed, suspended and resumed.

import { Type } from 'typebox'
import type { MerchantAction } from '../../credentials/lifecycle.ts'
import { deny, DenialError } from '../../errors/denial.ts'
import {
  createMerchant,
  getMerchant,
  listMerchants,
  type StoredMerchant,
  transitionMerchant,
} from '../../store/merchant-table.ts'
import { originOf, settle } from '../change-answer.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { emptyBody, idOf, idParams, isId, limitOf, nameField, pageFields, waitQuery } from '../fields.ts'
import { markReplay, repeatableOriginOf } from '../idempotency.ts'
import { instant } from '../instant.ts'

const newMerchant = Type.Object({ name: nameField }, { additionalProperties: false })
const listQuery = Type.Object(pageFields, { additionalProperties: false })

export function serveMerchants(app: ControlApp, deps: AdminDeps): void {
  app.post(
    '/merchants',
    { schema: { body: newMerchant, querystring: waitQuery } },
    async (request, reply) => {
      const merchant = { id: deps.newId('mer'), name: request.body.name }
      const committed = await createMerchant(deps.db, repeatableOriginOf(request, deps), merchant)
      markReplay(reply, committed)
      const settled = await settle(deps, committed, request.query.wait)
      return reply.code(201).send({ ...merchantObject(committed.object), ...settled })
    },
  )

  app.get('/merchants', { schema: { querystring: listQuery } }, async (request) => {
    const after = readCursor(request.query.cursor, (value) => isId('mer', value))
    const page = await listMerchants(deps.db, { after, limit: limitOf(request.query.limit) })
    return { data: page.rows.map(merchantObject), next_cursor: nextCursor(page, (merchant) => merchant.id) }
  })

  app.get('/merchants/:id', { schema: { params: idParams } }, async (request) => {
    const merchant = await getMerchant(deps.db, idOf('mer', request.params.id))
    if (!merchant) throw new DenialError(deny('NOT_FOUND', 'unknown_merchant'))
    return merchantObject(merchant)
  })

  serveAction(app, deps, 'suspend')
  serveAction(app, deps, 'resume')
}

function serveAction(app: ControlApp, deps: AdminDeps, action: MerchantAction): void {
  const schema = { params: idParams, body: emptyBody, querystring: waitQuery }
  app.post(`/merchants/:id/${action}`, { schema }, async (request) => {
    const id = idOf('mer', request.params.id)
    const committed = await transitionMerchant(deps.db, originOf(request, deps), { id, action })
    return { ...merchantObject(committed.object), ...(await settle(deps, committed, request.query.wait)) }
  })
}

function merchantObject(merchant: StoredMerchant) {
  return {
    id: merchant.id,
    name: merchant.name,
    status: merchant.status,
    created_at: instant(merchant.createdAtMs),
    revision: merchant.revision,
  }
}
