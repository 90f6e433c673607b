// A raw segment as others may read it: decoded, case ignored, in a normal form of Unicode. Values come from strangers: each step is
// linear in their bytes.

import { decodeWholly } from './request/percent-encoding.ts'

/** Percent-decoded, case ignored. */
export function foldExactly(text: string): string {
  const decoded = decode(text)
  return isAscii(decoded) ? decoded.toLowerCase() : foldCase(decoded)
}

/** The same after NFKC: whatever folds alike exactly does so here. */
export function foldStrictly(text: string): string {
  if (!text.includes('%')) return text.toLowerCase()
  const exact = foldExactly(text)
  if (isAscii(exact)) return exact
  return foldCase(parted(exact).normalize('NFKC'))
}

/** Compatibility forms apart, case ignored. */
export function decomposed(exact: string): string {
  return isAscii(exact) ? exact : foldCase(parted(exact).normalize('NFKD'))
}

/**
 * Normalising sorts the marks on one letter, in a time that grows with the square of their number: 8 ms for those that a path
 * can hold. No language has thirty; Unicode parts such runs with this character (UAX #15, Stream-Safe Text Format).
 */
function parted(text: string): string {
  return text.replace(longRunOfMarks, '$&\u034f')
}

const longRunOfMarks = /\p{M}{30}/gu

/** All that meets in small letters or in capitals: `K` (Kelvin) and `k`, `ſ` and `s`, `ẞ` and `ss`, whichever sigma. */
function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ')
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

function decode(text: string): string {
  if (!text.includes('%')) return text
  // Only a route that takes `%25` gets here with one: it is decoded for as often as anybody could.
  if (text.includes('%25')) return decodeWholly(text).toString()
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
