// Stage 3: host → API, method and path → route. Refused before any look-up.

import { denyUnknownHost, findRoute } from '../config/request/find-route.ts'
import type { Denial } from '../errors/denial.ts'
import { type Access, type Head, hasBody } from './access.ts'

/** Finds the API by host and the route by method and path (contract 5.3). */
export function matchRoute(access: Access): Denial | undefined {
  const { head, path } = access
  const host = access.table.matchHost(head.host)
  if (host === undefined) return denyUnknownHost(path)
  access.host = host
  const found = findRoute(host.api, {
    method: access.raw.method ?? '',
    path,
    preflightFor: preflightFor(head),
  })
  if (found.kind === 'denied') return found.denial
  if (found.kind === 'preflight') access.isPreflight = true
  else access.route = found.route
  return undefined
}

/** The method that a preflight asks for (Fetch standard, CORS-preflight fetch): of one origin, and without a body. */
export function preflightFor(head: Head): string | undefined {
  const { origin, requestMethod } = head
  if (requestMethod === undefined || origin === undefined || hasBody(head)) return undefined
  return origin === '' || origin.includes(',') ? undefined : requestMethod
}
