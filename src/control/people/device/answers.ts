// /hub/v1/device: what whoever is signed in at the hub says to a command line that asks.

import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { deny, DenialError } from '../../../errors/denial.ts'
import { answerDeviceRequest, findDeviceRequest } from '../../../store/people/device-table.ts'
import type { ControlApp } from '../../dependencies.ts'
import { instant } from '../../instant.ts'
import { type RouteDoc, timeSchema } from '../../openapi/route-doc.ts'
import type { HubApp } from '../hub-app.ts'
import { signedInOf } from '../session-routes.ts'
import { digestOfCode, shownCode, typedCode } from './codes.ts'

const own = {
  status: 200,
  isOfSession: true,
  errors: ['LINK_ENDED', 'TOO_MANY_ATTEMPTS', 'STORE_UNAVAILABLE'],
} as const

const docs = {
  lookup: {
    ...own,
    summary: 'Which command line shows a code, and from where it asks',
    answer: Type.Object({
      user_code: Type.String(),
      name: Type.String({ description: 'What it calls itself' }),
      client: Type.Union([Type.String(), Type.Null()], { description: 'Address that it asks from' }),
      requested_at: timeSchema,
      expires_at: timeSchema,
    }),
  },
  approve: { ...own, summary: 'Signs that command line in as oneself', answer: Type.Object({}) },
  deny: { ...own, summary: 'Refuses it', answer: Type.Object({}) },
} as const satisfies Record<string, RouteDoc>

const codeBody = Type.Object(
  { user_code: Type.String({ minLength: 1, maxLength: 40 }) },
  { additionalProperties: false },
)
type CodeRequest = FastifyRequest<{ Body: { user_code: string } }>

/** For callers with a session. */
export function serveDeviceAnswers(app: ControlApp, hub: HubApp): void {
  const { deps, attempts } = hub

  /** Takes a try, which a code that is right gives back. Throws TOO_MANY_ATTEMPTS and LINK_ENDED. */
  async function ofCode<Found>(
    request: CodeRequest,
    ask: (userDigest: string, nowMs: number) => Promise<Found | undefined>,
  ): Promise<{ readonly found: Found; readonly code: string }> {
    const { id } = signedInOf(request).person
    await attempts.take('device', id)
    const code = typedCode(request.body.user_code)
    const found = code === undefined ? undefined : await ask(digestOfCode(code), deps.now())
    if (code === undefined || found === undefined) throw new DenialError(deny('LINK_ENDED', 'link_ended'))
    await attempts.back('device', id)
    return { found, code }
  }

  const looking = { schema: { body: codeBody }, config: { doc: docs.lookup } }
  app.post('/device/lookup', looking, async (request) => {
    const { found, code } = await ofCode(request, (userDigest, nowMs) =>
      findDeviceRequest(deps.db, { userDigest, nowMs }),
    )
    return {
      ...{ user_code: shownCode(code), name: found.name, client: found.client },
      ...{ requested_at: instant(found.createdAtMs), expires_at: instant(found.expiresAtMs) },
    }
  })

  for (const answer of ['approve', 'deny'] as const) {
    const options = { schema: { body: codeBody }, config: { doc: docs[answer] } }
    app.post(`/device/${answer}`, options, async (request) => {
      const { person, session } = signedInOf(request)
      const by = answer === 'approve' ? { sessionId: session.id, personId: person.id } : null
      await ofCode(
        request,
        async (userDigest, nowMs) =>
          (await answerDeviceRequest(deps.db, { userDigest, nowMs, by })) || undefined,
      )
      return {}
    })
  }
}
