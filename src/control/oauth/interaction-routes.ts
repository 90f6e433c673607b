// /hub/v1/oauth: what somebody who is signed in is asked to grant, and what that one says. The cookie that only the browser has
// which began it is demanded by the authorization server each time.

import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Api } from '../../config/compiled.ts'
import { deny, DenialError } from '../../errors/denial.ts'
import type { Interaction, OauthServer } from '../../oauth/server.ts'
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
    const outcome =
      decision === 'decline'
        ? ({ kind: 'declined' } as const)
        : await grant(hub, request, { asked, merchantId })
    const exchange = { request: request.raw, response: reply.raw }
    const goesOn = await asked.server.decide(exchange, request.params.id, outcome)
    if (goesOn === undefined) throw gone()
    return { redirect_to: goesOn }
  })
}

interface Asked {
  readonly server: OauthServer
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
  const server = (await deps.oauth.server?.()) ?? null
  const interaction = await server?.interaction({ request: request.raw, response: reply.raw }, id)
  if (server === null || interaction === undefined) throw gone()
  const client = await findActiveClient(deps.db, interaction.clientId)
  const api = deps.table().apis.get(client?.api ?? '')
  if (client === undefined || api === undefined || api.oauth === null) throw gone()
  return { server, interaction, client, api: { ...api, oauth: api.oauth } }
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

/** As `newGrantOf` and `makeGrant`. */
async function grant(hub: HubApp, request: FastifyRequest, { asked, merchantId }: Granting) {
  const { client, interaction } = asked
  const made = newGrantOf(hub, request, {
    asked: { client, permissions: interaction.permissions },
    merchantId,
  })
  await commitTraced(hub.deps.db, async (tx, trace) => {
    await makeGrant(tx, hub, { request, grant: made })
    return trace(await transactionOf(tx), undefined)
  })
  return { kind: 'granted', personId: made.personId, grantId: made.id } as const
}
