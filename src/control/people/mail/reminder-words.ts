// What a mail says of keys that somebody should look after.

import { quoted } from './quoted.ts'

export interface RemindedKey {
  readonly id: string
  readonly name: string
  readonly api: string
  readonly environment: string
  readonly causes: readonly {
    readonly cause: string
    /** Milliseconds since the epoch. */
    readonly atMs: number | null
  }[]
  /** Those that it holds and has not used. */
  readonly permissions: readonly string[]
}

/** Kept with the mail until it is sent. */
export interface ReminderMail {
  readonly merchantId: string
  readonly merchantName: string
  readonly keys: readonly RemindedKey[]
  /** How many keys it does not name. */
  readonly more: number
}

/** `publicUrl`: of the hub. */
export function reminderLines({ merchantName, keys, more }: ReminderMail, publicUrl: string): string[] {
  return [
    `API keys of ${quoted(merchantName)} that somebody should look after:`,
    ...keys.flatMap((key) => ['', ...keyLines(key, publicUrl)]),
    ...(more === 0 ? [] : ['', `And ${more} more: ${publicUrl}/developers`]),
    '',
    'Each of these is told once.',
    `To get no more of these mails: ${publicUrl}/account`,
  ]
}

const mostPermissions = 10

function keyLines(
  { id, name, api, environment, causes, permissions }: RemindedKey,
  publicUrl: string,
): string[] {
  const shown = permissions.slice(0, mostPermissions).join(', ')
  const rest = permissions.length - mostPermissions
  const unused = `- it has not used for 90 days: ${shown}${rest > 0 ? `, and ${rest} more` : ''}; take away what nobody needs`
  return [
    `${quoted(name)} (${api}, ${environment})`,
    ...causes.map(({ cause, atMs }) => `- ${causeText(cause, atMs)}`),
    ...(permissions.length === 0 ? [] : [unused]),
    `  ${publicUrl}/developers/keys/${id}`,
  ]
}

function causeText(cause: string, atMs: number | null): string {
  const day = atMs === null ? '' : new Date(atMs).toISOString().slice(0, 10)
  if (cause === 'expiring') return `it ends on ${day}`
  if (cause === 'rotation_due') return 'its secret is older than 90 days: rotate it'
  return `nobody has used it since ${day}: disable it, where nobody needs it`
}
