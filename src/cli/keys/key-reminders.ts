// `latchkey keys reminders`: keys that somebody should look after.

import type { Command } from 'commander'
import { type Static, Type } from 'typebox'
import { checked, NullableText } from '../admin/admin-objects.ts'
import { parseCount } from '../duration.ts'
import { addVerb, type OutputFlags, type Session, shortTime, showRows } from '../session.ts'
import type { Cell } from '../table.ts'

const ReminderObject = Type.Object({
  key_id: Type.String(),
  merchant_id: Type.String(),
  name: Type.String(),
  rotation_due_since: NullableText,
  expires_at: NullableText,
  unused_since: NullableText,
})

interface ReminderFlags extends OutputFlags {
  readonly merchant?: string
  readonly limit: number
}

const defaultLimit = 50
const header = ['KEY', 'MERCHANT', 'NAME', 'ROTATION DUE', 'ENDS', 'UNUSED SINCE']

export function registerReminders(group: Command, session: Session): void {
  addVerb(group, {
    name: 'reminders',
    about: 'list keys to look after: secrets of over 90 days, ends within 14 days, not used for 90 days',
    example: 'latchkey keys reminders --merchant mer_01K8ZX3V9Q',
  })
    .option('--merchant <id>', 'only those of this merchant')
    .option('--limit <count>', 'at most so many', parseCount, defaultLimit)
    .action(async (flags: ReminderFlags) => {
      const { merchant, limit } = flags
      const call = { doing: 'list reminders', path: '/reminders', query: { merchant_id: merchant } }
      const answer = await session.connect().list(call, limit)
      showRows(session, flags, { answer, header, rowOf: (one) => rowOf(checked(ReminderObject, one)) })
      if (answer.next_cursor !== null)
        session.io.stderr(`the first ${limit}; there are more: --limit, or --merchant\n`)
    })
}

function rowOf(one: Static<typeof ReminderObject>): Cell[] {
  const times = [one.rotation_due_since, one.expires_at, one.unused_since]
  return [
    one.key_id,
    one.merchant_id,
    one.name,
    ...times.map((time) => (time === null ? '-' : shortTime(time))),
  ]
}
