// Passkeys (WebAuthn): made for an account, and signed in with. The authenticator sees to it that its owner is there and verified, so
// that one alone is as much as a password with a code. A challenge is good once, for five minutes.

import { hash } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { deny, DenialError } from '../../../errors/denial.ts'
import { beginCeremony, type Ceremony, takeCeremony } from '../../../store/people/ceremony-table.ts'
import {
  addPasskey,
  findPasskey,
  listPasskeys,
  removePasskey,
  type StoredPasskey,
  usePasskey,
} from '../../../store/people/passkey-table.ts'
import { originOf } from '../../change-answer.ts'
import type { ControlApp } from '../../dependencies.ts'
import { idOf, idParams, nameField } from '../../fields.ts'
import { instant, instantOrNull } from '../../instant.ts'
import { nullableTime, type RouteDoc, timeSchema } from '../../openapi/route-doc.ts'
import { invalid } from '../../refusal.ts'
import type { HubApp } from '../hub-app.ts'
import { answerSigned, signedInOf } from '../session-routes.ts'
import { signIn } from '../sign-in.ts'
import { signedSchema } from '../signed-object.ts'
import { demandFreshProof, proofBody } from './fresh-proof.ts'
import { webauthn } from './webauthn.ts'

const changing = ['STORE_UNAVAILABLE'] as const
const optionsSchema = Type.Object({
  options: Type.Unsafe<object>({ type: 'object', description: 'As WebAuthn has them in JSON' }),
})
export const passkeySchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  created_at: timeSchema,
  last_used_at: nullableTime,
})

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
  options: {
    summary: 'Begins to sign in with a passkey: the same for everybody',
    status: 200,
    answer: optionsSchema,
    errors: ['TOO_MANY_ATTEMPTS', 'STORE_UNAVAILABLE'],
  },
  signIn: {
    summary: 'Signs in with a passkey; one answer for every cause of a refusal',
    status: 200,
    answer: signedSchema,
    errors: ['SIGN_IN_FAILED', 'TOO_MANY_ATTEMPTS', 'STORE_UNAVAILABLE'],
  },
} as const satisfies Record<string, RouteDoc>

const text = (most: number) => Type.String({ maxLength: most })
const base64url = (most: number) => Type.String({ pattern: '^[A-Za-z0-9_-]+$', maxLength: most })

/** What browsers send beside it is not looked at. */
const common = {
  id: base64url(1_400),
  rawId: base64url(1_400),
  type: Type.Literal('public-key'),
  authenticatorAttachment: Type.Optional(Type.Union([text(40), Type.Null()])),
  clientExtensionResults: Type.Optional(Type.Unsafe<object>({ type: 'object' })),
}
const registration = Type.Object({
  ...common,
  response: Type.Object({
    clientDataJSON: base64url(4_096),
    attestationObject: base64url(16_384),
    transports: Type.Optional(Type.Array(text(40), { maxItems: 10 })),
  }),
})
const assertion = Type.Object({
  ...common,
  response: Type.Object({
    clientDataJSON: base64url(4_096),
    authenticatorData: base64url(4_096),
    signature: base64url(2_048),
    userHandle: Type.Optional(Type.Union([base64url(200), Type.Null()])),
  }),
})
const closed = { additionalProperties: false } as const
const addBody = Type.Object({ name: nameField, response: registration }, closed)
const signInBody = Type.Object({ response: assertion }, closed)

const lifeMs = 5 * 60_000
const rpName = 'Latchkey'

export function passkeyObject(passkey: StoredPasskey): Static<typeof passkeySchema> {
  const { id, name, createdAtMs, lastUsedAtMs } = passkey
  return { id, name, created_at: instant(createdAtMs), last_used_at: instantOrNull(lastUsedAtMs) }
}

/** For callers without a session. */
export function servePasskeySignIn(app: ControlApp, hub: HubApp): void {
  const { deps, attempts } = hub
  const rpID = rpIdOf(hub)
  app.post('/passkey/options', { config: { doc: docs.options } }, async (request) => {
    await attempts.take('begun', request.client ?? '')
    const options = await (await webauthn()).generateAuthenticationOptions({
      rpID,
      userVerification: 'required',
      timeout: lifeMs,
    })
    await begin(hub, options.challenge, { kind: 'passkey', personId: null })
    return { options }
  })

  const signing = { schema: { body: signInBody }, config: { doc: docs.signIn } }
  app.post('/passkey', signing, async (request, reply) => {
    await attempts.take('address', request.client ?? '')
    const { response } = request.body
    const person = await proveByPasskey(response)
    await attempts.back('address', request.client ?? '')
    const proven = { personId: person.id, proofs: ['passkey'], password: null } as const
    return answerSigned({ hub, request, reply }, await signIn(hub, request, proven))
  })

  async function proveByPasskey(response: Static<typeof assertion>) {
    const challenge = challengeOf(response.response.clientDataJSON)
    const asked = { ...digested(challenge), kind: 'passkey', personId: null, nowMs: deps.now() } as const
    if ((await takeCeremony(deps.db, asked)) === undefined) throw failed('passkey_challenge')
    const known = await findPasskey(deps.db, response.id)
    if (known === undefined) throw failed('passkey_unknown')
    const { id, publicKey, counter, person } = known
    // It is given by what is found for itself, and says whose it is: both must agree.
    const handle = response.response.userHandle ?? null
    if (handle !== null && handle !== userHandleOf(person.id)) throw failed('passkey_wrong')
    const verified = await (await webauthn())
      .verifyAuthenticationResponse({
        response: asJson({ ...response, response: { ...response.response, userHandle: handle ?? '' } }),
        ...{ expectedChallenge: challenge, expectedOrigin: deps.hub.publicUrl, expectedRPID: rpID },
        credential: { id: response.id, publicKey: new Uint8Array(publicKey), counter },
        requireUserVerification: true,
      })
      .catch(() => ({ verified: false }) as const)
    if (!verified.verified) throw failed('passkey_wrong')
    const { newCounter } = verified.authenticationInfo
    if (!(await usePasskey(deps.db, { id, before: counter, counter: newCounter, nowMs: deps.now() })))
      throw failed('passkey_wrong')
    if (person.status === 'disabled') throw failed('account_disabled')
    return person
  }
}

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

function rpIdOf({ deps }: HubApp): string {
  return new URL(deps.hub.publicUrl).hostname
}

function userHandleOf(personId: string): string {
  return Buffer.from(personId).toString('base64url')
}

/** Of what the library does not look at, nothing is handed on. */
function asJson<Response extends { readonly id: string; readonly rawId: string; readonly response: object }>({
  id,
  rawId,
  response,
}: Response) {
  return {
    id,
    rawId,
    response: response as Response['response'],
    type: 'public-key' as const,
    clientExtensionResults: {},
  }
}

async function begin(
  { deps }: HubApp,
  challenge: string,
  of: Pick<Ceremony, 'kind' | 'personId'>,
): Promise<void> {
  const expiresAtMs = deps.now() + lifeMs
  await beginCeremony(deps.db, { ...digested(challenge), ...of, detail: null, expiresAtMs })
}

function digested(challenge: string): { readonly digest: string } {
  return { digest: hash('sha256', challenge, 'hex') }
}

/** What the browser says that it was asked; '' where it says nothing that can be read. */
function challengeOf(clientData: string): string {
  try {
    const { challenge } = Object(JSON.parse(Buffer.from(clientData, 'base64url').toString())) as {
      challenge?: unknown
    }
    return typeof challenge === 'string' ? challenge : ''
  } catch {
    return ''
  }
}

function failed(reason: Parameters<typeof deny<'SIGN_IN_FAILED'>>[1]): DenialError {
  return new DenialError(deny('SIGN_IN_FAILED', reason))
}
