// Whose password was changed is told so, where there is mail: it may not have been them.

import { queueMail } from '../../store/people/mail-table.ts'
import type { StoredPerson } from '../../store/people/person-table.ts'
import type { PeopleDeps } from './hub-app.ts'

/** The change stands, whatever becomes of the mail. Never rejects. */
export async function tellChange(deps: PeopleDeps, { id, email }: StoredPerson): Promise<void> {
  if (!deps.hub.sendsMail) return
  const mail = { id: deps.newId('eml'), kind: 'password_changed', recipient: email, personId: id } as const
  await queueMail(deps.db, { ...mail, invitationId: null, nowMs: deps.now() }).catch(() => undefined)
  deps.hub.mailQueued()
}
