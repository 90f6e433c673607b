// What the URLs of the two stores may say beyond what a URL can: several hosts of Postgres, of which the writable one is
// meant, and Redis by its Sentinels. Neither a message nor an error here repeats a URL: it may hold a password.

export interface PostgresUrl {
  /** One URL a host, in order. */
  readonly urls: readonly string[]
  /** Whether a server must be asked if it takes writes before it is used. */
  readonly mustBeWritable: boolean
}

export type RedisUrl =
  | { readonly kind: 'server'; readonly url: string }
  | {
      readonly kind: 'sentinel'
      readonly sentinels: readonly { readonly host: string; readonly port: number }[]
      /** The name that the Sentinels know the master by. */
      readonly name: string
      readonly db: number
      readonly isTls: boolean
      /** Of the Redis itself; the Sentinels' are `sentinel_username` and `sentinel_password`. */
      readonly username?: string
      readonly password?: string
      readonly sentinelUsername?: string
      readonly sentinelPassword?: string
    }

/** Scheme, user with its `@`, hosts, the rest. A password has no `@`, `/`, `?` or `#` but escaped. */
const shape = /^([a-z+]+:\/\/)([^/?#@\s]*@)?([^/?#@\s]*)(\/[^?#\s]*)?(\?[^#\s]*)?$/

/**
 * `postgres://user:password@host1:5432,host2:5432/database?target_session_attrs=read-write`; undefined: no such URL.
 * A revision can only be confirmed by a server that takes writes, so one of several hosts is always asked, and of the
 * values of `target_session_attrs` only `read-write`, `primary` and `any` make sense.
 */
export function parsePostgresUrl(text: string): PostgresUrl | undefined {
  const [, scheme = '', user = '', hosts = '', path = '', query = ''] = shape.exec(text) ?? []
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

/**
 * `redis://`, `rediss://`, or `redis+sentinel://user:password@host1:26379,host2:26379/name/0` (`rediss+sentinel`: with
 * TLS, to the Sentinels too); undefined: no such URL.
 */
export function parseRedisUrl(text: string): RedisUrl | undefined {
  const [, scheme = '', user = '', hosts = '', path = '', query = ''] = shape.exec(text) ?? []
  if (/^rediss?:\/\/$/.test(scheme)) return URL.canParse(text) ? { kind: 'server', url: text } : undefined
  if (!/^rediss?\+sentinel:\/\/$/.test(scheme)) return undefined
  const [, name = '', db = '0'] = /^\/([^/]+)(?:\/(\d{1,5}))?$/.exec(path) ?? []
  const addresses = hosts.split(',').map(addressOf)
  const sentinels = addresses.filter((address) => address !== undefined)
  if (name === '' || sentinels.length < addresses.length) return undefined
  const search = new URLSearchParams(query)
  const [username = '', password = ''] = user.replace(/@$/, '').split(/:(.*)/s).map(decodeURIComponent)
  const sentinelUsername = search.get('sentinel_username')
  const sentinelPassword = search.get('sentinel_password')
  return {
    kind: 'sentinel',
    sentinels,
    name: decodeURIComponent(name),
    db: Number(db),
    isTls: scheme.startsWith('rediss'),
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    ...(sentinelUsername !== null && { sentinelUsername }),
    ...(sentinelPassword !== null && { sentinelPassword }),
  }
}

/** A URL for each server that is named; none where `text` is no URL of a store. */
export function storeEndpoints(text: string): readonly string[] {
  const redis = parseRedisUrl(text)
  if (redis === undefined) return parsePostgresUrl(text)?.urls ?? []
  if (redis.kind === 'server') return [redis.url]
  return redis.sentinels
    .map(({ host, port }) => `redis://${host.includes(':') ? `[${host}]` : host}:${port}`)
    .filter((url) => URL.canParse(url))
}

function addressOf(text: string): { host: string; port: number } | undefined {
  const [, host = '', port = '26379'] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text) ?? []
  if (host === '' || Number(port) > 65_535) return undefined
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}
