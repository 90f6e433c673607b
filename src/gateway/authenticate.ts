// Stage 6: the key. Everything that is wrong with it gives one same answer; the reason is for log and metric.
// A store that cannot be asked is no reason to say that a key is wrong.

import { performance } from 'node:perf_hooks'
import type { Api, HostMatch } from '../config/compiled.ts'
import { expandPermissions } from '../credentials/permission.ts'
import { type CredentialRecord, whyUnusable } from '../credentials/record.ts'
import { digestOf, isPresentable, isWellFormed, type Secret } from '../credentials/secret.ts'
import { type Denial, deny } from '../errors/denial.ts'
import type { Found, Lookup } from '../lookup/chain.ts'
import type { Access, Grant, Stage } from './access.ts'
import type { Misses } from './misses.ts'
import type { Pacer } from './pacing.ts'

export interface AuthenticateDeps {
  readonly lookup: Lookup
  readonly misses: Misses
  /** Refusals of unknown keys: those that a store was asked for, and the others. */
  readonly pacers: { readonly asked: Pacer; readonly unasked: Pacer }
  /** Wall-clock milliseconds. */
  readonly now: () => number
}

/** Looks the key up and makes the principal (contract 5.6). Synchronous when the key is in memory. */
export function authenticate(deps: AuthenticateDeps): Stage {
  const grantOf = createGrants()
  const { asked, unasked } = deps.pacers

  function conclude(access: Access, host: HostMatch, found: Found): ReturnType<Stage> {
    if (found.kind === 'unavailable') return deny('AUTH_UNAVAILABLE', found.reason)
    access.tier = found.tier
    if (found.kind === 'unknown') {
      deps.misses.count(access.client)
      return hold(access, deny('INVALID_API_KEY', 'unknown'), found.tier === 'memory' ? unasked : asked)
    }
    const { record } = found
    const mismatch = whyMismatched(access, host, record)
    // Permissions are those of the key's own API.
    if (mismatch !== undefined) return deny('INVALID_API_KEY', mismatch)
    // The log may name the key also when it is refused.
    access.principal = { record, grant: grantOf(host.api, record.permissions) }
    const reason = whyUnusable(record, deps.now())
    return reason === undefined ? undefined : deny('INVALID_API_KEY', reason)
  }

  return (access) => {
    const { credential, host } = access
    if (credential === undefined || host === undefined) return undefined
    const fault = faultInShape(access, host.api, credential)
    if (fault !== undefined) return deny('INVALID_API_KEY', fault)
    const digest = digestOf(credential)
    if (deps.misses.isOver(access.client) && deps.lookup.findInMemory(digest)?.kind !== 'known') {
      return hold(access, deny('TOO_MANY_REQUESTS', 'failed_lookups'), unasked)
    }
    const found = deps.lookup.find(digest)
    return found instanceof Promise
      ? found.then((late) => conclude(access, host, late))
      : conclude(access, host, found)
  }
}

/** Refuses when it is this refusal's turn. It is noted first: who does not wait for it was refused all the same. */
function hold(access: Access, denial: Denial, pacer: Pacer): ReturnType<Stage> {
  access.denial = denial
  const paced = pacer.pace(denial)
  if (!(paced instanceof Promise)) return paced
  access.heldSince = performance.now()
  return paced.then((due) => {
    access.heldMs = performance.now() - access.heldSince
    access.heldSince = 0
    return due
  })
}

/** What can be told of a key without asking anybody. */
function faultInShape(access: Access, api: Api, key: Secret): string | undefined {
  if (access.environment !== undefined && isWellFormed(key, access.environment.prefix)) return undefined
  if (api.legacyKeys) return isPresentable(key) ? undefined : 'malformed'
  return access.environment === undefined ? 'unknown_prefix' : 'malformed'
}

/** The record must be of this API, and of the environment that the prefix (or, without one, the host) allows. */
function whyMismatched(access: Access, host: HostMatch, record: CredentialRecord): string | undefined {
  if (record.api !== host.api.name) return 'other_api'
  access.environment ??= host.environments.find((environment) => environment.name === record.environment)
  return access.environment?.name === record.environment ? undefined : 'other_environment'
}

/**
 * What permissions as recorded give on an API: worked out once for each list, which all records that hold the same share
 * (lookup/compact.ts). An API belongs to one table, and takes its grants with it.
 */
function createGrants(): (api: Api, permissions: readonly string[]) => Grant {
  const byApi = new WeakMap<Api, WeakMap<readonly string[], Grant>>()
  return (api, permissions) => {
    let grants = byApi.get(api)
    if (grants === undefined) byApi.set(api, (grants = new WeakMap()))
    let grant = grants.get(permissions)
    if (grant === undefined) {
      const held = expandPermissions(permissions, [...api.permissions.keys()])
      grant = { held: new Set(held), permissionsHeader: held.join(',') }
      grants.set(permissions, grant)
    }
    return grant
  }
}
