// Whether a proof is for the URL that was asked for (RFC 9449 §4.3.9): without query and fragment, normalised by syntax and by
// scheme (RFC 3986 §6.2.2, §6.2.3). Pure.

import { trimBlanks } from '../../errors/wire-text.ts'
import type { Inquiry } from '../inquiry.ts'

/** A request, as its client saw it. */
export type Asked = Pick<Inquiry, 'isSecure' | 'isPeerTrusted' | 'head' | 'path'>

/** A URL that two readers read alike: nobody's password, no blanks, no backslash, ASCII alone. */
const plainUrl = /^https?:\/\/[A-Za-z0-9._:[\]-]{1,512}(?:[/?#][!#-[\]-~]*)?$/i

/** Whether `htu` names the URL of the request. */
export function isForUrl(htu: string, asked: Asked): boolean {
  const own = urlOf(asked)
  if (htu === own) return true
  const wanted = normalUrl(own)
  return wanted !== undefined && normalUrl(htu) === wanted
}

/** What the client asked for: a trusted proxy says under which name, where that is another than it asks us for. */
function urlOf({ isSecure, isPeerTrusted, head, path }: Asked): string {
  const { forwardedHost, host } = head
  const isTold = isPeerTrusted && forwardedHost !== undefined && !forwardedHost.includes(',')
  return `${isSecure ? 'https' : 'http'}://${isTold ? trimBlanks(forwardedHost) : host}${path}`
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
