// What stands between a right password and a session, where somebody has set it up: a code of an app, or a recovery code.

import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import {
  isRecoveryCode,
  plainCode,
  recoveryDigest,
  stepOfCode,
  totpPlace,
} from '../../../credentials/totp.ts'
import { deny, DenialError } from '../../../errors/denial.ts'
import type { ChangeOrigin } from '../../../store/commit-table.ts'
import { resealTotp, type StoredTotp, useRecovery, useStep } from '../../../store/people/factor-table.ts'
import type { StoredPerson } from '../../../store/people/person-table.ts'
import { everything } from '../../../store/scope.ts'
import type { HubApp, PeopleDeps } from '../hub-app.ts'
import { type Asked, type HalfProven, provePassword } from '../sign-in.ts'

/** What whoever has an account shows: the code where one is set up. */
export interface Shown extends Asked {
  readonly totp?: string | undefined
}

export const totpField = Type.Optional(
  Type.String({ maxLength: 64, description: 'A code of the second factor, or a recovery code' }),
)

/**
 * Compares a password, and the code that the account asks for. Which of them was wrong is seen neither by the answer nor by the tries
 * that are left. Throws SIGN_IN_FAILED and TOO_MANY_ATTEMPTS. Whoever adds a proof does so behind this, and before `signIn`.
 */
export async function prove(
  hub: HubApp,
  request: FastifyRequest,
  { totp: code, ...asked }: Shown,
): Promise<HalfProven> {
  const proven = await proveSecond(hub, request, { proven: await provePassword(hub, request, asked), code })
  await proven.settle()
  return proven
}

/** As `proven`, with what the code has shown. */
async function proveSecond(
  hub: HubApp,
  request: FastifyRequest,
  { proven, code }: { readonly proven: HalfProven; readonly code: string | undefined },
): Promise<HalfProven> {
  const { deps, attempts } = hub
  const { personId, person, totp } = proven
  if (totp === undefined || totp.confirmedAtMs === null) return proven
  if (code === undefined) throw failed('second_factor_missing')
  await attempts.take('second', personId)
  const plain = plainCode(code)
  const proof = isRecoveryCode(plain)
    ? (await recover(deps, request, { person, plain })) && 'recovery_code'
    : (await matchCode(deps, { personId, totp, code: plain })) !== undefined && 'totp'
  if (proof === false) throw failed('wrong_code')
  await attempts.again('second', personId)
  return { ...proven, proofs: [...proven.proofs, proof] }
}

/** Compares a code of an app, and uses it up; undefined: it is wrong. Returns the sealed secret as it is kept from now on. */
export async function matchCode(
  deps: PeopleDeps,
  { personId, totp, code }: { readonly personId: string; readonly totp: StoredTotp; readonly code: string },
): Promise<string | undefined> {
  const sealing = deps.webhooks.sealing()
  const { sealed } = totp
  const secret = sealing.open(totpPlace(personId), sealed)
  if (secret === undefined) {
    deps.log.error(
      { person: personId },
      'The secret of a second factor cannot be opened with the keys that this process has (LATCHKEY_SEAL_KEY): nobody signs in with it. Give the key back, or reset the factors of that person',
    )
    return undefined
  }
  const step = stepOfCode(secret, code, deps.now())
  if (step === undefined || !(await useStep(deps.db, { personId, sealed, step }))) return undefined
  if (sealing.isByFirst(sealed)) return sealed
  const anew = sealing.seal(totpPlace(personId), secret)
  await resealTotp(deps.db, { personId, was: sealed, sealed: anew })
  return anew
}

/** Whoever signs in is nobody yet but for what was shown. */
function recover(
  { db, now }: PeopleDeps,
  request: FastifyRequest,
  { person, plain }: { readonly person: StoredPerson; readonly plain: string },
): Promise<boolean> {
  const { client = null, id: requestId } = request
  const who = { actor: person.email, tokenId: null, client, requestId }
  const origin: ChangeOrigin = { ...who, nowMs: now(), scope: everything }
  return useRecovery(db, origin, { person, digest: recoveryDigest(person.id, plain) })
}

function failed(reason: 'second_factor_missing' | 'wrong_code'): DenialError {
  return new DenialError(deny('SIGN_IN_FAILED', reason))
}
