// Operators: who of the platform's people may sign in, and as what.

import { resetFactors } from '../../store/people/factor-table.ts'
import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { readEmail } from '../../credentials/email.ts'
import { tokenRoles } from '../../credentials/role.ts'
import {
  changeOperatorRole,
  createOperator,
  listOperators,
  type StoredPerson,
  switchPerson,
} from '../../store/people/person-table.ts'
import { createReadingNotes } from '../audit/note-reading.ts'
import { refuseEnding } from '../callers/caller.ts'
import { originOf } from '../change-answer.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { ControlApp } from '../dependencies.ts'
import { actionBody, changeBody, idOf, idParams, isId, limitOf, pageFields, waitQuery } from '../fields.ts'
import { instant, instantOrNull } from '../instant.ts'
import { listOf, nullableTime, type RouteDoc, timeSchema } from '../openapi/route-doc.ts'
import type { PeopleDeps } from '../people/hub-app.ts'
import { sendLink, type Sent, sentSchema } from '../people/send-link.ts'
import { emailField } from '../people/session-routes.ts'
import { invalid } from '../refusal.ts'

export const operatorSchema = Type.Object({
  id: Type.String(),
  email: Type.String({ description: 'Who acts, in the audit' }),
  role: Type.Enum([...tokenRoles]),
  status: Type.Enum(['invited', 'active', 'disabled'], {
    description: '`invited`: no password was set yet',
  }),
  created_at: timeSchema,
  created_by: Type.String(),
  signed_in_at: nullableTime,
})

const withLink = Type.Intersect([operatorSchema, sentSchema])
const changing = ['STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'] as const

const docs = {
  create: {
    summary: 'Makes an operator, with a link that sets a password, once, within 24 hours',
    status: 201,
    answer: withLink,
    errors: ['ACCOUNT_EXISTS', ...changing],
  },
  list: {
    summary: 'Operators, newest first',
    status: 200,
    answer: listOf(operatorSchema),
    errors: ['STORE_UNAVAILABLE'],
  },
  patch: {
    summary: 'Gives an operator another role, and ends its sessions',
    status: 200,
    answer: operatorSchema,
    errors: changing,
  },
  disable: {
    summary: 'Keeps an operator from signing in, and ends its sessions and links',
    status: 200,
    answer: operatorSchema,
    errors: changing,
  },
  enable: {
    summary: 'Lets a disabled operator sign in again',
    status: 200,
    answer: operatorSchema,
    errors: changing,
  },
  reset: {
    summary: 'Takes an operator’s second factor, passkeys and identity providers away, and ends its sessions',
    status: 200,
    answer: operatorSchema,
    errors: changing,
  },
  link: {
    summary: 'Another link that sets a password; the ones before it work no more',
    status: 200,
    answer: withLink,
    errors: changing,
  },
} as const satisfies Record<string, RouteDoc>

const newOperator = changeBody({
  email: emailField,
  role: Type.Optional(Type.Enum([...tokenRoles], { description: '`admin` unless said' })),
})
const operatorPatch = changeBody({ role: Type.Enum([...tokenRoles]) })
const listQuery = Type.Object(
  { email: Type.Optional(emailField), ...pageFields },
  { additionalProperties: false },
)
const actionSchema = { params: idParams, body: actionBody, querystring: waitQuery }

// As every change, they take `wait`: there is nothing to wait for, as each call asks the database.
export function serveOperators(app: ControlApp, deps: PeopleDeps): void {
  const created = { schema: { body: newOperator, querystring: waitQuery }, config: { doc: docs.create } }
  app.post('/operators', created, async (request, reply) => {
    refuseEnding(request.caller)
    const { email, role = 'admin' } = request.body
    const asked = { id: deps.newId('usr'), email: mustBeEmail(email), role }
    const person = await createOperator(deps.db, originOf(request, deps), asked)
    return reply.code(201).send({ ...operatorObject(person), ...(await linkOf(request, deps, person)) })
  })

  const note = createReadingNotes(deps)
  const listed = { schema: { querystring: listQuery }, config: { doc: docs.list } }
  app.get('/operators', listed, async (request) => {
    const { email, cursor, limit } = request.query
    const after = readCursor(cursor, (value) => isId('usr', value))
    const of = email === undefined ? undefined : (readEmail(email) ?? '')
    const page = await listOperators(deps.db, of, { after, limit: limitOf(limit) })
    await note(request, { action: 'operator.list', target: 'operators' })
    return { data: page.rows.map(operatorObject), next_cursor: nextCursor(page, ({ id }) => id) }
  })

  const patched = {
    schema: { params: idParams, body: operatorPatch, querystring: waitQuery },
    config: { doc: docs.patch },
  }
  app.patch('/operators/:id', patched, async (request) => {
    refuseEnding(request.caller)
    const asked = { id: idOf('usr', request.params.id), role: request.body.role }
    return operatorObject(await changeOperatorRole(deps.db, originOf(request, deps), asked))
  })

  for (const action of ['disable', 'enable'] as const) {
    app.post(
      `/operators/:id/${action}`,
      { schema: actionSchema, config: { doc: docs[action] } },
      async (request) => {
        if (action === 'enable') refuseEnding(request.caller)
        const asked = {
          id: idOf('usr', request.params.id),
          kind: 'operator',
          isDisabled: action === 'disable',
        } as const
        return operatorObject(await switchPerson(deps.db, originOf(request, deps), asked))
      },
    )
  }

  const reset = { schema: actionSchema, config: { doc: docs.reset } }
  app.post('/operators/:id/reset-factors', reset, async (request) => {
    refuseEnding(request.caller)
    const of = { id: idOf('usr', request.params.id), kind: 'operator' } as const
    return operatorObject(await resetFactors(deps.db, originOf(request, deps), of))
  })

  app.post('/operators/:id/link', { schema: actionSchema, config: { doc: docs.link } }, async (request) => {
    const { person, ...sent } = await sendLink(deps, request, {
      ...{ id: idOf('usr', request.params.id), kind: 'operator', isAnew: true },
    })
    return { ...operatorObject(person), ...sent }
  })
}

async function linkOf(request: FastifyRequest, deps: PeopleDeps, { id }: StoredPerson): Promise<Sent> {
  const { person: _, ...sent } = await sendLink(deps, request, { id, kind: 'operator', isAnew: false })
  return sent
}

/** Throws VALIDATION_FAILED. */
export function mustBeEmail(text: string): string {
  const email = readEmail(text)
  if (email === undefined)
    throw invalid('/email', 'must be an e-mail address such as ann@example.com, in ASCII')
  return email
}

function operatorObject(person: StoredPerson): Static<typeof operatorSchema> {
  const { id, email, role, status, createdAtMs, createdBy, signedInAtMs } = person
  if (role === null) throw new Error('An operator has no role')
  return {
    ...{ id, email, role, status, created_at: instant(createdAtMs), created_by: createdBy },
    signed_in_at: instantOrNull(signedInAtMs),
  }
}
