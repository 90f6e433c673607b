// What the URL of Postgres may say beyond what a URL can: several hosts, of which the writable one is meant. Neither a message
// nor an error here repeats a URL: it may hold a password.

export interface PostgresUrl {
  /** One URL a host, in order. */
  readonly urls: readonly string[]
  /** Whether a server must be asked if it takes writes before it is used. */
  readonly mustBeWritable: boolean
}

/** Scheme, user with its `@`, hosts, the rest. A password has no `@`, `/`, `?` or `#` but escaped. */
export const storeUrlShape = /^([a-z+]+:\/\/)([^/?#@\s]*@)?([^/?#@\s]*)(\/[^?#\s]*)?(\?[^#\s]*)?$/

/**
 * `postgres://user:password@host1:5432,host2:5432/database?target_session_attrs=read-write`; undefined: no such URL.
 * A revision can only be confirmed by a server that takes writes, so one of several hosts is always asked, and of the
 * values of `target_session_attrs` only `read-write`, `primary` and `any` make sense.
 */
export function parsePostgresUrl(text: string): PostgresUrl | undefined {
  const [, scheme = '', user = '', hosts = '', path = '', query = ''] = storeUrlShape.exec(text) ?? []
  if (!/^postgres(?:ql)?:\/\/$/.test(scheme)) return undefined
  const search = new URLSearchParams(query)
  const target = search.get('target_session_attrs')
  if (target !== null && !['read-write', 'primary', 'any'].includes(target)) return undefined
  const kept = query
    .slice(1)
    .split('&')
    .filter((part) => part !== '' && !part.startsWith('target_session_attrs='))
  const rest = `${path}${kept.length > 0 ? `?${kept.join('&')}` : ''}`
  // A socket's folder is a parameter, and then stands for the host.
  const isSocket = hosts === '' && user !== '' && search.get('host')?.startsWith('/') === true
  const urls = hosts.split(',').map((host) => `${scheme}${user}${isSocket ? 'localhost' : host}${rest}`)
  if (!urls.every((url) => URL.canParse(url))) return undefined
  const isOneOfMany = urls.length > 1
  if (isOneOfMany && hosts.split(',').includes('')) return undefined
  return { urls, mustBeWritable: isOneOfMany || (target !== null && target !== 'any') }
}
