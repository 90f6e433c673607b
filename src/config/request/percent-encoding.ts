// Percent-encoding as readers of a path take it: once, as RFC 3986 has it, or once more by each that stands behind another.
// Pure; each step is linear in the text, which comes from strangers.

const percent = 0x25
const dot = 0x2e

/** Of a character code; below 0: it is no hex digit. */
export function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** `.` and `..`, each dot plain or as `%2e`. */
export function isDotSegment(path: string, start: number, end: number): boolean {
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

/** A byte that an escape stands for. */
export interface DecodedByte {
  readonly byte: number
  /** Whether a part of its escape was itself an escape: only who decodes again reads this byte. */
  readonly isNested: boolean
  /** Where its escape begins in the text. */
  readonly at: number
}

/**
 * The bytes of an ASCII text as who decodes it until nothing is left to decode reads them: `%2541` is `A`. No escape can
 * overlap another, so one pass with what was read so far as a stack finds what any number of passes would. `tell` is
 * called with each byte that an escape gives, inner ones first.
 */
export function decodeWholly(text: string, tell?: (decoded: DecodedByte) => void): Buffer {
  const bytes = Buffer.alloc(text.length)
  const starts = new Uint32Array(text.length)
  const isEscaped = new Uint8Array(text.length)
  let length = 0
  for (let i = 0; i < text.length; i++) {
    bytes[length] = text.charCodeAt(i)
    starts[length] = i
    isEscaped[length] = 0
    length++
    for (let byte = escapeAtEnd(bytes, length); byte >= 0; byte = escapeAtEnd(bytes, length)) {
      length -= 2
      const first = length - 1
      const isNested = isEscaped[first] === 1 || isEscaped[first + 1] === 1 || isEscaped[first + 2] === 1
      bytes[first] = byte
      isEscaped[first] = 1
      tell?.({ byte, isNested, at: starts[first] ?? 0 })
    }
  }
  return bytes.subarray(0, length)
}

/** The byte of the escape that the last three are; below 0: they are none. */
function escapeAtEnd(bytes: Uint8Array, length: number): number {
  if (length < 3 || bytes[length - 3] !== percent) return -1
  const high = hexValue(bytes[length - 2] ?? 0)
  const low = hexValue(bytes[length - 1] ?? 0)
  return high < 0 || low < 0 ? -1 : high * 16 + low
}
