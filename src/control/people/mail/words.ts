// What mails say: plain text, in which what others have typed stands in quotes.

import type { ClaimedMail } from '../../../store/people/mail-table.ts'
import { brakedLines } from './braked-words.ts'
import { quoted } from './quoted.ts'
import { type ReminderMail, reminderLines } from './reminder-words.ts'

export interface Letter {
  readonly subject: string
  readonly text: string
}

export interface Address {
  /** Of the hub. */
  readonly publicUrl: string
  /** The link that it is about; null: it is about none. */
  readonly url: string | null
}

/** A mail, and what it is about beside. */
type Told = ClaimedMail & { readonly about: object | null }

export function lettersOf(mail: Told, { publicUrl, url }: Address): Letter {
  const { subject, lines } = letters[mail.kind](mail, publicUrl)
  const link = url === null ? [] : ['', url, '', 'It works once. If you did not expect this, do nothing.']
  return { subject, text: [...lines, ...link, ''].join('\n') }
}

type Draft = (
  mail: Told,
  publicUrl: string,
) => { readonly subject: string; readonly lines: readonly string[] }

const letters: Readonly<Record<ClaimedMail['kind'], Draft>> = {
  set_password: () => ({
    subject: 'Your account',
    lines: ['An account was made for this address. Choose a password within 24 hours:'],
  }),
  reset: () => ({
    subject: 'A new password',
    lines: ['Somebody asked for a new password for this address. Choose one within 24 hours:'],
  }),
  invitation: ({ merchantName, invitedBy }) => ({
    subject: 'An invitation',
    lines: [
      `${quoted(invitedBy)} invites you to the API keys of ${quoted(merchantName)}. Accept within 7 days:`,
    ],
  }),
  password_changed: () => ({
    subject: 'Your password was changed',
    lines: [
      'The password of your account was changed, and all of its sessions have ended.',
      'If it was not you, ask an administrator at once.',
    ],
  }),
  reminder: ({ about }, publicUrl) => ({
    subject: 'API keys to look after',
    lines: reminderLines(readReminder(about), publicUrl),
  }),
  braked: ({ about }, publicUrl) => ({
    subject: 'An API key did far more than usual',
    lines: brakedLines(about ?? {}, publicUrl),
  }),
}

/** As it stands in the database, which nothing else writes. */
function readReminder(about: object | null): ReminderMail {
  const { merchantId, merchantName, keys, more }: Partial<ReminderMail> = about ?? {}
  return {
    ...{ merchantId: merchantId ?? '', merchantName: merchantName ?? '' },
    ...{ keys: Array.isArray(keys) ? keys : [], more: more ?? 0 },
  }
}
