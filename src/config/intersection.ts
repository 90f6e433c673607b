// What two routes that can match one request both match, as routes: where they stand in the table, they say what holds
// there, and the pair needs no winner. Pure.

import { matchesPattern, type Pattern, patternText } from './pattern.ts'
import { rankOf } from './specificity.ts'
import type { Segment } from './template.ts'

/** Segments as one text, parameters nameless: routes with the same match the same paths. */
export function shapeOfSegments(segments: readonly Segment[]): string {
  let shape = ''
  for (const segment of segments) shape += `/${segmentText(segment)}`
  return shape
}

function segmentText(segment: Segment): string {
  if (segment.kind === 'literal') return segment.text
  if (segment.kind === 'pattern') return patternText(segment)
  return segment.kind === 'parameter' ? '{}' : '{...}'
}

const mostRoutes = 64

/**
 * The routes that together match all that two overlapping ones both match, each at least as specific as either. One, but
 * where parameters have different literals of the same length around them. undefined: there is no saying it.
 */
export function intersectionOf(
  one: readonly Segment[],
  other: readonly Segment[],
): readonly (readonly Segment[])[] | undefined {
  let routes: Segment[][] = [[]]
  for (let index = 0; index < Math.max(one.length, other.length); index++) {
    const segments = commonSegments(one[index], other[index])
    if (segments === undefined || routes.length * segments.length > mostRoutes) return undefined
    routes = segments.flatMap((segment) => routes.map((before) => [...before, segment]))
  }
  return routes
}

/** What two segments have in common: what the more specific one has, where one is. */
function commonSegments(one: Segment | undefined, other: Segment | undefined): Segment[] | undefined {
  // Beyond the shorter one's rest there is only the longer one.
  const specific = one !== undefined && rankOf(one) >= rankOf(other) ? one : other
  if (specific === undefined) return undefined
  if (one?.kind !== 'pattern' || other?.kind !== 'pattern') return [specific]
  if (rankOf(one) !== rankOf(other) || patternText(one) === patternText(other)) return [specific]
  return commonPatterns(one, other)
}

/** `a-{}` and `{}-a`: `a-{}-a`, and where the literals touch or share characters, `a--a` and `a-a`. */
function commonPatterns(one: Pattern, other: Pattern): Segment[] | undefined {
  if (one.between !== undefined || other.between !== undefined) return undefined
  const before = longer(one.before, other.before)
  const after = longer(one.after, other.after)
  const literals = touchingTexts(one, other).map((text) => ({ kind: 'literal' as const, text }))
  return [{ kind: 'pattern', before, between: undefined, after }, ...literals]
}

/** What is of two patterns where the longer literals before and after leave no room between them. */
export function touchingTexts(one: Pattern, other: Pattern): string[] {
  const before = longer(one.before, other.before)
  const after = longer(one.after, other.after)
  const texts = new Set<string>()
  for (let shared = 0; shared <= Math.min(before.length, after.length); shared++) {
    const text = before + after.slice(shared)
    const isBoth = before.endsWith(after.slice(0, shared))
    if (isBoth && matchesPattern(one, text) && matchesPattern(other, text)) texts.add(text)
  }
  return [...texts]
}

function longer(one: string, other: string): string {
  return one.length >= other.length ? one : other
}

/** A template with its segments. */
export interface Templated {
  readonly template: string
  readonly segments: readonly Segment[]
}

/** The same as templates, with the names that parameters have in either. */
export function intersectionTemplates(one: Templated, other: Templated): readonly string[] | undefined {
  const parts = [one, other].flatMap(({ template, segments }) => {
    const texts = template.slice(1).split('/')
    return segments.map((segment, index) => ({
      index,
      shape: segmentText(segment),
      text: texts[index] ?? '',
    }))
  })
  return intersectionOf(one.segments, other.segments)?.map((segments) => {
    const texts = segments.map((segment, index) => {
      const shape = segmentText(segment)
      const known = parts.find((part) => part.index === index && part.shape === shape)?.text
      return known ?? shape.replace('{}', '{value}')
    })
    return withNamesOnce(`/${texts.join('/')}`)
  })
}

function withNamesOnce(template: string): string {
  const seen = new Map<string, number>()
  return template.replace(/\{([A-Za-z0-9_]+)/g, (whole, name: string) => {
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? whole : `${whole}_${count}`
  })
}
