// Where the admin API is and with which token: from the environment, or as somebody has signed in (`latchkey login`).

import { isLoopback } from '../../config/address.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import type { CliIo } from '../io.ts'
import { type Logins, readLogins } from '../people/login-file.ts'

const defaultUrl = 'http://127.0.0.1:8081'

export interface AdminAddress {
  /** Without a slash at its end. */
  readonly url: string
  /** Never printed. */
  readonly token: string
}

/**
 * Reads LATCHKEY_ADMIN_URL and LATCHKEY_ADMIN_TOKEN; without a token, what `latchkey login` keeps for that URL. Throws CliError,
 * which repeats nothing of the token.
 */
export function readAdminAddress(env: CliIo['env']): AdminAddress {
  const { LATCHKEY_ADMIN_TOKEN: token } = env
  if (token !== undefined && token.trim() !== '')
    return { url: readUrl(env.LATCHKEY_ADMIN_URL), token: readToken(token) }
  const logins = readLogins(env)
  const url = loginUrl(env, logins)
  const login = Object.hasOwn(logins.logins, url) ? logins.logins[url] : undefined
  if (login === undefined)
    throw usage(
      `LATCHKEY_ADMIN_TOKEN is not set, and nobody is signed in at ${url}: set it to a token that the control plane knows, or run \`latchkey login\``,
    )
  return { url, token: login.token }
}

/** Where somebody signs in: as LATCHKEY_ADMIN_URL says, or else where it was done last. Throws CliError (wrong usage). */
export function loginUrl({ LATCHKEY_ADMIN_URL: given }: CliIo['env'], { current }: Logins): string {
  return readUrl(given === undefined || given === '' ? (current ?? undefined) : given)
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
function readToken(text: string): string {
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
export function clearTextWarning({ url }: Pick<AdminAddress, 'url'>): string | undefined {
  const { protocol, hostname, host } = new URL(url)
  if (protocol === 'https:' || isLoopback(hostname)) return undefined
  return `warning: the token travels in clear to ${host}: LATCHKEY_ADMIN_URL should be https://, or lead through a tunnel\n`
}

function usage(message: string): CliError {
  return new CliError(message, exitCodes.usage)
}
