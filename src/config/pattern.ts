// A segment with literals around its parameters: `{id}:refund`, `report-{id}`, `{base}...{head}`. Its literals are plain
// ASCII (template.ts), so that decoding, case and Unicode's forms leave them what they are. Pure.
//
// Patterns that stand at one place are looked up by the lengths of their literals: an API may have thousands of actions
// (`{id}:action`), and a request is not to pay for each.

export interface Pattern {
  readonly kind: 'pattern'
  readonly before: string
  /** Between two parameters; undefined: there is one parameter. */
  readonly between: string | undefined
  readonly after: string
}

/** How many characters are literal: the more, the more specific. */
export function literalLength({ before, between = '', after }: Pattern): number {
  return before.length + between.length + after.length
}

/** The pattern with its parameters nameless: what makes two patterns one. */
export function patternText({ before, between, after }: Pattern): string {
  return `${before}{}${between === undefined ? '' : `${between}{}`}${after}`
}

/** The pattern with its literals in small letters. */
export function lowerCased({ kind, before, between, after }: Pattern): Pattern {
  return {
    kind,
    before: before.toLowerCase(),
    between: between?.toLowerCase(),
    after: after.toLowerCase(),
  }
}

/** Whether a raw segment is one of the pattern's. A parameter is not empty, and a literal is no part of an escape. */
export function matchesPattern({ before, between, after }: Pattern, segment: string): boolean {
  if (!segment.startsWith(before) || !segment.endsWith(after)) return false
  return isFilled(segment, { before: before.length, between, after: after.length })
}

/** Whether some segment is one of both. */
export function canMeet(one: Pattern, other: Pattern): boolean {
  const isBegin = one.before.startsWith(other.before) || other.before.startsWith(one.before)
  return isBegin && (one.after.endsWith(other.after) || other.after.endsWith(one.after))
}

interface Lengths {
  readonly before: number
  readonly between: string | undefined
  readonly after: number
}

function isFilled(segment: string, { before, between, after }: Lengths): boolean {
  const end = segment.length - after
  if (end <= before || (after > 0 && isInEscape(segment, end))) return false
  if (between === undefined) return true
  for (let at = segment.indexOf(between, before + 1); at !== -1; at = segment.indexOf(between, at + 1)) {
    if (at + between.length >= end) return false
    if (!isInEscape(segment, at)) return true
  }
  return false
}

/** `%20` ends with no `0`: who decodes it finds a blank. */
function isInEscape(segment: string, at: number): boolean {
  return segment.charCodeAt(at - 1) === percent || segment.charCodeAt(at - 2) === percent
}

const percent = 0x25

/** The same of a segment that was decoded: parameters may be empty there, as who reads it may take them so. */
function isFilledLoosely(text: string, { before, between, after }: Lengths): boolean {
  const end = text.length - after
  if (end < before) return false
  if (between === undefined) return true
  const at = text.indexOf(between, before)
  return at !== -1 && at + between.length <= end
}

/** Whether a decoded segment can be read as the pattern's. */
export function canBeReadAs({ before, between, after }: Pattern, text: string): boolean {
  if (!text.startsWith(before) || !text.endsWith(after)) return false
  return isFilledLoosely(text, { before: before.length, between, after: after.length })
}

interface Shape<Value> extends Lengths {
  readonly length: number
  /** By the literals before and after, which have the shape's lengths. */
  readonly values: Map<string, Value>
}

/** Values by pattern, the longest patterns first. */
export type PatternMap<Value> = Shape<Value>[]

/** The value of a pattern, made if there is none. */
export function valueOf<Value>(map: PatternMap<Value>, pattern: Pattern, make: () => Value): Value {
  const { values } = shapeOf(map, pattern)
  const key = pattern.before + pattern.after
  const known = values.get(key)
  if (known !== undefined) return known
  const made = make()
  values.set(key, made)
  return made
}

function shapeOf<Value>(map: PatternMap<Value>, pattern: Pattern): Shape<Value> {
  const { before, between, after } = pattern
  const known = map.find(
    (shape) => shape.before === before.length && shape.after === after.length && shape.between === between,
  )
  if (known !== undefined) return known
  const made: Shape<Value> = {
    before: before.length,
    between,
    after: after.length,
    length: literalLength(pattern),
    values: new Map(),
  }
  const at = map.findIndex(({ length }) => length < made.length)
  map.splice(at === -1 ? map.length : at, 0, made)
  return made
}

const none: readonly never[] = []

/** The values of all patterns that a raw segment is one of, the longest patterns first. */
export function matching<Value>(map: PatternMap<Value>, segment: string): readonly Value[] {
  return valuesFor(map, segment, isFilled)
}

/** The values of all patterns that a decoded segment can be read as. */
export function readAs<Value>(map: PatternMap<Value>, text: string): readonly Value[] {
  return valuesFor(map, text, isFilledLoosely)
}

function valuesFor<Value>(
  map: PatternMap<Value>,
  segment: string,
  fits: (segment: string, lengths: Lengths) => boolean,
): readonly Value[] {
  let found: Value[] | undefined
  for (const shape of map) {
    const { before, after, values } = shape
    if (segment.length < before + after) continue
    const ending = segment.slice(segment.length - after)
    const value = values.get(before === 0 ? ending : segment.slice(0, before) + ending)
    if (value === undefined || !fits(segment, shape)) continue
    if (found === undefined) found = [value]
    else found.push(value)
  }
  return found ?? none
}
