// /hub/v1/device: what whoever is signed in at the hub says to a program that shows a code: to a command line, which is signed in as
// that one; or to a program of others, which gets access for a merchant (OAuth's device grant).

import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { digestOfCode, shownCode, typedCode } from '../../../credentials/user-code.ts'
import { deny, DenialError } from '../../../errors/denial.ts'
import { answerDeviceRequest, findDeviceRequest } from '../../../store/people/device-table.ts'
import type { ControlApp } from '../../dependencies.ts'
import { textField } from '../../fields.ts'
import { instant } from '../../instant.ts'
import { accessSchema } from '../../oauth/access-object.ts'
import { allowDevice, deviceAccess, refuseDevice } from '../../oauth/device-answers.ts'
import { type RouteDoc, timeSchema } from '../../openapi/route-doc.ts'
import type { HubApp } from '../hub-app.ts'
import { signedInOf } from '../session-routes.ts'

const own = {
  status: 200,
  isOfSession: true,
  errors: ['LINK_ENDED', 'TOO_MANY_ATTEMPTS', 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
} as const

const lookupSchema = Type.Object({
  user_code: Type.String(),
  name: Type.String({ description: 'What it calls itself, or the name of the client' }),
  client: Type.Union([Type.String(), Type.Null()], { description: 'Address that it asks from' }),
  requested_at: timeSchema,
  expires_at: timeSchema,
  access: Type.Union([accessSchema, Type.Null()], {
    description: 'What a program of others asks for; null: a command line asks to be signed in as oneself',
  }),
})

const docs = {
  lookup: { ...own, summary: 'Which program shows a code, and from where it asks', answer: lookupSchema },
  approve: {
    ...own,
    summary: 'Signs that command line in as oneself, or gives that program access for a merchant',
    answer: Type.Object({}),
  },
  deny: { ...own, summary: 'Refuses it', answer: Type.Object({}) },
} as const satisfies Record<string, RouteDoc>

const closed = { additionalProperties: false } as const
const codeField = Type.String({ minLength: 1, maxLength: 40 })
const codeBody = Type.Object({ user_code: codeField }, closed)
const approveBody = Type.Object({ user_code: codeField, merchant_id: Type.Optional(textField(64)) }, closed)
type CodeRequest = FastifyRequest<{ Body: { user_code: string } }>

/** For callers with a session. */
export function serveDeviceAnswers(app: ControlApp, hub: HubApp): void {
  const { deps, attempts } = hub

  /** Takes a try, which a code that is right gives back. Throws TOO_MANY_ATTEMPTS and LINK_ENDED. */
  async function ofCode<Found>(
    request: CodeRequest,
    ask: (userDigest: string, code: string) => Promise<Found | undefined>,
  ): Promise<Found> {
    const { id } = signedInOf(request).person
    await attempts.take('device', id)
    const code = typedCode(request.body.user_code)
    const found = code === undefined ? undefined : await ask(digestOfCode(code), code)
    if (found === undefined) throw new DenialError(deny('LINK_ENDED', 'link_ended'))
    await attempts.back('device', id)
    return found
  }

  async function lookUp(
    request: CodeRequest,
    userDigest: string,
  ): Promise<Omit<Found, 'user_code'> | undefined> {
    const found = await findDeviceRequest(deps.db, { userDigest, nowMs: deps.now() })
    if (found === undefined) return deviceAccess(hub, signedInOf(request), userDigest)
    return {
      ...{ name: found.name, client: found.client, access: null },
      ...{ requested_at: instant(found.createdAtMs), expires_at: instant(found.expiresAtMs) },
    }
  }

  const looking = { schema: { body: codeBody }, config: { doc: docs.lookup } }
  app.post('/device/lookup', looking, (request) =>
    ofCode(request, async (userDigest, code) => {
      const found = await lookUp(request, userDigest)
      return found && { user_code: shownCode(code), ...found }
    }),
  )

  const approving = { schema: { body: approveBody }, config: { doc: docs.approve } }
  app.post('/device/approve', approving, async (request) => {
    const { person, session } = signedInOf(request)
    const by = { sessionId: session.id, personId: person.id }
    await ofCode(request, async (userDigest) => {
      const isAnswered = await answerDeviceRequest(deps.db, { userDigest, nowMs: deps.now(), by })
      const merchantId = request.body.merchant_id
      return isAnswered || (await allowDevice(hub, request, { userDigest, merchantId })) || undefined
    })
    return {}
  })

  const denying = { schema: { body: codeBody }, config: { doc: docs.deny } }
  app.post('/device/deny', denying, async (request) => {
    await ofCode(request, async (userDigest) => {
      const isAnswered = await answerDeviceRequest(deps.db, { userDigest, nowMs: deps.now(), by: null })
      return isAnswered || (await refuseDevice(hub, userDigest)) || undefined
    })
    return {}
  })
}

type Found = Static<typeof lookupSchema>
