// Host → API and the environments that the host allows. An exact host beats `*`.

import { isIPv6 } from 'node:net'
import type { Api, ApiEnvironment, HostMatch } from './compiled.ts'

/**
 * A host as it is compared: lower-case, without port, brackets of an IPv6 address and one trailing dot.
 * `API.flintn.com.:8080` → `api.flintn.com`, `[::1]:80` → `::1`.
 */
export function normalizeHost(host: string): string {
  if (host.startsWith('[')) {
    const end = host.indexOf(']')
    return (end === -1 ? host : host.slice(1, end)).toLowerCase()
  }
  const colon = host.indexOf(':')
  // Two colons and no brackets: an IPv6 address as configured, which has no port.
  const end = colon === -1 || host.includes(':', colon + 1) ? host.length : colon
  const name = host.slice(0, end)
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()
}

/** The host table of all APIs; a host belongs to one API (checked before). */
export function createHostMatcher(apis: Iterable<Api>): (host: string) => HostMatch | undefined {
  const matches = new Map<string, { api: Api; environments: [ApiEnvironment, ...ApiEnvironment[]] }>()
  for (const api of apis) {
    for (const environment of api.environments) {
      for (const host of environment.hosts) {
        const match = matches.get(host)
        if (match) match.environments.push(environment)
        else matches.set(host, { api, environments: [environment] })
      }
    }
  }
  const anyHost = matches.get('*')
  matches.delete('*')
  return (host) => matches.get(host) ?? matches.get(normalizeHost(host)) ?? anyHost
}

/** What a Host field says of a listed host; for `*` a name that nobody can list. */
export function hostValueOf(listed: string): string {
  if (listed === '*') return '*.invalid'
  return isIPv6(listed) ? `[${listed}]` : listed
}

/** RFC 9110 §7.2: uri-host [":" port]. No user info, no path, no list. */
export function isHostValue(host: string): boolean {
  return /^(?:[A-Za-z0-9._~!$&'()*+=-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/.test(host)
}

/** A name as the configuration lists it, an IPv6 address with or without brackets, or `*`. */
export function isHostName(host: string): boolean {
  // Labels apart from dots: an expression that could read one text in many ways would take for ever over a slip.
  if (host === '*' || /^[A-Za-z0-9_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*\.?$/.test(host)) return true
  return isIPv6(host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host)
}
