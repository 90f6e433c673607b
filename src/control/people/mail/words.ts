// What mails say: plain text, in which what others have typed stands in quotes.

import type { ClaimedMail } from '../../../store/mail-table.ts'

export interface Letter {
  readonly subject: string
  readonly text: string
}

/** `url`: the link that it is about; null: it is about none. */
export function lettersOf(mail: ClaimedMail, url: string | null): Letter {
  const { subject, lines } = letters[mail.kind](mail)
  const link = url === null ? [] : ['', url, '', 'It works once. If you did not expect this, do nothing.']
  return { subject, text: [...lines, ...link, ''].join('\n') }
}

type Draft = (mail: ClaimedMail) => { readonly subject: string; readonly lines: readonly string[] }

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
}

function quoted(text: string | null): string {
  return `“${(text ?? '').replace(/["“”]/g, "'")}”`
}
