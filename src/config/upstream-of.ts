// Which upstream a request goes to: its route's own, or else its environment's. Pure.

import type { ApiEnvironment, Route } from './compiled.ts'

/** The upstream's name. `route` undefined: a request that has none, and passes. */
export function upstreamOf(environment: ApiEnvironment, route: Route | undefined): string {
  const own = route === undefined ? null : route.upstream
  if (own === null) return environment.upstream
  if (typeof own === 'string') return own
  for (const [name, upstream] of own) if (name === environment.name) return upstream
  // Every environment of its API is among them (check-upstreams.ts).
  throw new Error(`the route has no upstream for ${environment.name}`)
}
