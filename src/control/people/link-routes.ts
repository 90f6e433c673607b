// What people do who come by a link: see what it is for, set a password, accept an invitation; and ask for one, who have
// forgotten theirs. None of it tells who has an account.

import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { readEmail } from '../../credentials/email.ts'
import { memberRoles } from '../../credentials/role.ts'
import { deny, DenialError } from '../../errors/denial.ts'
import type { ChangeOrigin } from '../../store/commit-table.ts'
import { acceptInvitation, mustFindLink, usePasswordLink } from '../../store/people/link-table.ts'
import { queueMail } from '../../store/people/mail-table.ts'
import { findCredentials } from '../../store/people/person-table.ts'
import { everything } from '../../store/scope.ts'
import { ending } from '../change-answer.ts'
import type { ControlApp } from '../dependencies.ts'
import { instant } from '../instant.ts'
import { type RouteDoc, timeSchema } from '../openapi/route-doc.ts'
import { mustBePassword } from './account-routes.ts'
import { prove, type Shown, totpField } from './factors/second-factor.ts'
import type { HubApp, PeopleDeps } from './hub-app.ts'
import { linkDigest } from './link.ts'
import { emailField, passwordField } from './session-routes.ts'
import { tellChange } from './tell-change.ts'

const merchantSchema = Type.Object({ id: Type.String(), name: Type.String() })
const common = ['LINK_ENDED', 'TOO_MANY_ATTEMPTS', 'STORE_UNAVAILABLE'] as const

const docs = {
  show: {
    summary: 'What a link is for; it works on',
    status: 200,
    answer: Type.Object({
      purpose: Type.Enum(['set_password', 'reset', 'invitation']),
      email: Type.String(),
      expires_at: timeSchema,
      merchant: Type.Union([merchantSchema, Type.Null()]),
      role: Type.Union([Type.Enum([...memberRoles]), Type.Null()]),
    }),
    errors: common,
  },
  password: {
    summary: 'Sets the password that a link is for, which ends the link and all sessions; signs nobody in',
    status: 200,
    answer: Type.Object({ email: Type.String() }),
    errors: [...common, 'OUTCOME_UNKNOWN'],
  },
  reset: {
    summary: 'Has a link sent to who has forgotten a password; the answer is the same whoever has an account',
    status: 202,
    answer: Type.Object({}),
    errors: common.slice(1),
  },
  accept: {
    summary:
      'Makes a member of who was invited: with a new password, or that of the account where there is one',
    status: 200,
    answer: Type.Object({
      email: Type.String(),
      merchant: merchantSchema,
      role: Type.Enum([...memberRoles]),
    }),
    errors: ['SIGN_IN_FAILED', ...common, 'OUTCOME_UNKNOWN'],
  },
} as const satisfies Record<string, RouteDoc>

const tokenField = Type.String({ minLength: 1, maxLength: 256 })
const closed = { additionalProperties: false } as const
const tokenBody = Type.Object({ token: tokenField }, closed)
const passwordBody = Type.Object({ token: tokenField, password: passwordField }, closed)
const acceptBody = Type.Object({ token: tokenField, password: passwordField, totp: totpField }, closed)
const resetBody = Type.Object({ email: emailField }, closed)

/** For callers without a session. */
export function serveLinks(app: ControlApp, hub: HubApp): void {
  const { deps, work } = hub
  app.post('/links', { schema: { body: tokenBody }, config: { doc: docs.show } }, async (request) => {
    const asked = { digest: linkDigest(request.body.token), nowMs: deps.now() }
    const { purpose, email, expiresAtMs, invitation } = await mustFindLink(deps.db, asked)
    return {
      ...{ purpose, email, expires_at: instant(expiresAtMs) },
      merchant: invitation && { id: invitation.merchantId, name: invitation.merchantName },
      role: invitation && invitation.role,
    }
  })
  app.post(
    '/password',
    { schema: { body: passwordBody }, config: { doc: docs.password } },
    async (request) => {
      const { token, password } = request.body
      const digest = linkDigest(token)
      const { email, purpose } = await mustFindLink(deps.db, { digest, nowMs: deps.now() })
      mustBePassword(password, email)
      const use = { digest, password: await work.hash(password) }
      const { origin, spread } = ending(deps, originOfLink(request, deps))
      const person = await usePasswordLink(deps.db, origin, use)
      spread()
      if (purpose === 'reset') await tellChange(deps, person)
      return { email: person.email }
    },
  )
  serveReset(app, hub)
  serveAccept(app, hub)
}

function serveReset(app: ControlApp, { deps, attempts }: HubApp): void {
  const options = { schema: { body: resetBody }, config: { doc: docs.reset } }
  app.post('/password/reset', options, async (request, reply) => {
    const email = readEmail(request.body.email)
    await attempts.take('mail_from', request.client ?? '')
    // Nobody waits for what differs between addresses.
    if (deps.hub.sendsMail && email !== undefined)
      void sendReset({ deps, attempts }, email).catch(() => undefined)
    return reply.code(202).send({})
  })
}

async function sendReset(
  { deps, attempts }: Pick<HubApp, 'deps' | 'attempts'>,
  email: string,
): Promise<void> {
  await attempts.take('mail_to', email)
  const person = await findCredentials(deps.db, email)
  if (person === undefined || person.status === 'disabled') return
  // Comes by an identity provider alone, which is asked for what it knows.
  if (person.status === 'active' && person.password === null) return
  await queueMail(deps.db, {
    ...{ id: deps.newId('eml'), kind: 'reset', recipient: email, personId: person.id },
    ...{ invitationId: null, nowMs: deps.now() },
  })
  deps.hub.mailQueued()
}

function serveAccept(app: ControlApp, hub: HubApp): void {
  const { deps, work } = hub
  const options = { schema: { body: acceptBody }, config: { doc: docs.accept } }
  app.post('/invitations/accept', options, async (request) => {
    const { token, password, totp } = request.body
    const digest = linkDigest(token)
    const { email, invitation } = await mustFindLink(deps.db, { digest, nowMs: deps.now() })
    if (invitation === null) throw new DenialError(deny('LINK_ENDED', 'link_ended'))
    const account = await findCredentials(deps.db, email)
    // Who has an account shows that it is theirs: the link alone may be in the hands of who invited.
    const isNew = account === undefined
    // Whoever it is of: what is no password here tells nothing of who has an account.
    mustBePassword(password, email)
    const verified = isNew ? null : await proveMember(hub, request, { email, password, totp })
    const stored = isNew ? await work.hash(password) : ''
    const joined = await acceptInvitation(deps.db, originOfLink(request, deps), {
      ...{ digest, password: stored, newId: deps.newId('usr'), verified },
    })
    const merchant = { id: joined.merchantId, name: joined.merchantName }
    return { email: joined.email, merchant, role: joined.role }
  })
}

/** What the password was compared with. An operator is refused as who does not know the password. */
async function proveMember(hub: HubApp, request: FastifyRequest, asked: Shown): Promise<string | null> {
  const { person, password } = await prove(hub, request, asked)
  if (person.kind === 'operator') throw new DenialError(deny('SIGN_IN_FAILED', 'operator_invited'))
  return password
}

/** Whoever has a link is whom it is for. */
function originOfLink(request: FastifyRequest, deps: PeopleDeps): ChangeOrigin {
  const { client = null, id: requestId } = request
  return { actor: '', tokenId: null, client, requestId, nowMs: deps.now(), scope: everything }
}
