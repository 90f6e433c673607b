// /hub/v1/oauth: what somebody who is signed in is asked to grant, and what that one says. The cookie that only the browser has
// which began it is demanded by the authorization server each time.

import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Api } from '../../config/compiled.ts'
import { deny, DenialError } from '../../errors/denial.ts'
import type { Interaction } from '../../oauth/server.ts'
import { commitTraced, transactionOf } from '../../store/commit-table.ts'
import { findActiveClient, type StoredClient } from '../../store/oauth/oauth-client-table.ts'
import type { SignedIn } from '../../store/people/hub-session-table.ts'
import type { ControlApp } from '../dependencies.ts'
import { textField } from '../fields.ts'
import type { RouteDoc } from '../openapi/route-doc.ts'
import type { HubApp } from '../people/hub-app.ts'
import { signedInOf } from '../people/session-routes.ts'
import { accessObject, accessSchema } from './access-object.ts'
import { makeGrant, newGrantOf } from './make-grant.ts'

const interactionSchema = Type.Intersect([
  Type.Object({ redirect_origin: Type.String({ description: 'Where one is led back to' }) }),
  accessSchema,
])

const docs = {
  get: {
    summary: 'What a client asks somebody to grant',
    status: 200,
    answer: interactionSchema,
    isOfSession: true,
    errors: ['NOT_FOUND', 'STORE_UNAVAILABLE'],
  },
  decide: {
    summary: 'Grants or declines; answers where the browser goes on',
    status: 200,
    answer: Type.Object({ redirect_to: Type.String() }),
    isOfSession: true,
    errors: ['NOT_FOUND', 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
  },
} as const satisfies Record<string, RouteDoc>

const params = Type.Object({ id: Type.String({ pattern: '^[A-Za-z0-9_-]{10,64}$' }) })
const decisionBody = Type.Object(
  {
    decision: Type.Enum(['grant', 'decline']),
    merchant_id: Type.Optional(textField(64)),
  },
  { additionalProperties: false },
)

/** For callers with a session. */
export function serveInteractions(app: ControlApp, hub: HubApp): void {
  const got = { schema: { params }, config: { doc: docs.get } }
  app.get('/oauth/interactions/:id', got, async (request, reply) => {
    const asked = await askedOf(hub, request, reply)
    return interactionObject(hub, asked, signedInOf(request))
  })
  const decided = { schema: { params, body: decisionBody }, config: { doc: docs.decide } }
  app.post('/oauth/interactions/:id', decided, async (request, reply) => {
    const asked = await askedOf(hub, request, reply)
    const { decision, merchant_id: merchantId } = request.body
    const goesOn =
      decision === 'decline'
        ? await hub.deps.db.transaction((tx) => asked.interaction.decide(tx, { kind: 'declined' }))
        : await grant(hub, request, { asked, merchantId })
    return { redirect_to: goesOn }
  })
}

interface Asked {
  readonly interaction: Interaction
  readonly client: StoredClient
  readonly api: Api & { readonly oauth: NonNullable<Api['oauth']> }
}

function gone(): DenialError {
  return new DenialError(deny('NOT_FOUND', 'unknown_interaction'))
}

/** Throws NOT_FOUND where nothing is under way in this browser by that id, or its client has ended. */
async function askedOf({ deps }: HubApp, request: FastifyRequest, reply: FastifyReply): Promise<Asked> {
  const { id } = request.params as Static<typeof params>
  const server = await deps.oauth.server?.()
  const interaction = await server?.interaction({ request: request.raw, response: reply.raw }, id)
  if (interaction === undefined) throw gone()
  const client = await findActiveClient(deps.db, interaction.clientId)
  const api = deps.table().apis.get(client?.api ?? '')
  if (client === undefined || api === undefined || api.oauth === null) throw gone()
  return { interaction, client, api: { ...api, oauth: api.oauth } }
}

async function interactionObject(
  hub: HubApp,
  { interaction, client, api }: Asked,
  signedIn: SignedIn,
): Promise<Static<typeof interactionSchema>> {
  const { permissions, redirectUri } = interaction
  return {
    redirect_origin: new URL(redirectUri).origin,
    ...(await accessObject(hub, { client, api, permissions }, signedIn)),
  }
}

interface Granting {
  readonly asked: Asked
  readonly merchantId: string | undefined
}

/** As `newGrantOf` and `makeGrant`, and what was asked is decided with it; resolves with where the browser goes on. */
async function grant(hub: HubApp, request: FastifyRequest, { asked, merchantId }: Granting): Promise<string> {
  const { client, interaction } = asked
  const made = newGrantOf(hub, request, {
    asked: { client, permissions: interaction.permissions },
    merchantId,
  })
  const { personId, id: grantId } = made
  return commitTraced(hub.deps.db, async (tx, trace) => {
    await makeGrant(tx, hub, { request, grant: made })
    const goesOn = await interaction.decide(tx, { kind: 'granted', personId, grantId })
    return trace(await transactionOf(tx), goesOn)
  })
}
