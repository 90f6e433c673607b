// /hub/v1/device: how `latchkey login` signs in (RFC 8628). The command line shows an address and a code; whoever is signed in
// there types the code, sees who asks and from where, and allows it. What it gets is one of the person's sessions, shown as a
// token instead of in a cookie: listed, endable, and over with the account's.

import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { commandLinePrefix, devicePrefix } from '../../../credentials/role.ts'
import { digestOf, generateSecret, isWellFormed, Secret } from '../../../credentials/secret.ts'
import { digestOfCode, shownCode } from '../../../credentials/user-code.ts'
import { deny, DenialError } from '../../../errors/denial.ts'
import { addDeviceRequest, takeDeviceRequest } from '../../../store/people/device-table.ts'
import { endSessionBy } from '../../../store/people/hub-session-table.ts'
import type { ControlApp } from '../../dependencies.ts'
import { nameField } from '../../fields.ts'
import { instant } from '../../instant.ts'
import { type RouteDoc, timeSchema } from '../../openapi/route-doc.ts'
import type { HubApp } from '../hub-app.ts'
import { newUserCode, shownSecret } from './codes.ts'

const pacedErrors = ['CSRF_REJECTED', 'TOO_MANY_ATTEMPTS', 'STORE_UNAVAILABLE'] as const

const docs = {
  begin: {
    summary:
      'A command line asks to be signed in: its person types the code at the address, and it asks for the token meanwhile',
    status: 200,
    answer: Type.Object({
      device_code: Type.String({ description: 'For this command line alone; here only' }),
      user_code: Type.String({ description: 'For its person' }),
      url: Type.String({ description: 'Where to type it' }),
      expires_in: Type.Integer({ description: 'Seconds' }),
      interval: Type.Integer({ description: 'Seconds between two questions for the token' }),
    }),
    errors: pacedErrors,
  },
  token: {
    summary:
      'What a command line shows from then on as its token, once it was allowed; 202: nobody has said anything yet. Asked too soon it is 429, and from then on more slowly',
    status: [200, 202],
    answer: Type.Object({
      token: Type.Optional(
        Type.String({ description: 'For `Authorization: Bearer` of the admin API; here only' }),
      ),
      email: Type.Optional(Type.String()),
      expires_at: Type.Optional(timeSchema),
    }),
    errors: ['LINK_ENDED', ...pacedErrors],
  },
  end: {
    summary: 'Ends the session of a command line; the same answer where it has ended, or never was one',
    status: 200,
    answer: Type.Object({}),
    errors: pacedErrors,
  },
} as const satisfies Record<string, RouteDoc>

const closed = { additionalProperties: false } as const
const secretField = Type.String({ minLength: 1, maxLength: 256 })
const beginBody = Type.Object({ name: nameField }, closed)
const tokenBody = Type.Object({ device_code: secretField }, closed)
const endBody = Type.Object({ token: secretField }, closed)

const lifeSeconds = 600
const stepSeconds = 5

/** For callers without a session. */
export function serveDevice(app: ControlApp, { deps, attempts, door }: HubApp): void {
  /** What is asked by whoever comes: by a few connections at once, and where nothing came of it, by its address less and less. */
  async function paced<Found>(
    { client }: FastifyRequest,
    ask: () => Promise<Found>,
    isNothing: (found: Found) => boolean,
  ): Promise<Found> {
    attempts.refuseUsedUp('stray', client ?? '')
    const found = await door.take(ask)
    if (isNothing(found)) await attempts.take('stray', client ?? '')
    return found
  }

  const beginning = { schema: { body: beginBody }, config: { doc: docs.begin } }
  app.post('/device', beginning, async (request) => {
    await attempts.take('begun', request.client ?? '')
    const secret = generateSecret(devicePrefix)
    const code = newUserCode()
    const nowMs = deps.now()
    await addDeviceRequest(deps.db, {
      ...{ digest: digestOf(secret), userDigest: digestOfCode(code), name: request.body.name },
      ...{ client: request.client ?? null, nowMs, expiresAtMs: nowMs + lifeSeconds * 1000, stepSeconds },
    })
    return {
      ...{ device_code: shownSecret(secret), user_code: shownCode(code) },
      ...{
        url: `${deps.hub.publicUrl}${deps.hub.path}/device`,
        expires_in: lifeSeconds,
        interval: stepSeconds,
      },
    }
  })

  const asking = { schema: { body: tokenBody }, config: { doc: docs.token } }
  app.post('/device/token', asking, async (request, reply) => {
    const device = new Secret(request.body.device_code)
    // What cannot be one costs no question.
    if (!isWellFormed(device, devicePrefix)) throw new DenialError(deny('LINK_ENDED', 'link_ended'))
    const token = generateSecret(commandLinePrefix)
    const nowMs = deps.now()
    const { commandLineMs, idleMs } = deps.hub.sessions
    const endsAtMs = nowMs + commandLineMs
    const session = {
      ...{ id: deps.newId('ses'), digest: digestOf(token), nowMs, endsAtMs, requestId: request.id },
      ...{ client: request.client ?? null, userAgent: null },
    }
    const take = () => takeDeviceRequest(deps.db, { digest: digestOf(device), session, idleMs })
    const taken = await paced(request, take, ({ kind }) => kind === 'ended')
    if (taken.kind === 'ended') throw new DenialError(deny('LINK_ENDED', 'link_ended'))
    if (taken.kind === 'early') {
      const wait = { retryAfterSeconds: taken.stepSeconds }
      throw new DenialError(deny('TOO_MANY_ATTEMPTS', 'pace_of_codes', wait))
    }
    if (taken.kind === 'waiting') return reply.code(202).send({})
    return { token: shownSecret(token), email: taken.email, expires_at: instant(endsAtMs) }
  })

  const ending = { schema: { body: endBody }, config: { doc: docs.end } }
  app.post('/device/end', ending, async (request) => {
    const token = new Secret(request.body.token)
    if (isWellFormed(token, commandLinePrefix))
      await paced(
        request,
        () => endSessionBy(deps.db, digestOf(token)),
        (isEnded) => !isEnded,
      )
    return {}
  })
}
