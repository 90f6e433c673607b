// Pages of other origins (Fetch standard, CORS protocol): which of them may read an answer. A browser hides a refusal that
// does not say so, and the page sees a failed network instead of 401 or 429.
//
// Credentials mode is never allowed: keys travel in header fields that a page sets itself, not in cookies.

import type { Api, CorsRules } from '../../config/compiled.ts'
import { methods } from '../../config/template.ts'
import type { Denial } from '../../errors/denial.ts'
import type { Access } from '../access.ts'
import { endWork } from '../listener/overload.ts'
import { apiOfRefusal } from './refused-api.ts'
import { varyBy } from './shared-caches.ts'

/** Fields of ours that a page may read besides those that all may (Fetch, CORS-safelisted response-header name). */
const exposed = 'X-Request-Id, Retry-After, RateLimit, RateLimit-Policy'

/**
 * Flat fields that let the page which asked read a refusal; empty: it may not. undefined: no page asked, or the API has
 * nothing to do with other origins, and the answer is the same for all. Where only the upstream knows its origins, each may
 * read refusals: they hold nothing that the page has not sent.
 */
export function corsOfRefusal(access: Access, denial: Denial): readonly string[] | undefined {
  const { origin } = access.head
  if (origin === undefined) return undefined
  const cors = apiOfRefusal(access, denial)?.cors ?? 'off'
  if (cors === 'off') return undefined
  const allowed = cors === 'upstream' ? echoable(origin) : allowedBy(cors, origin)
  return allowed === undefined ? [] : originFields(allowed)
}

function originFields(allowed: string): string[] {
  return ['Access-Control-Allow-Origin', allowed, 'Access-Control-Expose-Headers', exposed]
}

/** An origin as browsers write it; of anything else nothing is repeated. */
function echoable(origin: string): string | undefined {
  return /^(?:null|[a-z][a-z0-9+.-]*:\/\/[A-Za-z0-9._:[\]-]+)$/.test(origin) ? origin : undefined
}

function allowedBy({ origins }: CorsRules, origin: string | undefined): string | undefined {
  if (origins === null) return '*'
  return origin !== undefined && origins.has(origin) ? origin : undefined
}

/**
 * Says in the head of an upstream's answer, flat, who may read it, in place of what the upstream says. The names of fields
 * that it exposes stay: only it knows them.
 */
export function tellPages(headers: string[], rules: CorsRules, origin: string | undefined): void {
  const names = takeCors(headers)
  // An answer that differs by origin says so to whoever asks: caches give it to the next one (Fetch, CORS protocol and
  // HTTP caches).
  if (rules.origins !== null) varyBy(headers, ['Origin'])
  const allowed = allowedBy(rules, origin)
  if (allowed === undefined) return
  headers.push('Access-Control-Allow-Origin', allowed)
  headers.push('Access-Control-Expose-Headers', names === '' ? exposed : `${exposed}, ${names}`)
}

/** Takes the fields of CORS out of a head; returns the names that they expose, as a list. */
function takeCors(headers: string[]): string {
  let names = ''
  let kept = 0
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? ''
    const value = headers[i + 1] ?? ''
    const lower = isLikeCors(name) ? name.toLowerCase() : ''
    if (lower === 'access-control-expose-headers' && value !== '')
      names = names === '' ? value : `${names}, ${value}`
    if (lower.startsWith('access-control-')) continue
    headers[kept] = name
    headers[kept + 1] = value
    kept += 2
  }
  headers.length = kept
  return names
}

/** By length and first letter: most names are told from these by that alone. */
function isLikeCors(name: string): boolean {
  return name.length > 15 && (name.charCodeAt(0) | 0x20) === 0x61
}

/** Answers a preflight for a listed route: which methods the path has, and what may be sent. */
export function answerPreflight(access: Access, { matchRoute }: Api, rules: CorsRules): void {
  const { reply, head, path, requestId } = access
  const headers = ['X-Request-Id', requestId]
  if (rules.origins !== null) headers.push('Vary', 'Origin')
  const allowed = allowedBy(rules, head.origin)
  if (allowed !== undefined) {
    const listed = methods.filter((method) => matchRoute(method, path).kind === 'found')
    headers.push('Access-Control-Allow-Origin', allowed, 'Access-Control-Allow-Methods', listed.join(', '))
    if (rules.allowHeaders !== '') headers.push('Access-Control-Allow-Headers', rules.allowHeaders)
    headers.push('Access-Control-Max-Age', rules.maxAgeSeconds)
  }
  access.status = 204
  if (access.server.isDraining) reply.shouldKeepAlive = false
  reply.writeHead(204, headers)
  reply.end()
  endWork(access)
}
