// /hub/v1/oauth: what somebody who is signed in is asked to grant, and what that one says. The cookie that only the browser has
// which began it is demanded by the authorization server each time.

import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Api } from '../../config/compiled.ts'
import { deny, DenialError } from '../../errors/denial.ts'
import type { Interaction, OauthServer } from '../../oauth/server.ts'
import { writeAudit } from '../../store/audit/audit-table.ts'
import { commitTraced, transactionOf } from '../../store/commit-table.ts'
import { findActiveClient, type StoredClient } from '../../store/oauth/oauth-client-table.ts'
import { insertGrant, listGrants, lockGranting } from '../../store/oauth/oauth-grant-table.ts'
import type { SignedIn } from '../../store/people/hub-session-table.ts'
import { everything } from '../../store/scope.ts'
import { whoOf } from '../change-answer.ts'
import type { ControlApp } from '../dependencies.ts'
import { textField } from '../fields.ts'
import { auditedGrant } from '../grants/routes.ts'
import type { RouteDoc } from '../openapi/route-doc.ts'
import type { HubApp } from '../people/hub-app.ts'
import { signedInOf } from '../people/session-routes.ts'
import { invalid } from '../refusal.ts'

const interactionSchema = Type.Object({
  client: Type.Object({ id: Type.String(), name: Type.String() }),
  redirect_origin: Type.String({ description: 'Where one is led back to' }),
  api: Type.String(),
  environment: Type.String(),
  permissions: Type.Array(Type.Object({ name: Type.String(), description: Type.String() })),
  merchants: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      granted: Type.Boolean({ description: 'Whether all of this was granted before, and lasts' }),
    }),
    { description: 'Of which one may grant it; none: one may not' },
  ),
})

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

/** Merchants of which somebody may give access away: as an admin of one that is active. */
function grantable({ merchants }: SignedIn, { merchantId }: StoredClient) {
  return merchants.filter(
    ({ id, role, status }) =>
      role === 'admin' && status === 'active' && (merchantId === null || merchantId === id),
  )
}

async function interactionObject(
  { deps }: HubApp,
  { interaction, client, api }: Asked,
  signedIn: SignedIn,
): Promise<Static<typeof interactionSchema>> {
  const { person } = signedIn
  const asked = { scope: everything, personId: person.id }
  const { rows } = await listGrants(deps.db, asked, { after: null, limit: 200 })
  const isGranted = (merchantId: string) =>
    rows.some(
      (row) =>
        row.clientId === client.id &&
        row.merchantId === merchantId &&
        interaction.permissions.every((name) => row.permissions.includes(name)),
    )
  return {
    client: { id: client.id, name: client.name },
    redirect_origin: new URL(interaction.redirectUri).origin,
    ...{ api: api.name, environment: client.environment },
    permissions: interaction.permissions.map((name) => ({
      name,
      description: api.permissions.get(name) ?? name,
    })),
    merchants: grantable(signedIn, client).map(({ id, name }) => ({ id, name, granted: isGranted(id) })),
  }
}

/** Its first refresh token prolongs it. */
const unusedSeconds = 10 * 60

interface Granting {
  readonly asked: Asked
  readonly merchantId: string | undefined
}

/** Throws VALIDATION_FAILED where the merchant is none of which this one may give access away, UNAUTHORIZED where that has just ended. */
async function grant({ deps }: HubApp, request: FastifyRequest, { asked, merchantId }: Granting) {
  const { client, interaction } = asked
  const signedIn = signedInOf(request)
  const merchant = grantable(signedIn, client).find(({ id }) => id === merchantId)
  if (merchant === undefined)
    throw invalid('/merchant_id', 'must be a merchant that you administer, and that the client is for')
  const made = {
    ...{ id: deps.newId('grt'), clientId: client.id, personId: signedIn.person.id, merchantId: merchant.id },
    ...{ permissions: interaction.permissions, lifetimeSeconds: unusedSeconds },
  }
  await commitTraced(deps.db, async (tx, trace) => {
    if (!(await lockGranting(tx, { ...made, sessionId: signedIn.session.id })))
      throw new DenialError(deny('UNAUTHORIZED', 'session_ended'))
    await insertGrant(tx, made)
    await writeAudit(tx, {
      ...{ ...whoOf(request), action: 'grant.create', target: made.id, before: null },
      ...{ after: auditedGrant(made), atMs: deps.now(), revision: null },
    })
    return trace(await transactionOf(tx), undefined)
  })
  return { kind: 'granted', personId: made.personId, grantId: made.id } as const
}
