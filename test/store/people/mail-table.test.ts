import t from 'tap'
import { claimMail, type MailKind, queueMail } from '../../../src/store/people/mail-table.ts'
import { createDatabase } from '../../support/database.ts'

const nowMs = Date.now()

void t.test(
  'what somebody waits for goes before reminders, however many were queued before it',
  async (t) => {
    const { db } = await createDatabase(t)
    const queue = (id: string, kind: MailKind, secondsAgo: number) =>
      queueMail(db, {
        ...{ id, kind, recipient: 'a@x.test', personId: null, invitationId: null },
        nowMs: nowMs - secondsAgo * 1_000,
      })
    await queue('eml_1', 'reminder', 30)
    await queue('eml_2', 'reminder', 40)
    await queue('eml_3', 'password_changed', 10)
    await queue('eml_4', 'password_changed', 20)
    await queue('eml_5', 'password_changed', -1)
    const order: (string | undefined)[] = []
    for (let times = 0; times < 5; times++) order.push((await claimMail(db, { nowMs, forMs: 60_000 }))?.id)
    t.same(order, ['eml_4', 'eml_3', 'eml_2', 'eml_1', undefined])
  },
)
