// /hub/v1/account/reminders: whether somebody wants mails about keys of the merchants that they are an admin of.

import { Type } from 'typebox'
import { setReminders, wantsReminders } from '../../store/keys/mailed-reminder-table.ts'
import type { ControlApp } from '../dependencies.ts'
import type { RouteDoc } from '../openapi/route-doc.ts'
import type { HubApp } from './hub-app.ts'
import { signedInOf } from './session-routes.ts'

const remindersSchema = Type.Object({
  mail: Type.Boolean({ description: 'Whether what keys should be looked after for is mailed' }),
})

const docs = {
  get: {
    summary: 'Whether one is told by mail of keys that should be looked after',
    status: 200,
    answer: remindersSchema,
    isOfSession: true,
    errors: ['STORE_UNAVAILABLE'],
  },
  set: {
    summary: 'Says whether one wants to be told by mail of keys that should be looked after',
    status: 200,
    answer: remindersSchema,
    isOfSession: true,
    errors: ['STORE_UNAVAILABLE'],
  },
} as const satisfies Record<string, RouteDoc>

const body = Type.Object({ mail: Type.Boolean() }, { additionalProperties: false })

export function serveReminderChoice(app: ControlApp, { deps }: HubApp): void {
  app.get('/account/reminders', { config: { doc: docs.get } }, async (request) => ({
    mail: await wantsReminders(deps.db, signedInOf(request).person.id),
  }))
  const set = { schema: { body }, config: { doc: docs.set } }
  app.post('/account/reminders', set, async (request) => {
    const { mail } = request.body
    const personId = signedInOf(request).person.id
    await setReminders(deps.db, { personId, isWanted: mail, nowMs: deps.now() })
    return { mail }
  })
}
