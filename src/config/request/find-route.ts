// Method and path → route of the API that the host belongs to, or why there is none. Pure.

import { type Denial, deny } from '../../errors/denial.ts'
import type { Api, Route } from '../compiled.ts'

export interface RouteQuestion {
  readonly method: string
  /** Judged unambiguous. */
  readonly path: string
  /** The method that a preflight asks for; undefined: the request is none. */
  readonly preflightFor: string | undefined
}

export type FoundRoute =
  | { readonly kind: 'route'; readonly route: Route }
  /** Fetch standard, CORS-preflight, for a method that is listed: it carries no key by design. */
  | { readonly kind: 'preflight' }
  | { readonly kind: 'denied'; readonly denial: Denial }

/**
 * Finds the route (contract 5.3). What the table lists is decided by what it requires, `OPTIONS` too; where it does not list
 * `OPTIONS` for a path, a preflight passes if the API says `cors: upstream`.
 */
export function findRoute(api: Api, { method, path, preflightFor }: RouteQuestion): FoundRoute {
  const match = api.matchRoute(method, path)
  if (match.kind === 'found') return { kind: 'route', route: match.route }
  if (match.kind === 'hidden_literal') return denied(deny('INVALID_PATH', 'hidden_literal'))
  if (match.kind === 'not_found') return denied(deny('ROUTE_NOT_FOUND', 'route_not_found'))
  if (method === 'OPTIONS' && passesPreflight(api, preflightFor, path)) return { kind: 'preflight' }
  return denied(deny('METHOD_NOT_ALLOWED', 'method_not_allowed', { allow: match.allow }))
}

function passesPreflight(api: Api, method: string | undefined, path: string): boolean {
  return api.cors === 'upstream' && method !== undefined && api.matchRoute(method, path).kind === 'found'
}

function denied(denial: Denial): FoundRoute {
  return { kind: 'denied', denial }
}
