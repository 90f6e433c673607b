// What is denied, ready to be asked of each request. One immutable value, swapped whole; null where nothing is denied.

import { isIPv4 } from 'node:net'
import { type DenyEntries, denyKinds } from '../config/deny.ts'
import { prefixMatcher, type Secret } from '../credentials/secret.ts'
import type { Grant } from './principal.ts'
import { addressMatcher } from '../config/request/addresses.ts'

export interface DenyList {
  hasKey(id: string): boolean
  hasMerchant(id: string): boolean
  hasPrefixOf(secret: Secret): boolean
  hasClient(address: string): boolean
  /** The grant without what nobody holds; the same one where it loses nothing. */
  withheld(grant: Grant): Grant
}

/** Makes the list; null: nothing is denied. */
export function createDenyList(entries: DenyEntries): DenyList | null {
  if (denyKinds.every((kind) => entries[kind].size === 0)) return null
  const { key, merchant, permission } = entries
  const lessened = new WeakMap<Grant, Grant>()
  return {
    hasKey: (id) => key.has(id),
    hasMerchant: (id) => merchant.has(id),
    hasPrefixOf: entries.prefix.size === 0 ? () => false : prefixMatcher(entries.prefix),
    hasClient: clientMatcher(entries.client),
    withheld(grant) {
      if (permission.size === 0) return grant
      let less = lessened.get(grant)
      if (less === undefined) lessened.set(grant, (less = without(grant, permission)))
      return less
    },
  }
}

/** Single IPv4 addresses, which a list holds most of, are looked up; all else is compared one by one. */
function clientMatcher(clients: ReadonlySet<string>): (address: string) => boolean {
  if (clients.size === 0) return () => false
  const others = [...clients].filter((client) => !isIPv4(client))
  const isInOthers = addressMatcher(others)
  const isInAny = addressMatcher([...clients])
  return (address) => {
    if (clients.has(address)) return true
    if (isIPv4(address)) return others.length > 0 && isInOthers(address)
    // A zone says by which interface it came; and IPv6 has several spellings, also for IPv4.
    return isInAny(address.replace(/%.*$/, ''))
  }
}

function without(grant: Grant, denied: ReadonlySet<string>): Grant {
  const held = [...grant.held].filter((name) => !denied.has(name))
  if (held.length === grant.held.size) return grant
  return { held: new Set(held), permissionsHeader: held.join(',') }
}
