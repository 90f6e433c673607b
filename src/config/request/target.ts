// What may be asked for: the request target, judged as it came. What two parsers could read differently is refused, so
// that what was judged is what the upstream serves. Nothing here decodes for later use. Pure: the gateway and the tools
// that explain a table decide by the same lines.

import { type Denial, deny } from '../../errors/denial.ts'
import type { Limits } from '../compiled.ts'

/** Refuses a target over the limit (contract 5.1). */
export function refuseLongTarget(target: string, limits: Limits): Denial | undefined {
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
  /** `fault`: a private reason. `path`: as far as there is one. */
  | { readonly ok: false; readonly path: string; readonly fault: string }

/** Judges a request target (contract 5.2): a plain path, perhaps with a query, and unambiguous. */
export function judgeTarget(target: string): JudgedTarget {
  if (target.charCodeAt(0) !== slash) return { ok: false, path: '', fault: 'not_origin_form' }
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const fault = faultInPath(path) ?? (mark === -1 ? undefined : faultInQuery(target, mark + 1))
  return fault === undefined ? { ok: true, path } : { ok: false, path, fault }
}

const slash = 0x2f
const questionMark = 0x3f
const percent = 0x25
const dot = 0x2e

/** What is wrong with a path, as a private reason; undefined: it is unambiguous. Pure, total. */
function faultInPath(path: string): string | undefined {
  let segmentStart = 1
  let hasEscapes = false
  for (let i = 1; i < path.length; i++) {
    const code = path.charCodeAt(i)
    if (code === slash) {
      if (i === segmentStart) return 'empty_segment'
      if (isDotSegment(path, segmentStart, i)) return 'dot_segment'
      segmentStart = i + 1
    } else if (code === percent) {
      const fault = faultInEscape(path, i)
      if (fault !== undefined) return fault
      hasEscapes = true
      i += 2
    } else {
      const fault = code < plainFaults.length ? plainFaults[code] : 'raw_byte'
      if (fault !== undefined) return fault
    }
  }
  if (isDotSegment(path, segmentStart, path.length)) return 'dot_segment'
  return hasEscapes && !isUtf8(path) ? 'not_utf8' : undefined
}

const namedFaults: Readonly<Record<string, string>> = { '\\': 'backslash', ';': 'semicolon', '#': 'fragment' }

/** By character code; undefined: it may stand in a path. All beyond are faults. */
const plainFaults: readonly (string | undefined)[] = Array.from({ length: 0x7f }, (_, code) =>
  code <= 0x20 ? 'raw_byte' : namedFaults[String.fromCharCode(code)],
)

/** Escapes that stand for a delimiter or a control character: some reader takes them for the thing itself. */
function faultInEscape(path: string, at: number): string | undefined {
  const high = hexValue(path.charCodeAt(at + 1))
  const low = hexValue(path.charCodeAt(at + 2))
  if (high < 0 || low < 0) return 'malformed_escape'
  const byte = high * 16 + low
  if (byte < 0x20 || byte === 0x7f) return 'escaped_control'
  return refusedEscapes.get(byte)
}

const refusedEscapes: ReadonlyMap<number, string> = new Map([
  [0x2f, 'escaped_slash'],
  [0x5c, 'escaped_backslash'],
  [0x25, 'escaped_percent'],
  [0x3b, 'escaped_semicolon'],
  [0x3f, 'escaped_question_mark'],
  [0x23, 'escaped_hash'],
])

/** `.` and `..`, each dot plain or as `%2e`. */
function isDotSegment(path: string, start: number, end: number): boolean {
  let dots = 0
  for (let i = start; i < end; dots++) {
    const code = path.charCodeAt(i)
    if (code === dot) i += 1
    else if (code === percent && isEscapedDot(path, i)) i += 3
    else return false
    if (dots >= 2) return false
  }
  return dots === 1 || dots === 2
}

function isEscapedDot(path: string, at: number): boolean {
  return path.charCodeAt(at + 1) === 0x32 && (path.charCodeAt(at + 2) | 0x20) === 0x65
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

/** Of a character code; below 0: it is no hex digit. */
export function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** A query may hold anything but control bytes, raw non-ASCII and `#`; a space cannot occur in a target. */
function faultInQuery(target: string, start: number): string | undefined {
  for (let i = start; i < target.length; i++) {
    const code = target.charCodeAt(i)
    if (code <= 0x20 || code >= 0x7f) return 'raw_byte_in_query'
    if (code === 0x23) return 'fragment'
  }
  return undefined
}
