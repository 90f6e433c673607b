// Stage 6: the key. Everything that is wrong with it gives one same answer; the reason is for log and metric.
// A store that cannot be asked is no reason to say that a key is wrong.

import type { Api, HostMatch } from '../config/compiled.ts'
import { expandPermissions } from '../credentials/permission.ts'
import { type CredentialRecord, whyUnusable } from '../credentials/record.ts'
import { digestOf, isPresentable, isSigned, isWellFormed, type Secret } from '../credentials/secret.ts'
import { deny } from '../errors/denial.ts'
import type { Reason } from '../errors/reasons.ts'
import type { Found, Lookup } from '../lookup/found.ts'
import type { Issuers } from '../lookup/issuer/checked-token.ts'
import type { Inquiry, Stage } from './inquiry.ts'
import type { Grant } from './principal.ts'
import type { Misses } from './misses.ts'
import { outsideAuthenticator } from './outside-token.ts'

export interface AuthenticateDeps {
  readonly lookup: Lookup
  readonly issuers: Issuers
  readonly misses: Misses
  /** Wall-clock milliseconds. */
  readonly now: () => number
}

/** Looks the key up and makes the principal (contract 5.6). Synchronous when the key is in memory. */
export function authenticate({ lookup, issuers, misses, now }: AuthenticateDeps): Stage {
  const grantOf = createGrants()
  const authenticateOutside = outsideAuthenticator({ lookup, issuers, misses, now, grantOf })

  function conclude(inquiry: Inquiry, host: HostMatch, found: Found): ReturnType<Stage> {
    if (found.kind === 'unavailable') return deny('AUTH_UNAVAILABLE', found.reason)
    inquiry.tier = found.tier
    if (found.kind === 'unknown') {
      // Who has used up its minute is told so, looked up or not.
      if (misses.isOver(inquiry.client)) return deny('TOO_MANY_REQUESTS', 'failed_lookups')
      misses.count(inquiry.client)
      return deny('INVALID_API_KEY', 'unknown')
    }
    const { record } = found
    const mismatch = whyMismatched(inquiry, host, record)
    // Permissions are those of the key's own API.
    if (mismatch !== undefined) return deny('INVALID_API_KEY', mismatch)
    // The log may name the key also when it is refused.
    inquiry.principal = { record, grant: grantOf(host.api, record.permissions) }
    const reason = whyUnusable(record, now())
    return reason === undefined ? undefined : deny('INVALID_API_KEY', reason)
  }

  return (inquiry) => {
    const { credential, host } = inquiry
    if (credential === undefined || host === undefined) return undefined
    const settings = host.api.jwt
    if (settings !== null && isSigned(credential))
      return authenticateOutside(inquiry, { host, settings, token: credential })
    const fault = faultInShape(inquiry, host.api, credential)
    if (fault !== undefined) return deny('INVALID_API_KEY', fault)
    const digest = digestOf(credential)
    if (misses.isOver(inquiry.client)) {
      const known = lookup.findInMemory(digest)?.kind
      if (known === 'unknown' || (known === undefined && !misses.mayStill(inquiry.client)))
        return deny('TOO_MANY_REQUESTS', 'failed_lookups')
    }
    const found = lookup.find(digest)
    return found instanceof Promise
      ? found.then((late) => conclude(inquiry, host, late))
      : conclude(inquiry, host, found)
  }
}

type KeyReason = Reason<'INVALID_API_KEY'>

/** What can be told of a key without asking anybody. */
function faultInShape(inquiry: Inquiry, api: Api, key: Secret): KeyReason | undefined {
  if (inquiry.environment !== undefined && isWellFormed(key, inquiry.environment.prefix)) return undefined
  if (api.legacyKeys) return isPresentable(key) ? undefined : 'malformed'
  return inquiry.environment === undefined ? 'unknown_prefix' : 'malformed'
}

/** The record must be of this API, and of the environment that the prefix (or, without one, the host) allows. */
function whyMismatched(inquiry: Inquiry, host: HostMatch, record: CredentialRecord): KeyReason | undefined {
  if (record.api !== host.api.name) return 'other_api'
  if (record.token !== null && host.api.oauth === null) return 'tokens_not_taken'
  inquiry.environment ??= host.environments.find((environment) => environment.name === record.environment)
  return inquiry.environment?.name === record.environment ? undefined : 'other_environment'
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
