// What Host says to an upstream in requests that no client has made: of the probe, and of checks. Pure.

import type { Api, ApiEnvironment, Table, Upstream } from './compiled.ts'
import { hostValueOf } from './hosts.ts'
import { upstreamOf } from './upstream-of.ts'

/** Host as clients say it, where the upstream is told so; else `own`, the upstream's. */
export function hostFor(upstream: Upstream, { apis }: Pick<Table, 'apis'>, own: string): string {
  if (upstream.preserveHost) {
    for (const api of apis.values()) {
      for (const environment of api.environments) {
        const host = environment.hosts.find((name) => name !== '*')
        if (host !== undefined && goesTo(upstream.name, environment, api)) return hostValueOf(host)
      }
    }
  }
  return own
}

function goesTo(upstream: string, environment: ApiEnvironment, { routes }: Api): boolean {
  if (environment.upstream === upstream) return true
  return routes.some((route) => route.upstream !== null && upstreamOf(environment, route) === upstream)
}
