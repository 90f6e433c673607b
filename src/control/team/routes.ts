// A merchant's people: who is a member, who was invited. Members who are admins see to it, and the platform.

import { resetFactors } from '../../store/people/factor-table.ts'
import { type Static, Type } from 'typebox'
import { memberRoles } from '../../credentials/role.ts'
import { queueMail } from '../../store/people/mail-table.ts'
import { type StoredPerson, switchPerson } from '../../store/people/person-table.ts'
import {
  changeMember,
  createInvitation,
  listInvitations,
  listMembers,
  type StoredInvitation,
  type StoredMember,
  withdrawInvitation,
} from '../../store/people/team-table.ts'
import { isWhole } from '../../store/scope.ts'
import { createReadingNotes } from '../audit/note-reading.ts'
import { ownerOf, refuseEnding } from '../callers/caller.ts'
import { endingOriginOf, originOf } from '../change-answer.ts'
import type { ControlApp } from '../dependencies.ts'
import { actionBody, changeBody, idOf, idParams, waitQuery } from '../fields.ts'
import { instant, instantOrNull } from '../instant.ts'
import { changed, listOf, nullableTime, type RouteDoc, timeSchema } from '../openapi/route-doc.ts'
import { mustBeEmail } from '../operators/routes.ts'
import type { HubApp } from '../people/hub-app.ts'
import { invitationLifeMs, type MadeLink, makeLink } from '../people/link.ts'
import { isShown, sendLink, sentSchema, shownLink } from '../people/send-link.ts'
import { emailField } from '../people/session-routes.ts'

const roleSchema = Type.Enum([...memberRoles])

export const memberSchema = Type.Object({
  id: Type.String({ description: 'Of the person' }),
  email: Type.String(),
  role: roleSchema,
  status: Type.Enum(['active', 'disabled']),
  created_at: timeSchema,
  signed_in_at: nullableTime,
})

export const invitationSchema = Type.Object({
  id: Type.String(),
  email: Type.String(),
  role: roleSchema,
  created_at: timeSchema,
  created_by: Type.String(),
  expires_at: timeSchema,
  mail: Type.Union([Type.Enum(['queued', 'failing']), Type.Null()], {
    description: '`failing`: it could not be sent yet, and is tried again; null: it was sent, or is none',
  }),
})

const accountSchema = Type.Object({
  id: Type.String(),
  email: Type.String(),
  status: Type.Enum(['invited', 'active', 'disabled']),
})

const changing = ['STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'] as const
const get = (summary: string, answer: RouteDoc['answer']): RouteDoc => ({
  ...{ summary, status: 200, answer, errors: ['STORE_UNAVAILABLE'] },
})
const change = (summary: string, answer: RouteDoc['answer']): RouteDoc => ({
  ...{ summary, status: 200, answer, errors: changing },
})

const docs = {
  members: get('Members of a merchant, by address', listOf(memberSchema)),
  patch: change(
    'Gives a member another role in a merchant, and ends its sessions, and its access tokens for that merchant',
    changed(memberSchema),
  ),
  remove: change(
    'Ends a membership, the sessions of who had it, and its access tokens for that merchant',
    changed(memberSchema),
  ),
  invitations: get('Invitations that can still be accepted, by address', listOf(invitationSchema)),
  invite: {
    summary: 'Invites an address, for 7 days; the answer is the same whether or not it has an account',
    status: 201,
    answer: Type.Intersect([invitationSchema, Type.Pick(sentSchema, ['link'])]),
    errors: ['TOO_MANY_ATTEMPTS', ...changing],
  },
  withdraw: change('Ends an invitation and its links', invitationSchema),
  link: change(
    'A link by which a member sets another password; the ones before it work no more',
    Type.Intersect([accountSchema, sentSchema]),
  ),
  disable: change(
    'Keeps a member from signing in, in all of its merchants, and ends its sessions and access tokens',
    changed(accountSchema),
  ),
  enable: change('Lets a disabled member sign in again', changed(accountSchema)),
  reset: change(
    'Takes a member’s second factor, passkeys and identity providers away, and ends its sessions',
    accountSchema,
  ),
} as const satisfies Record<string, RouteDoc>

const memberParams = Type.Object({ id: Type.String(), person: Type.String() })
const invitationParams = Type.Object({ id: Type.String(), invitation: Type.String() })
const newInvitation = changeBody({ email: emailField, role: roleSchema })
const memberPatch = changeBody({ role: roleSchema })

// As every change, they take `wait`: calls ask the database each time, but access tokens that end with it are cached.
export function serveTeam(app: ControlApp, hub: HubApp): void {
  const { deps } = hub
  serveMembers(app, hub)
  serveInvitations(app, hub)
  const schema = { params: idParams, body: actionBody, querystring: waitQuery }
  app.post('/members/:id/link', { schema, config: { doc: docs.link } }, async (request) => {
    const asked = { id: idOf('usr', request.params.id), kind: 'member', isAnew: true } as const
    const { person, ...sent } = await sendLink(deps, request, asked)
    return { ...accountObject(person), ...sent }
  })
  app.post('/members/:id/reset-factors', { schema, config: { doc: docs.reset } }, async (request) => {
    refuseEnding(request.caller)
    const of = { id: idOf('usr', request.params.id), kind: 'member' } as const
    return accountObject(await resetFactors(deps.db, originOf(request, deps), of))
  })
  for (const action of ['disable', 'enable'] as const) {
    app.post(`/members/:id/${action}`, { schema, config: { doc: docs[action] } }, async (request) => {
      if (action === 'enable') refuseEnding(request.caller)
      const asked = {
        id: idOf('usr', request.params.id),
        kind: 'member',
        isDisabled: action === 'disable',
      } as const
      const { origin, settle } = endingOriginOf(request, deps)
      const person = await switchPerson(deps.db, origin, asked)
      return { ...accountObject(person), ...(await settle(request)) }
    })
  }
}

function serveMembers(app: ControlApp, { deps }: HubApp): void {
  const note = createReadingNotes(deps)
  const listed = { schema: { params: idParams }, config: { doc: docs.members } }
  app.get('/merchants/:id/members', listed, async (request) => {
    const id = idOf('mer', request.params.id)
    const rows = await listMembers(deps.db, id, request.caller.scope)
    await note(request, { action: 'member.list', target: id })
    return { data: rows.map(memberObject), next_cursor: null }
  })
  const patched = {
    schema: { params: memberParams, body: memberPatch, querystring: waitQuery },
    config: { doc: docs.patch },
  }
  app.patch('/merchants/:id/members/:person', patched, async (request) => {
    refuseEnding(request.caller)
    const { role } = request.body
    const change = { ...memberOf(request.params), role }
    const { origin, settle } = endingOriginOf(request, deps)
    const member = await changeMember(deps.db, origin, change)
    return { ...memberObject(member), ...(await settle(request)) }
  })
  const removed = {
    schema: { params: memberParams, body: actionBody, querystring: waitQuery },
    config: { doc: docs.remove },
  }
  app.delete('/merchants/:id/members/:person', removed, async (request) => {
    const change = { ...memberOf(request.params), role: null }
    const { origin, settle } = endingOriginOf(request, deps)
    const member = await changeMember(deps.db, origin, change)
    return { ...memberObject(member), ...(await settle(request)) }
  })
}

function memberOf({ id, person }: Static<typeof memberParams>) {
  return { merchantId: idOf('mer', id), personId: idOf('usr', person) }
}

function serveInvitations(app: ControlApp, hub: HubApp): void {
  const { deps } = hub
  const note = createReadingNotes(deps)
  const listed = { schema: { params: idParams }, config: { doc: docs.invitations } }
  app.get('/merchants/:id/invitations', listed, async (request) => {
    const asked = { merchantId: idOf('mer', request.params.id), nowMs: deps.now() }
    const rows = await listInvitations(deps.db, asked, request.caller.scope)
    await note(request, { action: 'invitation.list', target: asked.merchantId })
    return { data: rows.map(invitationObject), next_cursor: null }
  })
  serveInvite(app, hub)
  const withdrawn = {
    schema: { params: invitationParams, body: actionBody, querystring: waitQuery },
    config: { doc: docs.withdraw },
  }
  app.delete('/merchants/:id/invitations/:invitation', withdrawn, async (request) => {
    const { id, invitation } = request.params
    const asked = { id: idOf('inv', invitation), merchantId: idOf('mer', id) }
    return invitationObject(await withdrawInvitation(deps.db, originOf(request, deps), asked))
  })
}

function serveInvite(app: ControlApp, { deps, attempts }: HubApp): void {
  const options = {
    schema: { params: idParams, body: newInvitation, querystring: waitQuery },
    config: { doc: docs.invite },
  }
  app.post('/merchants/:id/invitations', options, async (request, reply) => {
    refuseEnding(request.caller)
    const merchantId = idOf('mer', request.params.id)
    const email = mustBeEmail(request.body.email)
    const origin = originOf(request, deps)
    await attempts.take('invitations', merchantId)
    await attempts.take('inviter', ownerOf(request.caller))
    const { hub } = deps
    const { sendsMail } = hub
    if (sendsMail) {
      await attempts.take('invited', `${merchantId} ${email}`)
      if (!isWhole(request.caller.scope)) await attempts.take('invited_by_all', email)
    }
    let link: MadeLink | undefined
    const made = await createInvitation(deps.db, origin, {
      ...{ id: deps.newId('inv'), merchantId, email, role: request.body.role },
      expiresAtMs: origin.nowMs + invitationLifeMs,
      async beside(tx, invitationId) {
        const of = { purpose: 'invitation', invitationId } as const
        if (isShown(deps, request.caller)) link = await makeLink(tx, { hub, nowMs: origin.nowMs }, of)
        const mail = { id: deps.newId('eml'), kind: 'invitation', recipient: email, personId: null } as const
        if (sendsMail) await queueMail(tx, { ...mail, invitationId, nowMs: origin.nowMs })
      },
    })
    if (sendsMail) deps.hub.mailQueued()
    return reply.code(201).send({ ...invitationObject(made), link: shownLink(link) })
  })
}

function memberObject(member: StoredMember): Static<typeof memberSchema> {
  const { id, email, role, status, createdAtMs, signedInAtMs } = member
  return {
    ...{ id, email, role, status, created_at: instant(createdAtMs) },
    signed_in_at: instantOrNull(signedInAtMs),
  }
}

function invitationObject(invitation: StoredInvitation): Static<typeof invitationSchema> {
  const { id, email, role, createdAtMs, createdBy, expiresAtMs, mail } = invitation
  return {
    ...{ id, email, role, created_at: instant(createdAtMs), created_by: createdBy },
    ...{ expires_at: instant(expiresAtMs), mail },
  }
}

function accountObject({ id, email, status }: StoredPerson): Static<typeof accountSchema> {
  return { id, email, status }
}
