// Would a server that decodes, normalises, ignores case, or takes an ending off read a parameter's value as the literal
// beside it? Rails and Spring take `summary.json` for `summary`, file systems of Windows `summary.` and `summary `, and what
// folds letters takes full-width ones. Then a permission was asked for that is not that of what is served.
//
// Values come from strangers: each step is linear in their bytes.

import { decomposed, foldExactly, foldStrictly } from './fold.ts'
import {
  canBeReadAs,
  lowerCased,
  matchesPattern,
  type Pattern,
  type PatternMap,
  patternText,
  readAs,
  valueOf,
} from './pattern.ts'

/** What a route refuses in its parameters: all of it, or only what differs by escapes and case. */
export type Disguises = 'strict' | 'exact'

/** What stands at one place beside a parameter, by what it folds to. */
export interface Siblings {
  readonly literals: Map<string, string[]>
  /** undefined: none; hardly any place has some. */
  patterns: PatternMap<Pattern[]> | undefined
}

/** No siblings yet. */
export function createSiblings(): Siblings {
  return { literals: new Map(), patterns: undefined }
}

/** Adds a literal; an empty one, too: it is what stands behind a path's last slash. */
export function addLiteral({ literals }: Siblings, literal: string): void {
  const key = foldStrictly(literal)
  const same = literals.get(key)
  if (same) same.push(literal)
  else literals.set(key, [literal])
}

/** Adds a pattern. */
export function addPattern(siblings: Siblings, pattern: Pattern): void {
  valueOf((siblings.patterns ??= []), lowerCased(pattern), () => []).push(pattern)
}

/** How a route takes a value. */
export interface Taker {
  readonly disguises: Disguises
  /** undefined: by a parameter that has the whole segment, or by a rest. */
  readonly own: Pattern | undefined
}

/**
 * Whether `value`, raw, can be read as one of the siblings without being it; or, where a pattern takes it, as nothing that
 * this pattern has.
 */
export function isDisguise(
  { literals, patterns }: Siblings,
  value: string,
  { disguises, own }: Taker,
): boolean {
  const whole = foldStrictly(value)
  const same = literals.get(whole)
  if (disguises === 'exact') {
    if (same !== undefined && isAnotherExactly(same, value)) return true
  } else if (
    same?.some((literal) => literal !== value) ||
    endsBehindLiteral(literals, whole) ||
    (value.includes('%') && isCutToLiteral(literals, whole))
  ) {
    return true
  }
  if (patterns === undefined) return false
  const reading = { patterns, value, own }
  return disguises === 'exact' ? isAnotherPatternExactly(reading) : isAnotherPattern(reading)
}

interface Reading {
  readonly patterns: PatternMap<Pattern[]>
  readonly value: string
  readonly own: Pattern | undefined
}

function isAnotherPatternExactly(reading: Reading): boolean {
  const exact = foldExactly(reading.value)
  return isOutside(reading, exact) || isReadAsAnother(reading, exact)
}

/**
 * Decomposed forms: composed ones would join a literal's last letter to a mark that a value begins with, and who takes the
 * path apart by letters does not. Whatever ASCII a composed form begins or ends with, the decomposed does too.
 */
function isAnotherPattern(reading: Reading): boolean {
  const { value } = reading
  const whole = decomposed(foldExactly(value))
  if (isOutside(reading, foldExactly(value)) || isOutside(reading, foldStrictly(value))) return true
  const end = value.includes('%') ? whole.search(/[#?]/) : -1
  const readings = [whole, ...shorterReadings(whole)]
  if (end !== -1) readings.push(whole.slice(0, end), ...shorterReadings(whole.slice(0, end)))
  return readings.some((text) => isReadAsAnother(reading, text))
}

/** Whether it is not what it was taken for as soon as somebody decodes it. */
function isOutside({ value, own }: Reading, text: string): boolean {
  return own !== undefined && value.includes('%') && !canBeReadAs(lowerCased(own), text)
}

function isReadAsAnother({ patterns, value, own }: Reading, text: string): boolean {
  // Two patterns that fold alike are parted by whoever wrote them: what is the one is not taken for the other.
  const ownText = own && patternText(lowerCased(own))
  return readAs(patterns, text).some(
    ([first, ...others]) =>
      first !== undefined &&
      patternText(lowerCased(first)) !== ownText &&
      [first, ...others].some((pattern) => !matchesPattern(pattern, value)),
  )
}

type Literals = Siblings['literals']

/** Who decodes a path before it takes the URL apart ends it at a `#` or `?`, which some routes take (request/escapes.ts). */
function isCutToLiteral(literals: Literals, whole: string): boolean {
  const end = whole.search(/[#?]/)
  if (end === -1) return false
  const cut = whole.slice(0, end)
  return literals.has(cut) || endsBehindLiteral(literals, cut)
}

function isAnotherExactly(literals: readonly string[], value: string): boolean {
  const exact = foldExactly(value)
  return literals.some((literal) => literal !== value && foldExactly(literal) === exact)
}

/** Whether a literal is what is left without trailing dots and blanks, or without what follows the last dot besides. */
function endsBehindLiteral(literals: Literals, whole: string): boolean {
  const end = lengthOfName(whole, whole.length)
  if (end < whole.length && literals.has(whole.slice(0, end))) return true
  const stem = lengthOfStem(whole, end)
  return stem > 0 && literals.has(whole.slice(0, stem))
}

function shorterReadings(whole: string): string[] {
  const end = lengthOfName(whole, whole.length)
  return [end, lengthOfStem(whole, end)]
    .filter((length) => length > 0 && length < whole.length)
    .map((length) => whole.slice(0, length))
}

/** How much is left of a name of `end` characters without its ending; 0: it has none. */
function lengthOfStem(whole: string, end: number): number {
  const dot = whole.lastIndexOf('.', end - 1)
  // A name that begins with its only dot has no ending.
  return dot <= 0 ? 0 : lengthOfName(whole, dot)
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
