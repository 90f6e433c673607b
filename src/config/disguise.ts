// Would a server that decodes, normalises, ignores case, or takes an ending off read a parameter's value as the literal
// beside it? Rails and Spring take `summary.json` for `summary`, file systems of Windows `summary.` and `summary `, and what
// folds letters takes full-width ones. Then a permission was asked for that is not that of what is served.
//
// Values come from strangers: each step is linear in their bytes.

import { decodeWholly } from './request/percent-encoding.ts'

/** What a route refuses in its parameters: all of it, or only what differs by escapes and case. */
export type Disguises = 'strict' | 'exact'

/** The literals at one place, by what they fold to. */
export type FoldedLiterals = Map<string, string[]>

/** Adds a literal; an empty one, too: it is what stands behind a path's last slash. */
export function addFolded(folded: FoldedLiterals, literal: string): void {
  const key = foldStrictly(literal)
  const same = folded.get(key)
  if (same) same.push(literal)
  else folded.set(key, [literal])
}

/** Whether `value`, raw, can be read as one of the literals without being it. */
export function isDisguise(folded: FoldedLiterals, value: string, disguises: Disguises): boolean {
  const whole = foldStrictly(value)
  const same = folded.get(whole)
  if (disguises === 'exact') return same !== undefined && isAnotherExactly(same, value)
  if (same?.some((literal) => literal !== value)) return true
  return endsBehindLiteral(folded, whole) || (value.includes('%') && isCutToLiteral(folded, whole))
}

/** Who decodes a path before it takes the URL apart ends it at a `#` or `?`, which some routes take (request/escapes.ts). */
function isCutToLiteral(folded: FoldedLiterals, whole: string): boolean {
  const end = whole.search(/[#?]/)
  if (end === -1) return false
  const cut = whole.slice(0, end)
  return folded.has(cut) || endsBehindLiteral(folded, cut)
}

function isAnotherExactly(literals: readonly string[], value: string): boolean {
  const exact = foldExactly(value)
  return literals.some((literal) => literal !== value && foldExactly(literal) === exact)
}

/** Whether a literal is what is left without trailing dots and blanks, or without what follows the last dot besides. */
function endsBehindLiteral(folded: FoldedLiterals, whole: string): boolean {
  const end = lengthOfName(whole, whole.length)
  if (end < whole.length && folded.has(whole.slice(0, end))) return true
  const dot = whole.lastIndexOf('.', end - 1)
  // A name that begins with its only dot has no ending.
  if (dot <= 0) return false
  const stem = lengthOfName(whole, dot)
  return stem > 0 && folded.has(whole.slice(0, stem))
}

/**
 * How much of the first `end` characters is left without trailing dots and blanks. By hand: an expression that ends with
 * `$` would begin anew at each of many dots.
 */
function lengthOfName(text: string, end: number): number {
  let length = end
  while (length > 0 && isDotOrBlank(text.charCodeAt(length - 1))) length--
  return length
}

const fullStop = 0x2e

/**
 * White space of Unicode and of JavaScript, and what some `trim` takes besides: U+180E of older Unicode, U+200B and U+FEFF
 * in .NET before 4.
 */
function isDotOrBlank(code: number): boolean {
  if (code < 0x80) return code === fullStop || code === 0x20 || (code >= 9 && code <= 13)
  return otherBlanks.test(String.fromCharCode(code))
}

const otherBlanks = /[\s\u0085\u180e\u200b]/

/** Percent-decoded, case ignored. */
export function foldExactly(text: string): string {
  const decoded = decode(text)
  return isAscii(decoded) ? decoded.toLowerCase() : foldCase(decoded)
}

/** The same after NFKC: whatever folds alike exactly does so here. */
function foldStrictly(text: string): string {
  if (!text.includes('%')) return text.toLowerCase()
  const exact = foldExactly(text)
  if (isAscii(exact)) return exact
  return foldCase(exact.replace(longRunOfMarks, '$&\u034f').normalize('NFKC'))
}

/**
 * Normalising sorts the marks on one letter, in a time that grows with the square of their number: 8 ms for those that a path
 * can hold. No language has thirty; Unicode parts such runs with this character (UAX #15, Stream-Safe Text Format).
 */
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
