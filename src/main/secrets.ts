// What the process takes from the environment besides the config files: its secrets.

import { type AdminTokens, parseAdminTokens } from '../control/operator.ts'
import { cacheKeysOf } from '../lookup/seal.ts'
import type { Role } from './core.ts'
import { StartError } from './start-error.ts'

export interface ProcessSecrets {
  readonly tokens: AdminTokens
  /** One, or several with commas between, of which the first one writes; '' where Redis is not used. */
  readonly cacheKey: string
  /** What secrets that must be readable again are sealed with: with the first; all open. May be empty. */
  readonly sealKeys: readonly string[]
}

/** Reads them; throws a StartError that names the variable and the mend. `warn` takes what should be mended, too. */
export function readSecrets(
  env: Readonly<Record<string, string | undefined>>,
  needs: { readonly role: Role; readonly usesRedis: boolean },
  warn: (message: string) => void,
): ProcessSecrets {
  return {
    tokens: needs.role === 'gateway' ? [] : adminTokens(env.LATCHKEY_ADMIN_TOKEN),
    cacheKey: needs.usesRedis ? cacheKey(env.LATCHKEY_CACHE_KEY, warn) : '',
    sealKeys: needs.role === 'gateway' ? [] : sealKeysOf(env),
  }
}

function adminTokens(text: string | undefined): AdminTokens {
  if (text === undefined || text === '') {
    throw new StartError(
      'LATCHKEY_ADMIN_TOKEN is not set: the control plane needs one. Make one with `openssl rand -hex 32`.',
    )
  }
  const parsed = parseAdminTokens(text)
  if (parsed.kind === 'fault') throw new StartError(parsed.fault)
  return parsed.tokens
}

/** LATCHKEY_SEAL_KEY, one or several, and behind it the cache's, which seals where the former is not set. */
function sealKeysOf(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const { LATCHKEY_SEAL_KEY: own = '', LATCHKEY_CACHE_KEY: cache = '' } = env
  const keys = own === '' ? [] : own.split(',')
  if (keys.some((key) => key.length < shortCacheKey)) {
    throw new StartError(
      `LATCHKEY_SEAL_KEY has a key of fewer than ${shortCacheKey} characters: it is \`new,old\`, or one key. ` +
        'Make one with `openssl rand -hex 32`.',
    )
  }
  return [...keys, ...cacheKeysOf(cache).filter((key) => key !== '')]
}

/** Half of what `openssl rand -hex 32` gives: 128 bits, written in hex. */
const shortCacheKey = 32

function cacheKey(text: string | undefined, warn: (message: string) => void): string {
  if (text === undefined || text === '') {
    throw new StartError(
      'LATCHKEY_CACHE_KEY is not set: what goes through Redis is sealed with it, the same on all instances. ' +
        'Make one with `openssl rand -hex 32`.',
    )
  }
  const keys = cacheKeysOf(text)
  if (keys.includes('')) {
    throw new StartError(
      'LATCHKEY_CACHE_KEY has an empty key in its list: it is `new,old`, or one key, without a comma at its ends.',
    )
  }
  if (keys.some((key) => key.length < shortCacheKey)) {
    warn(
      `LATCHKEY_CACHE_KEY is shorter than ${shortCacheKey} characters: whoever can read Redis may find it by trying, ` +
        'and could then make keys valid. Make one with `openssl rand -hex 32`.',
    )
  }
  return text
}
