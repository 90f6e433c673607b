// What of the keys somebody should look after.

import { type Static, Type } from 'typebox'
import { listReminders, type Reminder } from '../../store/keys/reminder-table.ts'
import { viewOf } from '../change-answer.ts'
import { nextCursor, readCursor } from '../cursor.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { isId, limitOf, pageFields, textField } from '../fields.ts'
import { instantOrNull } from '../instant.ts'
import { listOf, timeSchema } from '../openapi/route-doc.ts'

const reminderSchema = Type.Object({
  key_id: Type.String(),
  merchant_id: Type.String(),
  api: Type.String(),
  environment: Type.String(),
  name: Type.String(),
  rotation_due_since: Type.Union([timeSchema, Type.Null()], {
    description: 'From when its secret has been older than 90 days; null: it is not',
  }),
  expires_at: Type.Union([timeSchema, Type.Null()], {
    description: 'Where it ends within 14 days; else null',
  }),
  unused_since: Type.Union([timeSchema, Type.Null()], {
    description: 'Its last use, or where there was none its making, where that is 90 days ago; else null',
  }),
})

const doc = {
  summary:
    'Keys that work and should be looked after: old secrets, ends that are near, keys that nobody uses',
  status: 200,
  answer: listOf(reminderSchema),
  errors: ['QUERY_TOO_SLOW', 'STORE_UNAVAILABLE'],
} as const

const query = Type.Object(
  { merchant_id: Type.Optional(textField(64)), ...pageFields },
  { additionalProperties: false },
)

export function serveReminders(app: ControlApp, deps: AdminDeps): void {
  app.get('/reminders', { schema: { querystring: query }, config: { doc } }, async (request) => {
    const { merchant_id: merchantId, cursor, limit } = request.query
    const after = readCursor(cursor, (value) => isId('key', value))
    const asked = { ...viewOf(request, deps), merchantId }
    const page = await listReminders(deps.db, asked, { after, limit: limitOf(limit) })
    return { data: page.rows.map(reminderObject), next_cursor: nextCursor(page, ({ id }) => id) }
  })
}

function reminderObject(reminder: Reminder): Static<typeof reminderSchema> {
  return {
    key_id: reminder.id,
    merchant_id: reminder.merchantId,
    api: reminder.api,
    environment: reminder.environment,
    name: reminder.name,
    rotation_due_since: instantOrNull(reminder.rotationDueSinceMs),
    expires_at: instantOrNull(reminder.expiresAtMs),
    unused_since: instantOrNull(reminder.unusedSinceMs),
  }
}
