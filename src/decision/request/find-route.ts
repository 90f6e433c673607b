// Method and path → route of the API that the host belongs to, or why there is none. Pure.

import { type Denial, deny } from '../../errors/denial.ts'
import type { Api, Route } from '../../config/compiled.ts'
import { faultInEscapes } from '../../config/request/escapes.ts'
import { denyPath } from '../../config/request/path-fault.ts'

export interface RouteQuestion {
  readonly method: string
  /** Judged unambiguous but for escapes that routes take. */
  readonly path: string
  /** The method that a preflight asks for; undefined: the request is none. */
  readonly preflightFor: string | undefined
}

export type FoundRoute =
  | { readonly kind: 'route'; readonly route: Route }
  /** Fetch standard, CORS-preflight fetch, for a method that is listed: it carries no key by design. */
  | { readonly kind: 'preflight'; readonly route: Route }
  | { readonly kind: 'denied'; readonly denial: Denial }

/**
 * Finds the route (contract 5.3). What the table lists is decided by what it requires, `OPTIONS` too; where it does not list
 * `OPTIONS` for a path, a preflight passes if the API says `cors: upstream`. Where the gateway itself answers preflights, it
 * answers all of them: what the upstream says of CORS reaches nobody there.
 */
export function findRoute(api: Api, { method, path, preflightFor }: RouteQuestion): FoundRoute {
  const asked = method === 'OPTIONS' && api.cors !== 'off' ? listedRoute(api, preflightFor, path) : undefined
  if (asked !== undefined && api.cors !== 'upstream') return { kind: 'preflight', route: asked }
  const match = api.matchRoute(method, path)
  if (match.kind === 'found') return { kind: 'route', route: match.route }
  if (match.kind === 'hidden_literal') return denied(denyPath({ reason: match.kind, at: match.at }))
  if (match.kind === 'refused_escape') return denied(denyPath(match.fault))
  if (match.kind === 'not_found') return denied(deny('ROUTE_NOT_FOUND', 'route_not_found'))
  if (asked !== undefined) return { kind: 'preflight', route: asked }
  return denied(deny('METHOD_NOT_ALLOWED', 'method_not_allowed', { allow: match.allow }))
}

/** The refusal of a path on a host that no API has: of its escapes, if it holds some that only a route could take. */
export function denyUnknownHost(path: string): Denial {
  const fault = faultInEscapes(path, 0)
  return fault === undefined ? deny('UNKNOWN_HOST', 'unknown_host') : denyPath(fault)
}

function listedRoute(api: Api, method: string | undefined, path: string): Route | undefined {
  if (method === undefined) return undefined
  const match = api.matchRoute(method, path)
  return match.kind === 'found' ? match.route : undefined
}

function denied(denial: Denial): FoundRoute {
  return { kind: 'denied', denial }
}
