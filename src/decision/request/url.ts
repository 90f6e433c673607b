// A URL as people type it → what a client would send for it. Nothing is normalised: WHATWG URL would resolve the very
// things that the gateway has to judge (`/.`, `\`, tabs).

import type { CompiledConfig } from '../../config/compiled.ts'

export interface AskedFor {
  /** As a Host header has it. */
  readonly host: string
  /** Path and query. Characters outside of ASCII are the bytes of their UTF-8, one character each. */
  readonly target: string
  readonly isSecure: boolean
}

export type UrlResult = ({ readonly ok: true } & AskedFor) | { readonly ok: false; readonly message: string }

/** Reads an absolute URL, or a path on `host`; without one, on the first host of the first API: of its live environment, or else of its first. */
export function readUrl(url: string, host: string | undefined, config: CompiledConfig): UrlResult {
  const absolute = /^(https?):\/\/([^/?#\\]*)(.*)$/is.exec(url)
  if (absolute === null) {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url))
      return { ok: false, message: 'the URL is neither http:// nor https://' }
    return { ok: true, host: host ?? firstHost(config), target: bytesOf(url), isSecure: true }
  }
  const [, scheme = '', authority = '', rest = ''] = absolute
  if (host !== undefined)
    return { ok: false, message: 'an absolute URL names its host: leave the other one out' }
  if (authority.includes('@')) return { ok: false, message: 'the URL must not hold a user or password' }
  if (authority === '') return { ok: false, message: 'the URL names no host' }
  // RFC 9110 §4.2.3: an empty path is sent as `/`.
  const target = rest === '' || rest.startsWith('?') ? `/${rest}` : rest
  return { ok: true, host: authority, target: bytesOf(target), isSecure: scheme.toLowerCase() === 'https' }
}

function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** A host that is `*` stands for any: one that nothing else can be. */
function firstHost({ table }: CompiledConfig): string {
  const [api] = table.apis.values()
  const [host = ''] = api?.environments[0]?.hosts ?? []
  if (host === '*') return 'any.invalid'
  return host.includes(':') ? `[${host}]` : host
}
