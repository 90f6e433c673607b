// Whether one is mailed what keys should be looked after for.

import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'

export interface ReminderMails {
  readonly mail: boolean
}

export const reminderMails = queryOptions({
  queryKey: ['reminder-mails'],
  queryFn: ({ signal }) => call<ReminderMails>('GET', 'hub/v1/account/reminders', { signal }),
})

export function setReminderMails(mail: boolean): Promise<ReminderMails> {
  return call('POST', 'hub/v1/account/reminders', { body: { mail } })
}
