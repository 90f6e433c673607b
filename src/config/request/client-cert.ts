// Client-Cert (RFC 9440): the certificate of a client as the proxy that ended its TLS hands it on. Believed of trusted proxies alone,
// and only where the configuration says that they take away what a client writes there itself.

/** Certificates are some kilobytes at most. */
const longest = 16_384

/** DER of the certificate; undefined: there is none, or several, or what is no such value. `fields`: names and values in turn. */
export function certificateIn(fields: readonly string[]): Buffer | undefined {
  const values = fields.filter((_, i) => i % 2 === 1 && fields[i - 1]?.toLowerCase() === 'client-cert')
  const [value, ...more] = values
  if (value === undefined || more.length > 0 || value.length > longest) return undefined
  const [, text] = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(value) ?? []
  return text === undefined ? undefined : Buffer.from(text, 'base64')
}
