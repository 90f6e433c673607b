// The one place where an error becomes bytes: status, headers and body, whatever the way out
// (a stage, the upstream, Fastify's own handlers, the HTTP parser, the admin API).

import { prefersProblemJson, problemJson } from './accept.ts'
import { type ErrorCode, entryOf } from './catalogue.ts'
import type { Denial } from './denial.ts'

/** An API by what decides which challenges a 401 or 403 carries. One object an API: its challenges are kept with it. */
export interface Realm {
  readonly name: string
  readonly credential: { readonly header: string | null; readonly bearer: boolean }
  /** URL of what is said of it as a resource (RFC 9728 §5.1); null, or left out: there is nothing. */
  readonly resourceMetadata?: string | null
}

export interface ErrorContext {
  readonly requestId: string
  /** The client's Accept header, if it has come that far. */
  readonly accept?: string | undefined
  readonly realm?: Realm | undefined
  /** The request came with a proof of possession, or should have: how that may be signed, with blanks between (RFC 9449 §7.1). */
  readonly proofAlgorithms?: string | undefined
  /** URL of what is said about errors, `{code}` for the code; null, or left out: there is none. */
  readonly docs?: string | null | undefined
}

/** Where people read about a code; undefined: nowhere. */
export function docUrl(docs: string | null | undefined, code: ErrorCode): string | undefined {
  return docs?.replaceAll('{code}', code)
}

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
  const { body, bytes } = bodyOf(denial, context, isProblem)
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
  const retryAfterSeconds = denial.retryAfterSeconds ?? entry.retryAfterSeconds
  if (retryAfterSeconds !== undefined) headers.push('Retry-After', String(retryAfterSeconds))
  if (entry.challenge !== undefined && context.realm) {
    for (const text of challengesOf(context.realm, entry.challenge)) headers.push(text)
    if (context.proofAlgorithms !== undefined) {
      const attribute = entry.challenge === null ? '' : `, error="${entry.challenge}"`
      const more = `, algs="${context.proofAlgorithms}"${metadataOf(context.realm)}`
      const challenge = `DPoP realm="${context.realm.name}"${attribute}${more}`
      headers.push('WWW-Authenticate', challenge)
    }
  }
  return { status: entry.status, headers, body, isAscii: bytes === body.length }
}

interface Text {
  readonly body: string
  /** Length as UTF-8. */
  readonly bytes: number
}

/**
 * The body as JSON. Junk comes in floods, and the part before the request id is the same for all of it: it is written
 * and measured once for each code.
 */
function bodyOf(denial: Denial, { requestId, docs }: ErrorContext, isProblem: boolean): Text {
  const beginnings = isProblem ? problemBeginnings : plainBeginnings
  let beginning = beginnings.get(denial.code)
  if (beginning === undefined) beginnings.set(denial.code, (beginning = beginningOf(denial.code, isProblem)))
  const isPlain = plainId.test(requestId)
  const url = docUrl(docs, denial.code)
  const more = (isProblem ? problemMembers(denial, url) : '') + furtherMembers(denial, url)
  const rest = `${isPlain ? `"${requestId}"` : JSON.stringify(requestId)}${more}${isProblem ? '}' : '}}'}`
  const bytes = isPlain && more === '' ? rest.length : Buffer.byteLength(rest)
  return { body: beginning.body + rest, bytes: beginning.bytes + bytes }
}

/** RFC 9457 §3.1: the page about it names the kind of problem; what is known of this one is its detail. */
function problemMembers({ code, hint }: Denial, url: string | undefined): string {
  return `,"type":${JSON.stringify(url ?? 'about:blank')},"detail":${JSON.stringify(hint ?? entryOf(code).message)}`
}

function furtherMembers({ hint, required, match, madeAt, details }: Denial, url: string | undefined): string {
  let members = ''
  if (hint) members += `,"hint":${JSON.stringify(hint)}`
  if (url !== undefined) members += `,"doc_url":${JSON.stringify(url)}`
  if (required) members += `,"required":${JSON.stringify(required)}`
  if (match) members += `,"match":${JSON.stringify(match)}`
  if (madeAt !== undefined) members += `,"made_at":${JSON.stringify(madeAt)}`
  if (details) members += `,"details":${JSON.stringify(details)}`
  return members
}

/** ASCII that JSON would not escape: all ids of ours. */
const plainId = /^[A-Za-z0-9._-]*$/

const plainBeginnings = new Map<ErrorCode, Text>()
const problemBeginnings = new Map<ErrorCode, Text>()

function beginningOf(code: ErrorCode, isProblem: boolean): Text {
  const { message, status } = entryOf(code)
  const members = isProblem ? { title: message, status, code } : { code, message }
  const body = `${isProblem ? '' : '{"error":'}${JSON.stringify(members).slice(0, -1)},"request_id":`
  return { body, bytes: Buffer.byteLength(body) }
}

/** By realm, then by the error attribute. */
const knownChallenges = new WeakMap<Realm, Map<string | null, readonly string[]>>()

/** Flat name, value, name, value …; written once: Node looks at each value that it is given, and takes long over a new one. */
function challengesOf(realm: Realm, error: string | null): readonly string[] {
  let known = knownChallenges.get(realm)
  if (known === undefined) knownChallenges.set(realm, (known = new Map()))
  let challenges = known.get(error)
  if (challenges === undefined) known.set(error, (challenges = writeChallenges(realm, error)))
  return challenges
}

/** RFC 9110 §11.6.1, RFC 6750 §3. API names are identifiers, so the quoted string needs no escapes. */
function writeChallenges(realm: Realm, error: string | null): readonly string[] {
  const { name, credential } = realm
  const challenges: string[] = []
  if (credential.header !== null) challenges.push('WWW-Authenticate', `ApiKey realm="${name}"`)
  if (credential.bearer) {
    const attribute = error === null ? '' : `, error="${error}"`
    challenges.push('WWW-Authenticate', `Bearer realm="${name}"${attribute}${metadataOf(realm)}`)
  }
  return challenges
}

/** RFC 9728 §5.1. A URL of the configuration, so it needs no escapes. */
function metadataOf({ resourceMetadata: url }: Realm): string {
  return url === null || url === undefined ? '' : `, resource_metadata="${url}"`
}
