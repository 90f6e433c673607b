// The keys that the authorization server signs with: replaced by hand, and published while anything that they signed may be read.

import { Type } from 'typebox'
import { createKeyRing } from '../../oauth/server-keys.ts'
import { writeAudit } from '../../store/audit/audit-table.ts'
import { whoOf } from '../change-answer.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { actionBody, waitQuery } from '../fields.ts'
import { instant } from '../instant.ts'
import { type RouteDoc, timeSchema } from '../openapi/route-doc.ts'

const doc = {
  summary: 'Makes another key that the authorization server signs with',
  status: 200,
  answer: Type.Object({
    kid: Type.String(),
    used_from: Type.Intersect([timeSchema], {
      description: 'It is published before; the one before it is published for a day more',
    }),
  }),
  errors: ['STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
} as const satisfies RouteDoc

export function serveOauthKeys(app: ControlApp, deps: AdminDeps): void {
  const ring = createKeyRing({
    ...{ db: deps.db, sealing: deps.webhooks.sealing },
    monotonicNow: () => performance.now(),
  })
  const options = { schema: { body: actionBody, querystring: waitQuery }, config: { doc } }
  app.post('/oauth/keys/rotate', options, async (request) => {
    const { id, usedFromMs } = await ring.rotate((tx, key) =>
      writeAudit(tx, {
        ...{ ...whoOf(request), action: 'oauth.rotate_keys', target: key.id, before: null },
        ...{ after: { used_from: instant(key.usedFromMs) }, atMs: deps.now(), revision: null },
      }),
    )
    return { kid: id, used_from: instant(usedFromMs) }
  })
}
