// Stage 3: host → API, method and path → route. Refused before any look-up.

import { denyUnknownHost, findRoute } from './request/find-route.ts'
import { type Head, hasBody } from './request/head.ts'
import type { Denial } from '../errors/denial.ts'
import type { Inquiry } from './inquiry.ts'

/** Finds the API by host and the route by method and path (contract 5.3). */
export function matchRoute(inquiry: Inquiry): Denial | undefined {
  const { head, path } = inquiry
  const host = inquiry.table.matchHost(head.host)
  if (host === undefined) return denyUnknownHost(path)
  inquiry.host = host
  const found = findRoute(host.api, {
    method: inquiry.method,
    path,
    preflightFor: preflightFor(head),
  })
  if (found.kind === 'denied') return found.denial
  if (found.kind === 'preflight') {
    inquiry.isPreflight = true
    inquiry.preflightRoute = found.route
  } else inquiry.route = found.route
  return undefined
}

/** The method that a preflight asks for (Fetch standard, CORS-preflight fetch): of one origin, and without a body. */
export function preflightFor(head: Head): string | undefined {
  const { origin, requestMethod } = head
  if (requestMethod === undefined || origin === undefined || hasBody(head)) return undefined
  return origin === '' || origin.includes(',') ? undefined : requestMethod
}
