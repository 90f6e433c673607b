// Passkeys (WebAuthn) of an account: made and ended. passkey-sign-in.ts signs in with them.

import { Type } from 'typebox'
import { deny, DenialError } from '../../../errors/denial.ts'
import { takeCeremony } from '../../../store/people/ceremony-table.ts'
import { addPasskey, listPasskeys, removePasskey } from '../../../store/people/passkey-table.ts'
import { originOf } from '../../change-answer.ts'
import type { ControlApp } from '../../dependencies.ts'
import { idOf, idParams } from '../../fields.ts'
import type { RouteDoc } from '../../openapi/route-doc.ts'
import { invalid } from '../../refusal.ts'
import type { HubApp } from '../hub-app.ts'
import { signedInOf } from '../session-routes.ts'
import { demandFreshProof, proofBody } from './fresh-proof.ts'
import { asJson, begin, challengeOf, digested, lifeMs, rpIdOf } from './passkey-ceremony.ts'
import { addBody, optionsSchema, passkeyObject, passkeySchema } from './passkey-fields.ts'
import { webauthn } from './webauthn.ts'

const changing = ['STORE_UNAVAILABLE'] as const
const docs = {
  addOptions: {
    summary: 'Begins to make a passkey: what the browser’s authenticator is to be asked',
    status: 200,
    answer: optionsSchema,
    isOfSession: true,
    errors: [...changing, 'SIGN_IN_FAILED', 'TOO_MANY_ATTEMPTS', 'REAUTHENTICATION_REQUIRED'],
  },
  add: {
    summary: 'Keeps a passkey',
    status: 201,
    answer: passkeySchema,
    isOfSession: true,
    errors: changing,
  },
  remove: {
    summary: 'Ends a passkey',
    status: 200,
    answer: Type.Object({}),
    isOfSession: true,
    errors: [...changing, 'SIGN_IN_FAILED', 'TOO_MANY_ATTEMPTS', 'REAUTHENTICATION_REQUIRED'],
  },
} as const satisfies Record<string, RouteDoc>

const rpName = 'Latchkey'

/** For callers with a session. */
export function servePasskeys(app: ControlApp, hub: HubApp): void {
  const { deps } = hub
  const beginning = { schema: { body: proofBody }, config: { doc: docs.addOptions } }
  app.post('/account/passkeys/options', beginning, async (request) => {
    const { person } = await demandFreshProof(hub, request, request.body)
    const had = await listPasskeys(deps.db, person.id)
    const options = await (await webauthn()).generateRegistrationOptions({
      ...{ rpName, rpID: rpIdOf(hub), userName: person.email, userID: new TextEncoder().encode(person.id) },
      ...{ attestationType: 'none', timeout: lifeMs },
      excludeCredentials: had.map(({ credential, transports }) => ({
        id: credential,
        transports: [...transports],
      })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    })
    await begin(hub, options.challenge, { kind: 'passkey_add', personId: person.id })
    return { options }
  })

  serveAdd(app, hub)

  const removing = { schema: { params: idParams, body: proofBody }, config: { doc: docs.remove } }
  app.delete('/account/passkeys/:id', removing, async (request) => {
    const id = idOf('pky', request.params.id)
    const { person } = await demandFreshProof(hub, request, request.body)
    if (!(await removePasskey(deps.db, originOf(request, deps), { person, id })))
      throw new DenialError(deny('NOT_FOUND', 'unknown_factor'))
    return {}
  })
}

function serveAdd(app: ControlApp, hub: HubApp): void {
  const { deps } = hub
  const adding = { schema: { body: addBody }, config: { doc: docs.add } }
  app.post('/account/passkeys', adding, async (request, reply) => {
    const { person } = signedInOf(request)
    const { name, response } = request.body
    const challenge = challengeOf(response.response.clientDataJSON)
    const asked = {
      ...digested(challenge),
      kind: 'passkey_add',
      personId: person.id,
      nowMs: deps.now(),
    } as const
    // Begun by whoever has shown fresh proof, so that this need not ask for it again.
    if ((await takeCeremony(deps.db, asked)) === undefined)
      throw invalid('/response', 'answers no question of ours, or too late')
    if (!(await isPlain(response.response.attestationObject)))
      throw invalid('/response', 'says of what make the authenticator is, which was not asked')
    const verified = await (await webauthn())
      .verifyRegistrationResponse({
        response: { ...asJson(response), response: { ...response.response, transports: [] } },
        ...{ expectedChallenge: challenge, expectedOrigin: deps.hub.publicUrl, expectedRPID: rpIdOf(hub) },
        requireUserVerification: true,
      })
      .catch(() => ({ verified: false }) as const)
    if (!verified.verified) throw invalid('/response', 'is not what a passkey answers here')
    const { id: credential, publicKey, counter } = verified.registrationInfo.credential
    const transports = response.response.transports ?? []
    const passkey = { id: deps.newId('pky'), credential, name, publicKey, counter, transports }
    const made = await addPasskey(deps.db, originOf(request, deps), { person, passkey })
    return reply.code(201).send(passkeyObject(made))
  })
}

/**
 * Whether nothing is said of the authenticator's make: certificates would be followed to addresses that stand in them, which
 * whoever sends them may choose.
 */
async function isPlain(attestationObject: string): Promise<boolean> {
  const { decodeAttestationObject } = await webauthn()
  try {
    const decoded = decodeAttestationObject(new Uint8Array(Buffer.from(attestationObject, 'base64url')))
    const format: string = decoded.get('fmt')
    return format === 'none' || (format === 'packed' && decoded.get('attStmt').get('x5c') === undefined)
  } catch {
    return false
  }
}
