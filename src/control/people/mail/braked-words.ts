// What a mail says of a key that a brake was pulled for.

import { quoted } from './quoted.ts'

/** Kept with the mail until it is sent. */
export interface BrakedMail {
  readonly merchantId: string
  readonly keyId: string
  readonly name: string
  readonly api: string
  readonly environment: string
  readonly permission: string
  /** In the last hour, and usually. */
  readonly requests: number
  readonly usual: number
  readonly action: string
}

/** `publicUrl`: of the hub. */
export function brakedLines(about: Partial<BrakedMail>, publicUrl: string): string[] {
  const { keyId = '', name = '', api = '', environment = '', permission = '', action = '' } = about
  return [
    `${quoted(name)} (${api}, ${environment}) made ${about.requests ?? 0} requests with ${permission} in the last hour; ${usualText(about.usual ?? 0)}.`,
    ...(Object.hasOwn(done, action) ? ['', done[action] ?? ''] : []),
    '',
    'If nobody of yours did this, its secret may be in other hands: rotate or revoke the key.',
    `  ${publicUrl}/developers/keys/${keyId}`,
  ]
}

function usualText(usual: number): string {
  return usual === 0
    ? 'it had made none in the month before'
    : `usually it makes ${usual} in an hour, or fewer`
}

const done: Readonly<Record<string, string>> = {
  notify: 'It works as before.',
  disable: 'It was disabled. Where all is well, reactivate it.',
  require_ip:
    'It works from the addresses alone that it was used from before. Where all is well, an administrator can lift that.',
}
