// Signing in with a passkey. The authenticator sees to it that its owner is there and verified, so that it alone is as much as a
// password with a code.

import type { Static } from 'typebox'
import { deny, DenialError } from '../../../errors/denial.ts'
import { takeCeremony } from '../../../store/people/ceremony-table.ts'
import { findPasskey, usePasskey } from '../../../store/people/passkey-table.ts'
import type { ControlApp } from '../../dependencies.ts'
import type { RouteDoc } from '../../openapi/route-doc.ts'
import type { HubApp } from '../hub-app.ts'
import { answerSigned } from '../session-routes.ts'
import { signIn } from '../sign-in.ts'
import { signedSchema } from '../signed-object.ts'
import { asJson, begin, challengeOf, digested, lifeMs, rpIdOf } from './passkey-ceremony.ts'
import { type assertion, optionsSchema, signInBody } from './passkey-fields.ts'
import { webauthn } from './webauthn.ts'

const docs = {
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

function userHandleOf(personId: string): string {
  return Buffer.from(personId).toString('base64url')
}

function failed(reason: Parameters<typeof deny<'SIGN_IN_FAILED'>>[1]): DenialError {
  return new DenialError(deny('SIGN_IN_FAILED', reason))
}
