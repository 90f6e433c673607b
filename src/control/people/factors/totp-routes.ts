// /hub/v1/account: the second factor, set up, confirmed, taken away, and its recovery codes.

import { Type } from 'typebox'
import {
  keyUri,
  newRecoveryCode,
  newSharedSecret,
  plainCode,
  recoveryCodes,
  recoveryDigest,
  totpPlace,
} from '../../../credentials/totp.ts'
import { deny, DenialError } from '../../../errors/denial.ts'
import {
  beginTotp,
  confirmTotp,
  countRecovery,
  findTotp,
  removeTotp,
  replaceRecovery,
} from '../../../store/people/factor-table.ts'
import { originOf } from '../../change-answer.ts'
import type { ControlApp } from '../../dependencies.ts'
import { instantOrNull } from '../../instant.ts'
import { nullableTime, type RouteDoc } from '../../openapi/route-doc.ts'
import type { HubApp } from '../hub-app.ts'
import { signedInOf } from '../session-routes.ts'
import { demandFreshProof, proofBody } from './fresh-proof.ts'
import { matchCode } from './second-factor.ts'

const changing = [
  'SIGN_IN_FAILED',
  'TOO_MANY_ATTEMPTS',
  'REAUTHENTICATION_REQUIRED',
  'STORE_UNAVAILABLE',
] as const
const codes = Type.Object({
  recovery_codes: Type.Array(Type.String(), {
    description: 'Each works once, in place of a code; shown here only',
  }),
})

const docs = {
  begin: {
    summary: 'Begins to set up a second factor; it is asked of nobody before a code of it was given',
    status: 200,
    answer: Type.Object({
      secret: Type.String({ description: 'In base32, to be typed' }),
      uri: Type.String({ description: 'otpauth://, to be shown as a QR code' }),
    }),
    isOfSession: true,
    errors: [...changing, 'FACTOR_IN_FORCE'],
  },
  confirm: {
    summary: 'Puts the second factor in force, and ends all other sessions',
    status: 200,
    answer: codes,
    isOfSession: true,
    errors: changing,
  },
  renew: {
    summary: 'New recovery codes in place of all before',
    status: 200,
    answer: codes,
    isOfSession: true,
    errors: [...changing, 'NOT_FOUND'],
  },
  remove: {
    summary: 'Takes the second factor away',
    status: 200,
    answer: Type.Object({}),
    isOfSession: true,
    errors: changing,
  },
} as const satisfies Record<string, RouteDoc>

export const totpSchema = Type.Object({
  enabled: Type.Boolean(),
  since: nullableTime,
  recovery_codes_left: Type.Integer(),
})

/** What the account's owner is told of it. */
export async function totpObject({ deps: { db } }: HubApp, personId: string) {
  const since = (await findTotp(db, personId))?.confirmedAtMs ?? null
  return {
    enabled: since !== null,
    since: instantOrNull(since),
    recovery_codes_left: await countRecovery(db, personId),
  }
}

const codeBody = Type.Object(
  { code: Type.String({ minLength: 1, maxLength: 64 }) },
  { additionalProperties: false },
)

/** For callers with a session. */
export function serveTotp(app: ControlApp, hub: HubApp): void {
  const { deps } = hub
  const begin = { schema: { body: proofBody }, config: { doc: docs.begin } }
  app.post('/account/totp', begin, async (request) => {
    const { person } = await demandFreshProof(hub, request, request.body)
    const secret = newSharedSecret()
    const sealed = deps.webhooks.sealing().seal(totpPlace(person.id), secret)
    if (!(await beginTotp(deps.db, { personId: person.id, sealed, nowMs: deps.now() })))
      throw new DenialError(deny('FACTOR_IN_FORCE', 'totp_in_force'))
    const issuer = new URL(deps.hub.publicUrl).hostname
    return { secret, uri: keyUri(secret, { issuer, email: person.email }) }
  })

  serveConfirm(app, hub)

  const renew = { schema: { body: proofBody }, config: { doc: docs.renew } }
  app.post('/account/recovery-codes', renew, async (request) => {
    const { person } = await demandFreshProof(hub, request, request.body)
    const made = newRecovery(person.id)
    if (!(await replaceRecovery(deps.db, originOf(request, deps), { person, recovery: made.digests })))
      throw new DenialError(deny('NOT_FOUND', 'unknown_factor'))
    return { recovery_codes: made.texts }
  })

  const remove = { schema: { body: proofBody }, config: { doc: docs.remove } }
  app.delete('/account/totp', remove, async (request) => {
    const { person } = await demandFreshProof(hub, request, request.body)
    await removeTotp(deps.db, originOf(request, deps), person)
    return {}
  })
}

function serveConfirm(app: ControlApp, hub: HubApp): void {
  const { deps, attempts } = hub
  const confirm = { schema: { body: codeBody }, config: { doc: docs.confirm } }
  app.post('/account/totp/confirm', confirm, async (request) => {
    const { person, session } = signedInOf(request)
    await attempts.take('second', person.id)
    const totp = await findTotp(deps.db, person.id)
    const code = plainCode(request.body.code)
    const sealed =
      totp?.confirmedAtMs === null ? await matchCode(deps, { personId: person.id, totp, code }) : undefined
    if (sealed === undefined) throw new DenialError(deny('SIGN_IN_FAILED', 'wrong_code'))
    const made = newRecovery(person.id)
    const change = { person, sessionId: session.id, sealed, recovery: made.digests }
    if (!(await confirmTotp(deps.db, originOf(request, deps), change)))
      throw new DenialError(deny('SIGN_IN_FAILED', 'changed_meanwhile'))
    await attempts.again('second', person.id)
    return { recovery_codes: made.texts }
  })
}

function newRecovery(personId: string) {
  const texts = Array.from({ length: recoveryCodes }, newRecoveryCode)
  return { texts, digests: texts.map((text) => recoveryDigest(personId, plainCode(text))) }
}
