// What the sample upstream's routes are made of: a request as they see it, an answer, and the match of one to the other.

import { createHash } from 'node:crypto'

export interface SampleRequest {
  method: string
  /** Without the query. */
  path: string
  query: URLSearchParams
  /** Values of the template's parameters, decoded. */
  params: Record<string, string>
  /** The members of a JSON object in the body; empty for anything else, and for a body over 64 kB. */
  json: Record<string, unknown>
  /** Of the whole body, whatever its size. */
  bodyBytes: number
  isLive: boolean
}

export interface Answer {
  status: number
  body: Record<string, unknown>
}

export type Handler = (request: SampleRequest) => Answer

/** `METHOD /path/{parameter}/{rest...}` → handler. The first that matches is taken. */
export type Routes = Record<string, Handler>

/** The handler for a request and the values of its template's parameters; undefined if no route matches. */
export function findRoute(
  routes: Routes,
  method: string,
  path: string,
): { handler: Handler; params: Record<string, string> } | undefined {
  // HEAD is answered as GET is; node:http leaves the body out.
  const wanted = method === 'HEAD' ? 'GET' : method
  for (const [route, handler] of Object.entries(routes)) {
    const [routeMethod, template = ''] = route.split(' ')
    const params = routeMethod === wanted ? matchTemplate(template, path) : undefined
    if (params !== undefined) return { handler, params }
  }
  return undefined
}

/** 200 with the object. */
export function ok(body: Record<string, unknown>): Answer {
  return { status: 200, body }
}

/** 201 with the object. */
export function created(body: Record<string, unknown>): Answer {
  return { status: 201, body }
}

/** 200 with a page of objects. */
export function list(data: Record<string, unknown>[]): Answer {
  return ok({ object: 'list', data, has_more: false })
}

/** A whole number from `low` to `high` that is always the same for a text, so that an object looks alike in every answer. */
export function numberFrom(text: string, [low, high]: readonly [low: number, high: number]): number {
  return low + (createHash('sha256').update(text).digest().readUInt32BE() % (high - low + 1))
}

/** An id such as `re_5f0c…` that is always the same for a text. */
export function idFrom(prefix: string, text: string): string {
  return `${prefix}_${createHash('sha256').update(`${prefix}:${text}`).digest('hex').slice(0, 12)}`
}

/** A time in the autumn of 2026 that is always the same for a text (RFC 3339, UTC). */
export function timeFrom(text: string): string {
  const start = Date.UTC(2026, 8, 1)
  return new Date(start + numberFrom(text, [0, 60 * 86_400]) * 1000).toISOString().replace('.000', '')
}

/** The value of the template's `{id}`. */
export function idOf(params: Record<string, string>): string {
  return params['id'] ?? ''
}

/** A member of a JSON body, if it is text. */
export function textIn(json: Record<string, unknown>, name: string): string | undefined {
  const value = json[name]
  return typeof value === 'string' ? value : undefined
}

function matchTemplate(template: string, path: string): Record<string, string> | undefined {
  const wanted = template.split('/')
  const given = path.split('/')
  const params: Record<string, string> = {}
  for (const [i, segment] of wanted.entries()) {
    const name = /^\{(\w+)(\.\.\.)?\}$/.exec(segment)
    if (name?.[2] !== undefined) {
      params[name[1] ?? ''] = given.slice(i).map(decode).join('/')
      return given.length > i ? params : undefined
    }
    const value = given[i]
    if (value === undefined || (name === null ? value !== segment : value === '')) return undefined
    if (name?.[1] !== undefined) params[name[1]] = decode(value)
  }
  return given.length === wanted.length ? params : undefined
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
