// Where a client may have people sent back to (RFC 9700 §4.1): addresses that are compared to the letter. Pure.

const loopback = /^(?:localhost|127\.0\.0\.1|\[::1\])$/

/** Why it cannot be one; undefined: it can. */
export function whyNoRedirectUri(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || /[\s\\*]/.test(text)) return 'must be an absolute URL'
  if (text.includes('#')) return 'must have no fragment'
  if (url.username !== '' || url.password !== '') return 'must name no user'
  if (url.protocol === 'https:') return undefined
  if (url.protocol === 'http:' && loopback.test(url.hostname)) return undefined
  return 'must be https://, or http:// on localhost, 127.0.0.1 or [::1]'
}
