// The URL of Redis: one server, its Sentinels, or the nodes of a cluster; and the files of TLS that a URL of `rediss` may
// name. Neither a message nor an error here repeats a URL: it may hold a password.

import { resolve } from 'node:path'
import { storeUrlShape } from './store-url.ts'

export interface RedisAddress {
  readonly host: string
  readonly port: number
}

/** Files of certificates, as the URL names them. */
export interface RedisTlsFiles {
  /** Instead of the authorities that Node knows. */
  readonly ca?: string
  /** What Redis is shown; the two go together. */
  readonly cert?: string
  readonly key?: string
}

interface RedisLogin {
  readonly username?: string
  readonly password?: string
}

export type RedisUrl =
  | {
      readonly kind: 'server'
      /** Without the files. */
      readonly url: string
      readonly tls: RedisTlsFiles | null
    }
  | ({
      readonly kind: 'sentinel'
      readonly sentinels: readonly RedisAddress[]
      /** The name that the Sentinels know the master by. */
      readonly name: string
      readonly db: number
      readonly tls: RedisTlsFiles | null
      /** Of the Redis itself it is `username` and `password`. */
      readonly sentinelUsername?: string
      readonly sentinelPassword?: string
    } & RedisLogin)
  | ({
      readonly kind: 'cluster'
      /** Some of them: they name the others. */
      readonly nodes: readonly RedisAddress[]
      readonly tls: RedisTlsFiles | null
    } & RedisLogin)

const fileNames = ['ca', 'cert', 'key'] as const
const usualPorts = { sentinel: 26_379, cluster: 6_379 } as const

/**
 * `redis://user:password@host:6379/0`, `redis+sentinel://user:password@host1:26379,host2:26379/name/0`,
 * `redis+cluster://user:password@host1:6379,host2:6379`; `rediss…` with TLS, to the Sentinels too, and then with
 * `?ca=file&cert=file&key=file`. undefined: no such URL.
 */
export function parseRedisUrl(text: string): RedisUrl | undefined {
  const [, scheme = '', user = '', hosts = '', path = '', query = ''] = storeUrlShape.exec(text) ?? []
  const [, secure, kind] = /^redis(s)?(?:\+(sentinel|cluster))?:\/\/$/.exec(scheme) ?? []
  if (!scheme.startsWith('redis') || !isWellEscaped(`${user}${path}`)) return undefined
  const search = new URLSearchParams(query)
  const files = filesOf(search)
  if (files === undefined || (secure === undefined && Object.keys(files).length > 0)) return undefined
  const tls = secure === undefined ? null : files
  if (kind === undefined) {
    if (!/^rediss?:\/\/$/.test(scheme)) return undefined
    const url = `${scheme}${user}${hosts}${path}${withoutFiles(query)}`
    return URL.canParse(url) ? { kind: 'server', url, tls } : undefined
  }
  const all = {
    addresses: addressesOf(hosts, usualPorts[kind === 'cluster' ? kind : 'sentinel']),
    search,
    path,
    tls,
    login: loginOf(user),
  }
  return kind === 'sentinel' ? sentinel(all) : cluster(all)
}

/** The same URL with its files' names made absolute; what is no URL of Redis stays as it is. */
export function resolveRedisFiles(text: string, folder: string): string {
  if (!/^rediss/.test(text)) return text
  return text.replaceAll(
    /([?&](?:ca|cert|key)=)([^&#]*)/g,
    (_, name: string, value: string) => `${name}${encodeURIComponent(resolve(folder, plain(value)))}`,
  )
}

interface Parts {
  readonly addresses: readonly RedisAddress[] | undefined
  readonly search: URLSearchParams
  readonly path: string
  readonly tls: RedisTlsFiles | null
  readonly login: RedisLogin
}

function sentinel({ addresses, search, path, tls, login }: Parts): RedisUrl | undefined {
  const [, name = '', db = '0'] = /^\/([^/]+)(?:\/(\d{1,5}))?$/.exec(path) ?? []
  if (name === '' || addresses === undefined) return undefined
  const username = search.get('sentinel_username')
  const password = search.get('sentinel_password')
  return {
    kind: 'sentinel',
    sentinels: addresses,
    name: decodeURIComponent(name),
    db: Number(db),
    tls,
    ...login,
    ...(username !== null && { sentinelUsername: username }),
    ...(password !== null && { sentinelPassword: password }),
  }
}

/** A cluster has the database 0 only. */
function cluster({ addresses, search, path, tls, login }: Parts): RedisUrl | undefined {
  const isPlain = /^(?:|\/|\/0)$/.test(path)
  const isKnown = [...search.keys()].every((name) => fileNames.some((known) => known === name))
  if (addresses === undefined || !isPlain || !isKnown) return undefined
  return { kind: 'cluster', nodes: addresses, tls, ...login }
}

/** undefined: one is named twice, is empty, or a certificate without its key. */
function filesOf(search: URLSearchParams): RedisTlsFiles | undefined {
  const files: { ca?: string; cert?: string; key?: string } = {}
  for (const name of fileNames) {
    const [file, ...others] = search.getAll(name)
    if (others.length > 0 || file === '') return undefined
    if (file !== undefined) files[name] = file
  }
  return (files.cert === undefined) === (files.key === undefined) ? files : undefined
}

function withoutFiles(query: string): string {
  const kept = query
    .slice(1)
    .split('&')
    .filter((part) => part !== '' && !/^(?:ca|cert|key)=/.test(part))
  return kept.length > 0 ? `?${kept.join('&')}` : ''
}

function loginOf(user: string): RedisLogin {
  const [username = '', password = ''] = user.replace(/@$/, '').split(/:(.*)/s).map(decodeURIComponent)
  return { ...(username !== '' && { username }), ...(password !== '' && { password }) }
}

function isWellEscaped(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

/** As URLSearchParams reads a value. */
function plain(value: string): string {
  return new URLSearchParams(`v=${value}`).get('v') ?? ''
}

function addressesOf(hosts: string, usualPort: number): readonly RedisAddress[] | undefined {
  const all = hosts.split(',').map((text) => addressOf(text, usualPort))
  const good = all.filter((address) => address !== undefined)
  return good.length === all.length ? good : undefined
}

function addressOf(text: string, usualPort: number): RedisAddress | undefined {
  const [, host = '', port = usualPort] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text) ?? []
  if (host === '' || Number(port) > 65_535) return undefined
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}
