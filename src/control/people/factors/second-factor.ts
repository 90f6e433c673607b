// What stands between a right password and a session, where somebody has set it up: a code of an app, or a recovery code.

import type { FastifyRequest } from 'fastify'
import { isRecoveryCode, plainCode, recoveryDigest, stepOfCode } from '../../../credentials/totp.ts'
import { deny, DenialError } from '../../../errors/denial.ts'
import type { ChangeOrigin } from '../../../store/commit-table.ts'
import { findTotp, resealTotp, type StoredTotp, useRecovery, useStep } from '../../../store/factor-table.ts'
import type { StoredPerson } from '../../../store/person-table.ts'
import { everything } from '../../../store/scope.ts'
import type { HubApp, PeopleDeps } from '../hub-app.ts'
import type { Proven } from '../sign-in.ts'

/** As `proven`, with what the code has shown. Throws SIGN_IN_FAILED and TOO_MANY_ATTEMPTS. */
export async function proveSecond<Shown extends Proven & { readonly person: StoredPerson }>(
  hub: HubApp,
  request: FastifyRequest,
  { proven, code }: { readonly proven: Shown; readonly code: string | undefined },
): Promise<Shown> {
  const { deps, attempts } = hub
  const { personId, person } = proven
  const totp = await findTotp(deps.db, personId)
  if (totp === undefined || totp.confirmedAtMs === null) return proven
  if (code === undefined) throw failed('second_factor_missing')
  await attempts.take('second', personId)
  const plain = plainCode(code)
  const proof = isRecoveryCode(plain)
    ? (await recover(deps, request, { person, plain })) && 'recovery_code'
    : (await isRightCode(deps, { personId, totp, code: plain })) && 'totp'
  if (proof === false) throw failed('wrong_code')
  await attempts.again('second', personId)
  return { ...proven, proofs: [...proven.proofs, proof] }
}

/** Compares a code of an app, and uses it up. */
export async function isRightCode(
  deps: PeopleDeps,
  { personId, totp, code }: { readonly personId: string; readonly totp: StoredTotp; readonly code: string },
): Promise<boolean> {
  const sealing = deps.webhooks.sealing()
  const { sealed } = totp
  const secret = sealing.open(placeOf(personId), sealed)
  if (secret === undefined) {
    deps.log.error(
      { person: personId },
      'The secret of a second factor cannot be opened with the keys that this process has (LATCHKEY_SEAL_KEY): nobody signs in with it. Give the key back, or reset the factors of that person',
    )
    return false
  }
  const step = stepOfCode(secret, code, deps.now())
  if (step === undefined || !(await useStep(deps.db, { personId, sealed, step }))) return false
  if (!sealing.isByFirst(sealed))
    await resealTotp(deps.db, { personId, was: sealed, sealed: sealing.seal(placeOf(personId), secret) })
  return true
}

/** A sealed secret is one person's. */
export function placeOf(personId: string): string {
  return `totp ${personId}`
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
