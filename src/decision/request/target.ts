// What may be asked for: the request target, judged as it came. What two parsers could read differently is refused, so
// that what was judged is what the upstream serves. Nothing here decodes for later use. Pure: the gateway and the tools
// that explain a table decide by the same lines.

import { type Denial, deny } from '../../errors/denial.ts'
import type { Limits } from '../../config/compiled.ts'
import type { Escapes } from '../../config/request/escapes.ts'
import { faultInPath } from '../../config/request/path.ts'
import type { PathFault, PathReason } from '../../config/request/path-fault.ts'

/** Refuses a target over the limit (contract 5.1). */
export function refuseLongTarget(target: string, limits: Pick<Limits, 'urlBytes'>): Denial | undefined {
  return target.length > limits.urlBytes ? deny('URI_TOO_LONG', 'url_bytes') : undefined
}

const absoluteForm = /^https?:\/\//i

/**
 * What a target asks of the host that the request names: an absolute-form target of that host (RFC 9112 §3.2.2) without its
 * scheme and authority, which are as in Host but for case; any other as it is. `OPTIONS` without a path means `*` (§3.2.4),
 * and stays. Nothing is decoded or put in order: what comes out is what is judged, and what is sent.
 */
export function originForm(target: string, host: string, method: string): string {
  if (target.charCodeAt(0) === slash) return target
  const [scheme] = absoluteForm.exec(target) ?? []
  if (scheme === undefined || host === '') return target
  const end = scheme.length + host.length
  if (target.slice(scheme.length, end).toLowerCase() !== host.toLowerCase()) return target
  if (target.length === end) return method === 'OPTIONS' ? target : '/'
  const next = target.charCodeAt(end)
  if (next === slash) return target.slice(end)
  return next === questionMark ? `/${target.slice(end)}` : target
}

export type JudgedTarget =
  | { readonly ok: true; readonly path: string }
  /** `path`: as far as there is one. `fault`: a private reason. `at`: its place in the target; undefined: there is no one. */
  | { readonly ok: false; readonly path: string; readonly fault: PathReason; readonly at: number | undefined }

/**
 * Judges a request target (contract 5.2): a plain path, perhaps with a query, and unambiguous. Left for the matcher to
 * judge, which knows the route: `escapes`, those that some route of the table takes.
 */
export function judgeTarget(target: string, escapes: Escapes = 0): JudgedTarget {
  if (target.charCodeAt(0) !== slash) return { ok: false, path: '', fault: 'not_origin_form', at: undefined }
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const fault = faultInPath(path, escapes) ?? (mark === -1 ? undefined : faultInQuery(target, mark + 1))
  return fault === undefined ? { ok: true, path } : { ok: false, path, fault: fault.reason, at: fault.at }
}

const slash = 0x2f
const questionMark = 0x3f

/** A query may hold anything but control bytes, raw non-ASCII and `#`; a space cannot occur in a target. */
function faultInQuery(target: string, start: number): PathFault | undefined {
  for (let i = start; i < target.length; i++) {
    const code = target.charCodeAt(i)
    if (code <= 0x20 || code >= 0x7f) return { reason: 'raw_byte_in_query', at: i }
    if (code === 0x23) return { reason: 'fragment', at: i }
  }
  return undefined
}
