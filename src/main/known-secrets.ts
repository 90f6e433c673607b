// Secrets that stood in files of this repository, where anybody reads them. A program that others reach must not start
// with one: whoever knows it makes keys, or makes Redis say that a key is valid.

import { isLoopback } from '../config/address.ts'
import type { Settings } from '../config/compiled.ts'
import { parseRedisUrl } from '../config/redis-url.ts'
import { parsePostgresUrl } from '../config/store-url.ts'
import { cacheKeysOf } from '../lookup/seal.ts'
import { StartError } from './start-error.ts'

const adminTokens = ['development-admin-token-0123456789abcdef']
const cacheKeys = ['development-cache-key-0123456789abcdef']
const databasePasswords = ['development']

const mend = 'Make one of your own with `openssl rand -hex 32`.'

/** Throws a StartError that names the variable, why, and the mend; not where all is on this machine alone. */
export function refuseKnownSecrets(
  env: Readonly<Record<string, string | undefined>>,
  settings: Pick<Settings, 'gateway' | 'control' | 'postgres' | 'redis'>,
): void {
  const place = openPlaceOf(settings)
  const tokens = (env.LATCHKEY_ADMIN_TOKEN ?? '')
    .split(',')
    .map((entry) => entry.slice(entry.indexOf(':') + 1))
  const fault = (name: string) =>
    new StartError(
      `${name} is a default that everybody can read, and ${place} is reached from elsewhere. ${mend}`,
    )
  if (place === undefined) return
  if (tokens.some((token) => adminTokens.includes(token.trim()))) throw fault('LATCHKEY_ADMIN_TOKEN')
  if (cacheKeysOf(env.LATCHKEY_CACHE_KEY ?? '').some((key) => cacheKeys.includes(key)))
    throw fault('LATCHKEY_CACHE_KEY')
  const { postgres } = settings
  if (postgres.kind === 'url' && hasKnownPassword(postgres.url)) throw fault('The password of the database')
}

/** The first part that is not on loopback; undefined: all are. */
function openPlaceOf({ gateway, control, postgres, redis }: Parameters<typeof refuseKnownSecrets>[1]) {
  const places: readonly (readonly [string, readonly string[]])[] = [
    ['gateway.host', [gateway.host]],
    ['control.host', [control.host]],
    ['the database', postgres.kind === 'url' ? postgresHosts(postgres.url) : []],
    ['Redis', redis.kind === 'url' ? redisHosts(redis.url) : []],
  ]
  return places.find(([, hosts]) => !hosts.every(isLoopback))?.[0]
}

function postgresHosts(url: string): readonly string[] {
  return (parsePostgresUrl(url)?.urls ?? []).map((one) => new URL(one).hostname)
}

function redisHosts(url: string): readonly string[] {
  const parsed = parseRedisUrl(url)
  if (parsed === undefined) return []
  if (parsed.kind === 'server') return [new URL(parsed.url).hostname]
  return (parsed.kind === 'sentinel' ? parsed.sentinels : parsed.nodes).map(({ host }) => host)
}

function hasKnownPassword(url: string): boolean {
  return (parsePostgresUrl(url)?.urls ?? []).some((one) => databasePasswords.includes(new URL(one).password))
}
