// What stands between a right password and a session, where somebody has set it up: a code of an app, or a recovery code.

import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import {
  isRecoveryCode,
  newSharedSecret,
  plainCode,
  recoveryDigest,
  stepOfCode,
  totpPlace,
} from '../../../credentials/totp.ts'
import { deny, DenialError } from '../../../errors/denial.ts'
import type { Reason } from '../../../errors/reasons.ts'
import type { ChangeOrigin } from '../../../store/commit-table.ts'
import { resealTotp, type StoredTotp, useRecovery, useStep } from '../../../store/people/factor-table.ts'
import type { StoredPerson } from '../../../store/people/person-table.ts'
import { everything } from '../../../store/scope.ts'
import type { HubApp, PeopleDeps } from '../hub-app.ts'
import { comparePassword, type HalfProven } from '../sign-in.ts'

/** What whoever has an account shows: the code where one is set up. */
export interface Shown {
  readonly email: string
  readonly password: string
  readonly totp?: string | undefined
}

export const totpField = Type.Optional(
  Type.String({ maxLength: 64, description: 'A code of the second factor, or a recovery code' }),
)

/**
 * Compares a password, and the code that the account asks for. Which of them was wrong is seen neither by the answer nor by the tries
 * that are left, nor by what it costs: a code is compared whoever shows it, with nobody's where it is not asked for. Throws
 * SIGN_IN_FAILED and TOO_MANY_ATTEMPTS. Whoever adds a proof does so behind this, and before `signIn`.
 */
export async function prove(
  hub: HubApp,
  request: FastifyRequest,
  { totp: code, ...asked }: Shown,
): Promise<HalfProven> {
  const { half, settle } = await comparePassword(hub, request, { ...asked, isWithCode: code !== undefined })
  const totp = typeof half === 'string' || half.totp?.confirmedAtMs === null ? undefined : half.totp
  const compared = { code, ...(typeof half === 'string' || totp === undefined ? {} : { whose: half, totp }) }
  const proof = await proofOf(hub.deps, request, compared)
  if (typeof half === 'string') throw failed(half)
  if (totp !== undefined && proof === undefined)
    throw failed(code === undefined ? 'second_factor_missing' : 'wrong_code')
  await settle()
  return proof === undefined ? half : { ...half, proofs: [...half.proofs, proof] }
}

interface ComparedCode {
  readonly code: string | undefined
  readonly whose?: HalfProven
  readonly totp?: StoredTotp
}

/** What a code has shown; undefined: nothing, as it is wrong, or there is none, or nobody's. It is used up. */
async function proofOf(
  deps: PeopleDeps,
  request: FastifyRequest,
  { code, whose, totp }: ComparedCode,
): Promise<'recovery_code' | 'totp' | undefined> {
  if (code === undefined) return undefined
  const plain = plainCode(code)
  const person = whose?.person ?? nobody
  if (isRecoveryCode(plain))
    return (await recover(deps, request, { person, plain })) ? 'recovery_code' : undefined
  const asked = { personId: person.id, totp: totp ?? nobodysTotp(deps), code: plain }
  return (await matchCode(deps, asked)) === undefined ? undefined : 'totp'
}

const nobody: StoredPerson = {
  ...{ id: '', email: '', kind: 'member', role: null, status: 'active' },
  ...{ createdAtMs: 0, createdBy: '', signedInAtMs: null },
}

/** Of no row, so that no code of it is right. */
function nobodysTotp(deps: PeopleDeps): StoredTotp {
  const sealed = deps.webhooks.sealing().seal(totpPlace(nobody.id), newSharedSecret())
  return { sealed, confirmedAtMs: null }
}

/** No step of any clock. */
const noStep = -1

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
  }
  const step = secret === undefined ? undefined : stepOfCode(secret, code, deps.now())
  // Asked of a wrong one, too: it costs as much as one that was used before.
  if (!(await useStep(deps.db, { personId, sealed, step: step ?? noStep })) || secret === undefined)
    return undefined
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

function failed(reason: Reason<'SIGN_IN_FAILED'>): DenialError {
  return new DenialError(deny('SIGN_IN_FAILED', reason))
}
