// What people have granted to clients, and its end.

import { type Static, Type } from 'typebox'
import { commitTraced, transactionOf } from '../../store/commit-table.ts'
import {
  endGrantsOf,
  listGrants,
  mustGetGrant,
  type ShownGrant,
} from '../../store/oauth/oauth-grant-table.ts'
import type { Change } from '../../store/change-table.ts'
import { entryOf, writeAudit } from '../../store/audit/audit-table.ts'
import { createReadingNotes, listTarget } from '../audit/note-reading.ts'
import { originOf, viewOf } from '../change-answer.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { actionBody, idOf, idParams, isId, limitOf, pageFields, textField, waitQuery } from '../fields.ts'
import { instant } from '../instant.ts'
import { settleEnd } from '../oauth/settle-end.ts'
import { changed, listOf, type RouteDoc, timeSchema } from '../openapi/route-doc.ts'

export const grantSchema = Type.Object({
  id: Type.String(),
  client_id: Type.String(),
  client_name: Type.String(),
  person_id: Type.String({ description: 'Who has granted it' }),
  email: Type.String(),
  merchant_id: Type.String(),
  merchant_name: Type.String(),
  api: Type.String(),
  environment: Type.String(),
  permissions: Type.Array(Type.String()),
  created_at: timeSchema,
  expires_at: Type.Intersect([timeSchema], { description: 'Unless the client is used before' }),
})

const docs = {
  list: {
    summary:
      'What people have granted to clients and lasts, newest first: the newest of each client, person and merchant',
    status: 200,
    answer: listOf(grantSchema),
    errors: ['STORE_UNAVAILABLE'],
  },
  end: {
    summary: 'Ends what somebody has granted a client for a merchant, with all tokens that came of it',
    status: 200,
    answer: changed(grantSchema),
    errors: ['STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
  },
} as const satisfies Record<string, RouteDoc>

const listQuery = Type.Object(
  { merchant_id: Type.Optional(textField(64)), person_id: Type.Optional(textField(64)), ...pageFields },
  { additionalProperties: false },
)

export function serveGrants(app: ControlApp, deps: AdminDeps): void {
  const listed = { schema: { querystring: listQuery }, config: { doc: docs.list } }
  const note = createReadingNotes(deps)
  app.get('/grants', listed, async (request) => {
    const { merchant_id: merchantId, person_id: personId, cursor, limit } = request.query
    const after = readCursor(cursor, (value) => isId('grt', value))
    const asked = { ...viewOf(request, deps), merchantId, personId }
    const page = await listGrants(deps.db, asked, { after, limit: limitOf(limit) })
    const target = await listTarget(deps, request, { merchantId, all: 'grants' })
    await note(request, { action: 'grant.list', target })
    return { data: page.rows.map(grantObject), next_cursor: nextCursor(page, ({ id }) => id) }
  })

  const ended = {
    schema: { params: idParams, body: actionBody, querystring: waitQuery },
    config: { doc: docs.end },
  }
  app.delete('/grants/:id', ended, async (request) => {
    const id = idOf('grt', request.params.id)
    const origin = originOf(request, deps)
    const { grant, changes } = await commitTraced<Ended>(deps.db, async (tx, trace) => {
      const grant = await mustGetGrant(tx, id, origin)
      const { clientId, personId, merchantId } = grant
      const ids = await endGrantsOf(tx, { clientId, personId, merchantId })
      const states = { before: auditedGrant(grant), after: null }
      await writeAudit(tx, entryOf(origin, { action: 'grant.end', target: id, ...states }))
      const changes: Change[] = []
      for (const one of ids) {
        const change = await deps.oauth.endTokens(tx, { kind: 'grant', id: one })
        if (change !== null) changes.push(change)
      }
      return trace(await transactionOf(tx), { grant, changes })
    })
    for (const change of changes.slice(0, -1)) deps.published(change)
    return { ...grantObject(grant), ...(await settleEnd(deps, changes.at(-1) ?? null, request)) }
  })
}

interface Ended {
  readonly grant: ShownGrant
  readonly changes: readonly Change[]
}

function grantObject(grant: ShownGrant): Static<typeof grantSchema> {
  return {
    ...{ id: grant.id, client_id: grant.clientId, client_name: grant.clientName },
    ...{ person_id: grant.personId, email: grant.email },
    ...{ merchant_id: grant.merchantId, merchant_name: grant.merchantName },
    ...{ api: grant.api, environment: grant.environment, permissions: [...grant.permissions] },
    ...{ created_at: instant(grant.createdAtMs), expires_at: instant(grant.expiresAtMs) },
  }
}

/** As the audit has it. */
export function auditedGrant(grant: {
  readonly clientId: string
  readonly personId: string
  readonly merchantId: string
  readonly permissions: readonly string[]
}): object {
  const { clientId, personId, merchantId, permissions } = grant
  return { client_id: clientId, person_id: personId, merchant_id: merchantId, permissions }
}
