// Before somebody changes by what an account is entered: whoever found a browser open must not be able to move in.

import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { deny, DenialError } from '../../../errors/denial.ts'
import type { SignedIn } from '../../../store/people/hub-session-table.ts'
import type { HubApp } from '../hub-app.ts'
import { passwordField, signedInOf } from '../session-routes.ts'
import { prove, totpField } from './second-factor.ts'

/** Who has just signed in has just shown who it is. */
const freshMs = 10 * 60_000

/** A body with what is asked for where the session is not fresh. */
export const proofBody = Type.Object(
  { password: Type.Optional(passwordField), totp: totpField },
  { additionalProperties: false },
)

export type ProofBody = { readonly password?: string; readonly totp?: string }

/** A password counts with the code that the account asks for. Throws REAUTHENTICATION_REQUIRED, and as `prove`. */
export async function demandFreshProof(
  hub: HubApp,
  request: FastifyRequest,
  { password, totp }: ProofBody,
): Promise<SignedIn> {
  const signedIn = signedInOf(request)
  if (password !== undefined) {
    await prove(hub, request, { email: signedIn.person.email, password, totp })
    return signedIn
  }
  if (hub.deps.now() - signedIn.session.createdAtMs >= freshMs)
    throw new DenialError(deny('REAUTHENTICATION_REQUIRED', 'proof_old'))
  return signedIn
}
