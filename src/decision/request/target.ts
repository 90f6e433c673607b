// What may be asked for: the request target, judged as it came. What two parsers could read differently is refused, so
// that what was judged is what the upstream serves. Nothing here decodes for later use. Pure: the gateway and the tools
// that explain a table decide by the same lines.

import { type Denial, deny } from '../../errors/denial.ts'
import type { Limits } from '../../config/compiled.ts'
import { type Escapes, permits } from '../../config/request/escapes.ts'
import type { PathFault, PathReason } from '../../config/request/path-fault.ts'
import { hexValue, isDotSegment } from '../../config/request/percent-encoding.ts'

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
const percent = 0x25

/** What is wrong with a path; undefined: it is unambiguous but for `escapes`. Pure, total. */
function faultInPath(path: string, escapes: Escapes): PathFault | undefined {
  let segmentStart = 1
  let hasEscapes = false
  for (let i = 1; i < path.length; i++) {
    const code = path.charCodeAt(i)
    if (code === slash) {
      if (i === segmentStart) return { reason: 'empty_segment', at: i - 1 }
      if (isDotSegment(path, segmentStart, i)) return { reason: 'dot_segment', at: segmentStart }
      segmentStart = i + 1
    } else if (code === percent) {
      const reason = faultInEscape(path, i, escapes)
      if (reason !== undefined) return { reason, at: i }
      hasEscapes = true
      i += 2
    } else {
      const reason = code < plainFaults.length ? plainFaults[code] : 'raw_byte'
      if (reason !== undefined) return { reason, at: i }
    }
  }
  if (isDotSegment(path, segmentStart, path.length)) return { reason: 'dot_segment', at: segmentStart }
  return hasEscapes && !isUtf8(path) ? { reason: 'not_utf8', at: placeOfNoUtf8(path) } : undefined
}

const namedFaults: Readonly<Record<string, PathReason>> = {
  '\\': 'backslash',
  ';': 'semicolon',
  '#': 'fragment',
}

/** By character code; undefined: it may stand in a path. All beyond are faults. */
const plainFaults: readonly (PathReason | undefined)[] = Array.from({ length: 0x7f }, (_, code) =>
  code <= 0x20 ? 'raw_byte' : namedFaults[String.fromCharCode(code)],
)

/** Escapes that stand for a delimiter or a control character: some reader takes them for the thing itself. */
function faultInEscape(path: string, at: number, escapes: Escapes): PathReason | undefined {
  const high = hexValue(path.charCodeAt(at + 1))
  const low = hexValue(path.charCodeAt(at + 2))
  if (high < 0 || low < 0) return 'malformed_escape'
  const byte = high * 16 + low
  if (byte < 0x20 || byte === 0x7f) return 'escaped_control'
  const reason = refusedEscapes.get(byte)
  return reason !== undefined && permits(escapes, byte) ? undefined : reason
}

const refusedEscapes: ReadonlyMap<number, PathReason> = new Map([
  [0x2f, 'escaped_slash'],
  [0x5c, 'escaped_backslash'],
  [0x25, 'escaped_percent'],
  [0x3b, 'escaped_semicolon'],
  [0x3f, 'escaped_question_mark'],
  [0x23, 'escaped_hash'],
])

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

/** No sequence of UTF-8 goes beyond a run of escapes: all else is ASCII. */
function placeOfNoUtf8(path: string): number | undefined {
  for (const run of path.matchAll(/(?:%[0-9a-f]{2})+/gi)) if (!isUtf8(run[0])) return run.index
  return undefined
}

/** A query may hold anything but control bytes, raw non-ASCII and `#`; a space cannot occur in a target. */
function faultInQuery(target: string, start: number): PathFault | undefined {
  for (let i = start; i < target.length; i++) {
    const code = target.charCodeAt(i)
    if (code <= 0x20 || code >= 0x7f) return { reason: 'raw_byte_in_query', at: i }
    if (code === 0x23) return { reason: 'fragment', at: i }
  }
  return undefined
}
