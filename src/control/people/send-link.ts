// Links that somebody makes for another: sent by mail where there is one, else shown to whoever made it. The tokens of
// LATCHKEY_ADMIN_TOKEN are shown it in any case: they are how the first operator gets in, mail server or not.

import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type ChangeOrigin, commitTraced, transactionOf } from '../../store/commit-table.ts'
import { endLinksOf } from '../../store/people/link-table.ts'
import { type MailKind, queueMail } from '../../store/people/mail-table.ts'
import {
  lockPerson,
  type PersonOf,
  type StoredPerson,
  writePersonAudit,
} from '../../store/people/person-table.ts'
import { deny, DenialError } from '../../errors/denial.ts'
import { type Caller, refuseEnding } from '../callers/caller.ts'
import { originOf } from '../change-answer.ts'
import { instant } from '../instant.ts'
import { timeSchema } from '../openapi/route-doc.ts'
import type { PeopleDeps } from './hub-app.ts'
import { type MadeLink, makeLink } from './link.ts'

/** What became of a link. */
export const sentSchema = Type.Object({
  link: Type.Union([Type.Object({ url: Type.String(), expires_at: timeSchema }), Type.Null()], {
    description: 'In this answer only; null: it was sent by mail instead',
  }),
  mail: Type.Union([Type.Literal('queued'), Type.Null()]),
})

export interface Sent {
  readonly link: { readonly url: string; readonly expires_at: string } | null
  readonly mail: 'queued' | null
}

/** Whether a caller is shown a link. */
export function isShown({ hub }: Pick<PeopleDeps, 'hub'>, { kind }: Caller): boolean {
  return !hub.sendsMail || kind === 'static'
}

export function shownLink(made: MadeLink | undefined): Sent['link'] {
  return made === undefined ? null : { url: made.url, expires_at: instant(made.expiresAtMs) }
}

interface Made {
  readonly person: StoredPerson
  readonly link: MadeLink | undefined
}

/**
 * Makes and sends a link by which a person sets a password; `isAnew`: it is told in the audit, and the ones before end. Throws
 * NOT_FOUND, also of a disabled account, which can do nothing with it.
 */
export async function sendLink(
  deps: PeopleDeps,
  request: FastifyRequest,
  asked: PersonOf & { readonly isAnew: boolean },
): Promise<Sent & { readonly person: StoredPerson }> {
  refuseEnding(request.caller)
  const origin = originOf(request, deps)
  const isTold = isShown(deps, request.caller)
  const made = await commitTraced<Made>(deps.db, async (tx, trace) => {
    const person = await lockPerson(tx, asked)
    if (person.status === 'disabled') throw new DenialError(deny('NOT_FOUND', 'unknown_person'))
    const purpose = person.status === 'invited' ? 'set_password' : 'reset'
    if (asked.isAnew) {
      await endLinksOf(tx, person.id)
      await writePersonAudit(tx, origin, { action: `${person.kind}.link`, before: person, after: person })
    }
    const { sendsMail } = deps.hub
    const at = { hub: deps.hub, nowMs: origin.nowMs }
    const link = isTold ? await makeLink(tx, at, { purpose, personId: person.id }) : undefined
    if (sendsMail) await queueMail(tx, mailTo(deps, person, { kind: purpose, origin }))
    return trace(await transactionOf(tx), { person, link })
  })
  if (deps.hub.sendsMail) deps.hub.mailQueued()
  return { person: made.person, link: shownLink(made.link), mail: deps.hub.sendsMail ? 'queued' : null }
}

function mailTo(
  deps: PeopleDeps,
  { id, email }: StoredPerson,
  { kind, origin }: { readonly kind: MailKind; readonly origin: ChangeOrigin },
) {
  return {
    ...{ id: deps.newId('eml'), kind, recipient: email, personId: id, invitationId: null },
    nowMs: origin.nowMs,
  }
}
