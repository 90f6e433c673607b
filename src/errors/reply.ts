// The one place where an error becomes bytes: status, headers and body, whatever the way out
// (a stage, the upstream, Fastify's own handlers, the HTTP parser, the admin API).

import { type ErrorCode, entryOf } from './catalogue.ts'
import type { Denial } from './denial.ts'

/** How an API takes its key: decides which challenges a 401 or 403 carries. */
export interface Realm {
  readonly api: string
  readonly takesHeader: boolean
  readonly takesBearer: boolean
}

export interface ErrorContext {
  readonly requestId: string
  /** The client's Accept header, if it has come that far. */
  readonly accept?: string | undefined
  readonly realm?: Realm | undefined
}

const problemJson = 'application/problem+json'

export interface RenderedError {
  readonly status: number
  /** Flat name, value, name, value …: as `writeHead` takes it. Content-Length included. */
  readonly headers: string[]
  readonly body: string
  /** Each of its characters is one byte. */
  readonly isAscii: boolean
}

/** An error in the shape of contract 5: JSON, or RFC 9457 where the client prefers it. */
export function renderError(denial: Denial, context: ErrorContext): RenderedError {
  const entry = entryOf(denial.code)
  const isProblem = context.accept !== undefined && prefersProblemJson(context.accept)
  const body = bodyOf(denial, context.requestId, isProblem)
  const bytes = Buffer.byteLength(body)
  const headers = [
    'Content-Type',
    isProblem ? problemJson : 'application/json; charset=utf-8',
    'Content-Length',
    String(bytes),
    'Cache-Control',
    'no-store',
    'X-Request-Id',
    context.requestId,
    'X-Error-Source',
    'gateway',
  ]
  if (denial.allow) headers.push('Allow', denial.allow.join(', '))
  if (entry.retryAfterSeconds !== undefined) headers.push('Retry-After', String(entry.retryAfterSeconds))
  if (entry.challenge !== undefined && context.realm) pushChallenges(headers, context.realm, entry.challenge)
  return { status: entry.status, headers, body, isAscii: bytes === body.length }
}

/**
 * The body as JSON. Junk comes in floods, and the part before the request id is the same for all of it: it is written
 * once for each code.
 */
function bodyOf({ code, required, match, details }: Denial, requestId: string, isProblem: boolean): string {
  const beginnings = isProblem ? problemBeginnings : plainBeginnings
  let body = beginnings.get(code)
  if (body === undefined) beginnings.set(code, (body = beginningOf(code, isProblem)))
  body += plainId.test(requestId) ? `"${requestId}"` : JSON.stringify(requestId)
  if (required) body += `,"required":${JSON.stringify(required)}`
  if (match) body += `,"match":${JSON.stringify(match)}`
  if (details) body += `,"details":${JSON.stringify(details)}`
  return body + (isProblem ? '}' : '}}')
}

/** Holds nothing that JSON would escape: all ids of ours. */
const plainId = /^[A-Za-z0-9._-]*$/

const plainBeginnings = new Map<ErrorCode, string>()
const problemBeginnings = new Map<ErrorCode, string>()

function beginningOf(code: ErrorCode, isProblem: boolean): string {
  const { message, status } = entryOf(code)
  const members = isProblem ? { type: 'about:blank', title: message, status, code } : { code, message }
  return `${isProblem ? '' : '{"error":'}${JSON.stringify(members).slice(0, -1)},"request_id":`
}

/** RFC 9110 §11.6.1, RFC 6750 §3. API names are identifiers, so the quoted string needs no escapes. */
function pushChallenges(headers: string[], realm: Realm, error: string | null): void {
  if (realm.takesHeader) headers.push('WWW-Authenticate', `ApiKey realm="${realm.api}"`)
  if (realm.takesBearer) {
    const attribute = error === null ? '' : `, error="${error}"`
    headers.push('WWW-Authenticate', `Bearer realm="${realm.api}"${attribute}`)
  }
}

/**
 * Whether an Accept header ranks `application/problem+json`, by name, above JSON; of two with the same weight the
 * one named first wins. Wildcards get plain JSON.
 */
export function prefersProblemJson(accept: string): boolean {
  // The usual one is far shorter than the name.
  if (accept.length < problemJson.length || !/problem\+json/i.test(accept)) return false
  let problem = 0
  let json = 0
  for (const part of accept.split(',')) {
    const [range = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    const weight = weightOf(parameters)
    if (range === problemJson && weight > json) problem = Math.max(problem, weight)
    if (range === 'application/json' && weight > problem) json = Math.max(json, weight)
  }
  return problem > json
}

function weightOf(parameters: readonly string[]): number {
  const weight = parameters.find((text) => text.startsWith('q='))
  if (weight === undefined) return 1
  const value = Number(weight.slice(2))
  return value >= 0 && value <= 1 ? value : 0
}
