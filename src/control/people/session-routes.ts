// /hub/v1/session: signing in and out, and who is signed in.

import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { digestOf, type Secret } from '../../credentials/secret.ts'
import { deny, DenialError } from '../../errors/denial.ts'
import { endSession, findSession, type SignedIn } from '../../store/people/hub-session-table.ts'
import { listOperators } from '../../store/people/person-table.ts'
import type { ControlApp } from '../dependencies.ts'
import type { RouteDoc } from '../openapi/route-doc.ts'
import { prove, totpField } from './factors/second-factor.ts'
import type { HubApp } from './hub-app.ts'
import { endedCookie, presentedSession, sessionCookie } from './session-secret.ts'
import { signIn } from './sign-in.ts'
import { signedObject, signedSchema } from './signed-object.ts'

const docs = {
  ways: {
    summary: 'In which ways people sign in here',
    status: 200,
    answer: Type.Object({
      ways: Type.Array(Type.String()),
      oidc: Type.Array(Type.Object({ id: Type.String(), name: Type.String() })),
      mail: Type.Boolean({
        description: 'Whether links are sent by mail, that for a forgotten password too',
      }),
      first_run: Type.Boolean({ description: 'Whether there is no operator yet' }),
    }),
  },
  begin: {
    summary: 'Signs in: sets the session’s cookie. One answer for every cause of a refusal',
    status: 200,
    answer: signedSchema,
    errors: ['SIGN_IN_FAILED', 'TOO_MANY_ATTEMPTS', 'STORE_UNAVAILABLE'],
  },
  get: {
    summary: 'Who is signed in',
    status: 200,
    answer: signedSchema,
    isOfSession: true,
    errors: ['STORE_UNAVAILABLE'],
  },
  end: {
    summary: 'Signs out',
    status: 200,
    answer: Type.Object({}),
    isOfSession: true,
    errors: ['STORE_UNAVAILABLE'],
  },
} as const satisfies Record<string, RouteDoc>

/** Bounds what is hashed; what is a password is judged where one is set. */
export const passwordField = Type.String({ minLength: 1, maxLength: 1024 })
export const emailField = Type.String({ minLength: 1, maxLength: 254 })

const signInBody = Type.Object(
  {
    ...{ email: emailField, password: passwordField },
    totp: totpField,
  },
  { additionalProperties: false },
)

/** For callers without a session. */
export function serveSignIn(app: ControlApp, hub: HubApp): void {
  const isFirstRun = firstRun(hub.deps)
  app.get('/sign-in', { config: { doc: docs.ways } }, async () => ({
    ways: ['password', 'passkey', ...(hub.deps.hub.oidc.length > 0 ? ['oidc'] : [])],
    oidc: hub.deps.hub.oidc.map(({ id, name }) => ({ id, name })),
    mail: hub.deps.hub.sendsMail,
    first_run: await isFirstRun(),
  }))
  app.post(
    '/session',
    { schema: { body: signInBody }, config: { doc: docs.begin } },
    async (request, reply) => {
      const shown = await prove(hub, request, request.body)
      return answerSigned({ hub, request, reply }, await signIn(hub, request, shown))
    },
  )
}

/** Asked of the database until there is an operator; where it is away, there is one as far as anybody is told. */
function firstRun({ db }: HubApp['deps']): () => Promise<boolean> {
  let isOver = false
  return async () => {
    if (isOver) return false
    const first = await listOperators(db, undefined, { after: null, limit: 1 }).catch(() => undefined)
    isOver = first === undefined ? false : first.rows.length > 0
    return first !== undefined && !isOver
  }
}

/** For callers with one. */
export function serveSession(app: ControlApp, hub: HubApp): void {
  app.get('/session', { config: { doc: docs.get } }, (request) =>
    signedObject(signedInOf(request), mustPresent(hub, request), hub.deps.hub.sessions.idleMs),
  )
  app.delete('/session', { config: { doc: docs.end } }, async (request, reply) => {
    const { session, person } = signedInOf(request)
    await endSession(hub.deps.db, { id: session.id, personId: person.id })
    return reply.header('set-cookie', endedCookie(hub.site.isSecure(request))).send({})
  })
}

interface Answering {
  readonly hub: HubApp
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** Gives a browser its session, and says who it is signed in as. */
export async function answerSigned({ hub, request, reply }: Answering, secret: Secret) {
  const { sessions } = hub.deps.hub
  const signedIn = await findSession(hub.deps.db, digestOf(secret))
  if (signedIn === undefined) throw new DenialError(deny('SIGN_IN_FAILED', 'changed_meanwhile'))
  const isSecure = hub.site.isSecure(request)
  void reply.header('set-cookie', sessionCookie(secret, isSecure, Math.floor(sessions.absoluteMs / 1000)))
  return signedObject(signedIn, secret, sessions.idleMs)
}

/** Of a request that was let through by its session. */
export function signedInOf({ caller }: FastifyRequest): SignedIn {
  const { signedIn } = caller
  if (signedIn === undefined) throw new Error('A route for sessions was called without one')
  return signedIn
}

function mustPresent(hub: HubApp, request: FastifyRequest): Secret {
  const secret = presentedSession(request.headers.cookie, hub.site.isSecure(request))
  if (typeof secret === 'string') throw new Error('A route for sessions was called without one')
  return secret
}
