// Stage 3: host → API, method and path → route. Refused before any look-up.

import { type Denial, deny } from '../errors/denial.ts'
import type { Access } from './access.ts'

/** Finds the API by host and the route by method and path (contract 5.3). */
export function matchRoute(access: Access): Denial | undefined {
  const host = access.table.matchHost(access.head.host)
  if (host === undefined) return deny('UNKNOWN_HOST', 'unknown_host')
  access.host = host
  const method = access.raw.method ?? ''
  const match = host.api.matchRoute(method, access.path)
  if (match.kind === 'hidden_literal') return deny('INVALID_PATH', 'hidden_literal')
  if (match.kind === 'not_found') return deny('ROUTE_NOT_FOUND', 'route_not_found')
  access.isPreflight = isPreflight(access, method)
  if (access.isPreflight) return undefined
  if (match.kind === 'wrong_method') {
    return deny('METHOD_NOT_ALLOWED', 'method_not_allowed', { allow: match.allow })
  }
  access.route = match.route
  return undefined
}

/**
 * Fetch standard, CORS-preflight: OPTIONS with Origin and Access-Control-Request-Method, for a route that is listed.
 * It carries no key by design; it passes only where the API says `cors: upstream`.
 */
function isPreflight(access: Access, method: string): boolean {
  const { head, host } = access
  if (method !== 'OPTIONS' || host?.api.cors !== 'upstream') return false
  if (!head.hasOrigin || head.requestMethod === undefined) return false
  return host.api.matchRoute(head.requestMethod, access.path).kind === 'found'
}
