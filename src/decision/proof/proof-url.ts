// Whether a proof is for the URL that was asked for (RFC 9449 §4.3.9): without query and fragment, normalised by syntax and by
// scheme (RFC 3986 §6.2.2, §6.2.3). Pure.

import { trimBlanks } from '../../errors/wire-text.ts'
import type { Inquiry } from '../inquiry.ts'

/** A request, and where it has led. */
export type Asked = Pick<
  Inquiry,
  'isSecure' | 'isPeerTrusted' | 'head' | 'path' | 'table' | 'host' | 'environment'
>

/** A URL that two readers read alike: nobody's password, no blanks, no backslash, ASCII alone. */
const plainUrl = /^https?:\/\/[A-Za-z0-9._:[\]-]{1,512}(?:[/?#][!#-[\]-~]*)?$/i

/** Whether `htu` names the URL of the request: under the name that we are asked by, or that the client asked a trusted proxy by. */
export function isForUrl(htu: string, asked: Asked): boolean {
  const { isSecure, head, path } = asked
  const isUnder = (name: string) => isSameUrl(htu, `${isSecure ? 'https' : 'http'}://${name}${path}`)
  if (isUnder(head.host)) return true
  const told = toldName(asked)
  return told !== undefined && isUnder(told)
}

function isSameUrl(htu: string, own: string): boolean {
  if (htu === own) return true
  const wanted = normalUrl(own)
  return wanted !== undefined && normalUrl(htu) === wanted
}

/**
 * Proxies pass on what clients say, too. So a name of another API or environment is none of this one: a proof that was made for
 * one is worth nothing at the other. One that the table does not have is what only the proxy is known by.
 */
function toldName({ isPeerTrusted, head, table, host, environment }: Asked): string | undefined {
  const { forwardedHost } = head
  if (!isPeerTrusted || forwardedHost === undefined || forwardedHost.includes(',')) return undefined
  const name = trimBlanks(forwardedHost)
  const match = table.matchHost(name)
  if (match === undefined) return name
  if (host === undefined || match.api !== host.api) return undefined
  const own = environment === undefined ? host.environments : [environment]
  return own.every((one) => match.environments.includes(one)) ? name : undefined
}

/** undefined: it is none, or not a plain one. */
function normalUrl(text: string): string | undefined {
  if (!plainUrl.test(text) || !URL.canParse(text)) return undefined
  const { protocol, host, pathname } = new URL(text)
  return `${protocol}//${host.replace(/\.(?=:|$)/, '')}${normalEscapes(pathname)}`
}

/** Escapes in capitals; none for what needs none (RFC 3986 §2.3). */
function normalEscapes(path: string): string {
  return path.replace(/%[0-9a-f]{2}/gi, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
    return /[A-Za-z0-9._~-]/.test(character) ? character : escape.toUpperCase()
  })
}
