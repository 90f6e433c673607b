// Tokens of the admin API that it makes itself: with a role, for a merchant or an API where that is said, each shown once.

import { Type } from 'typebox'
import { tokenPrefix, tokenRoles } from '../../credentials/role.ts'
import { digestOf, generateSecret, lastFour } from '../../credentials/secret.ts'
import { createToken, listTokens, revokeToken, type StoredToken } from '../../store/people/token-table.ts'
import { writeAudit } from '../../store/audit/audit-table.ts'
import { originOf, whoOf } from '../change-answer.ts'
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
  textField,
  waitQuery,
} from '../fields.ts'
import { findReplay, markReplay, repeatableOriginOf } from '../idempotency.ts'
import { apiOf, expiryField, expiryOf } from '../keys/key-request.ts'
import { listOf, type RouteDoc } from '../openapi/route-doc.ts'
import { tokenObject, tokenObjectWithSecret, tokenSchema } from './token-object.ts'

const docs = {
  create: {
    summary: 'Makes a token of the admin API; its secret is in this answer only',
    status: 201,
    answer: Type.Intersect([
      tokenSchema,
      Type.Object({
        secret: Type.Union([Type.String(), Type.Null()], {
          description: 'The whole token, here only; null in the answer to a repeat',
        }),
      }),
    ]),
    headers: ['Idempotency-Key'],
    errors: ['IDEMPOTENCY_MISMATCH', 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
  },
  list: {
    summary: 'Tokens of the admin API that are not revoked, newest first',
    status: 200,
    answer: listOf(tokenSchema),
    errors: ['STORE_UNAVAILABLE'],
  },
  revoke: {
    summary: 'Ends a token, on every instance at once; a repeat changes nothing',
    status: 200,
    answer: tokenSchema,
    errors: ['STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
  },
} as const satisfies Record<string, RouteDoc>

const newTokenBody = changeBody({
  name: nameField,
  role: Type.Enum([...tokenRoles]),
  merchant_id: Type.Optional(Type.Union([textField(64), Type.Null()])),
  api: Type.Optional(Type.Union([textField(100), Type.Null()])),
  expires_at: Type.Optional(expiryField),
})

// As every change, they take `wait`: there is nothing to wait for, as each call asks the database.
export function serveTokens(app: ControlApp, deps: AdminDeps): void {
  const created = { schema: { body: newTokenBody, querystring: waitQuery }, config: { doc: docs.create } }
  app.post('/tokens', created, async (request, reply) => {
    const { name, role, merchant_id: merchantId = null, api = null, expires_at: expiry = null } = request.body
    const origin = repeatableOriginOf(request, deps)
    const replay = await findReplay<StoredToken>(deps, origin)
    if (replay !== undefined) {
      markReplay(reply, replay)
      return reply.code(201).send(tokenObjectWithSecret(replay.object, null))
    }
    const secret = generateSecret(tokenPrefix)
    const committed = await createToken(deps.db, origin, {
      ...{ id: deps.newId('tok'), name, role, merchantId },
      api: api === null ? null : apiOf(deps, api, '/api').name,
      expiresAtMs: earlierOf(expiryOf(expiry, origin.nowMs), request.caller.expiresAtMs),
      ...{ digest: digestOf(secret), last4: lastFour(secret) },
    })
    markReplay(reply, committed)
    return reply.code(201).send(tokenObjectWithSecret(committed.object, committed.isReplay ? null : secret))
  })

  const listed = {
    schema: { querystring: Type.Object(pageFields, { additionalProperties: false }) },
    config: { doc: docs.list },
  }
  app.get('/tokens', listed, async (request) => {
    const after = readCursor(request.query.cursor, (value) => isId('tok', value))
    const page = await listTokens(deps.db, { after, limit: limitOf(request.query.limit) })
    // Who may do what is worth knowing to whoever is up to no good: it is kept that it was asked.
    await writeAudit(deps.db, {
      ...{ ...whoOf(request), action: 'token.list', target: 'tokens', before: null },
      ...{ after: null, atMs: deps.now(), revision: null },
    })
    return { data: page.rows.map(tokenObject), next_cursor: nextCursor(page, ({ id }) => id) }
  })

  const ended = {
    schema: { params: idParams, body: actionBody, querystring: waitQuery },
    config: { doc: docs.revoke },
  }
  app.delete('/tokens/:id', ended, async (request) =>
    tokenObject(await revokeToken(deps.db, originOf(request, deps), idOf('tok', request.params.id))),
  )
}

/** Who ends at a time leaves nobody behind who does not. null: never. */
function earlierOf(asked: number | null, ofMaker: number | null): number | null {
  if (asked === null || ofMaker === null) return asked ?? ofMaker
  return Math.min(asked, ofMaker)
}
