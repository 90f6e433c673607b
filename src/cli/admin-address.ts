// Where the admin API is and with which token: from the environment.

import { isLoopback } from '../config/address.ts'
import { CliError } from './errors.ts'
import { exitCodes } from './exit.ts'
import type { CliIo } from './io.ts'

const defaultUrl = 'http://127.0.0.1:8081'

export interface AdminAddress {
  /** Without a slash at its end. */
  readonly url: string
  /** Never printed. */
  readonly token: string
}

/** Reads LATCHKEY_ADMIN_URL and LATCHKEY_ADMIN_TOKEN. Throws CliError (wrong usage), which repeats nothing of the token. */
export function readAdminAddress(env: CliIo['env']): AdminAddress {
  return { url: readUrl(env.LATCHKEY_ADMIN_URL), token: readToken(env.LATCHKEY_ADMIN_TOKEN) }
}

function readUrl(text: string | undefined): string {
  const given = text === undefined || text === '' ? defaultUrl : text
  const url = URL.canParse(given) ? new URL(given) : undefined
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (!url || !isWeb || url.search !== '' || url.hash !== '') {
    throw usage(`LATCHKEY_ADMIN_URL is no http:// or https:// URL; the default is ${defaultUrl}`)
  }
  if (url.username !== '' || url.password !== '') {
    throw usage(
      'LATCHKEY_ADMIN_URL must not hold a user or password: the token belongs in LATCHKEY_ADMIN_TOKEN',
    )
  }
  return url.href.replace(/\/+$/, '')
}

/** The server's own variable may hold several, as `name:token` separated by commas: the first is used. */
function readToken(text: string | undefined): string {
  if (text === undefined || text.trim() === '') {
    throw usage('LATCHKEY_ADMIN_TOKEN is not set: it must hold a token that the control plane knows')
  }
  const [first = ''] = text.split(',')
  const token = first.slice(first.indexOf(':') + 1).trim()
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw usage(
      'LATCHKEY_ADMIN_TOKEN is malformed: it must be a token, or name:token, of ASCII letters, digits and signs',
    )
  }
  return token
}

/** What a person is told of an address to which the token goes in clear; undefined: it does not, or no further than this machine. */
export function clearTextWarning({ url }: AdminAddress): string | undefined {
  const { protocol, hostname, host } = new URL(url)
  if (protocol === 'https:' || isLoopback(hostname)) return undefined
  return `warning: the token travels in clear to ${host}: LATCHKEY_ADMIN_URL should be https://, or lead through a tunnel\n`
}

function usage(message: string): CliError {
  return new CliError(message, exitCodes.usage)
}
