// What a path may be, judged as it stands: what two parsers could read differently is a fault. Of a request, and of what a
// configuration puts before it. Nothing here decodes for later use. Pure.

import { type Escapes, permits } from './escapes.ts'
import type { PathFault, PathReason } from './path-fault.ts'
import { hexValue, isDotSegment } from './percent-encoding.ts'

const slash = 0x2f
const percent = 0x25

/** What is wrong with a path that begins with a slash; undefined: it is unambiguous but for `escapes`. Pure, total. */
export function faultInPath(path: string, escapes: Escapes): PathFault | undefined {
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
