// A route that can never match says something about permissions that is not so. Only a rest can be taken over whole:
// a route without one matches paths with fresh values in its parameters, where a more specific route has a literal. A route
// that says the same with the same shape is no other one (overlaps.ts).

import { shapeOfSegments } from './intersection.ts'
import type { Overlappable } from './overlaps.ts'
import { isSegmentAtLeast } from './specificity.ts'
import type { Segment } from './template.ts'
import type { TrailingSlash } from './trailing-slash.ts'

export interface Unreachable<R> {
  readonly route: R
  /** More specific routes that take all of its requests between them. */
  readonly others: readonly R[]
}

/** Every route whose requests other routes of its method take, each of them. */
export function findUnreachable<R extends Overlappable>(
  routes: readonly R[],
  trailingSlash: TrailingSlash = 'strict',
): Unreachable<R>[] {
  const slashes = trailingSlash === 'strict' ? [false, true] : [false]
  const wide = new Map<string, R[]>()
  for (const route of routes) {
    for (const key of keysOfTaker(route)) {
      const known = wide.get(key)
      if (known) known.push(route)
      else wide.set(key, [route])
    }
  }
  return routes.flatMap((route) => {
    if (route.segments.at(-1)?.kind !== 'rest') return []
    const others = takersOf(route, wide.get(keyOf(route.method, route.segments.slice(0, -1))) ?? [], slashes)
    return others === undefined ? [] : [{ route, others }]
  })
}

/**
 * Keys of the rests of which a route may take something: what is before such a rest is the same of both, and from there on a
 * taker has no literal, but perhaps the empty one of a trailing slash, nor one beside a parameter.
 */
function keysOfTaker({ method, segments }: Overlappable): string[] {
  const last = segments.findLastIndex(
    (segment) => segment.kind === 'pattern' || (segment.kind === 'literal' && segment.text !== ''),
  )
  return segments.slice(last + 1).map((_, i) => keyOf(method, segments.slice(0, last + 1 + i)))
}

function keyOf(method: string, before: readonly Segment[]): string {
  return `${method} ${shapeOfSegments(before)}`
}

/** The routes that take every shape of the rest: one segment, two, …, each with and without a trailing slash, as `slashes` says. */
function takersOf<R extends Overlappable>(
  route: R,
  candidates: readonly R[],
  slashes: readonly boolean[],
): R[] | undefined {
  const shape = shapeOfSegments(route.segments)
  const others = candidates.filter(
    ({ segments }) => segments.length >= route.segments.length && shapeOfSegments(segments) !== shape,
  )
  const longest = Math.max(0, ...others.map(({ segments }) => segments.length))
  const takers = new Set<R>()
  for (let count = route.segments.length; count <= longest + 1; count++) {
    for (const hasSlash of slashes) {
      const taker = others.find((other) => takes(other, route, { count, hasSlash }))
      if (taker === undefined) return undefined
      takers.add(taker)
    }
  }
  return takers.size === 0 ? undefined : [...takers]
}

/** Whether `other` matches fresh paths of `count` segments, and is more specific than `route`. */
function takes(
  other: Overlappable,
  route: Overlappable,
  { count, hasSlash }: { count: number; hasSlash: boolean },
): boolean {
  const { segments } = other
  const isMore = segments.every((segment, index) => isSegmentAtLeast(segment, route.segments[index]))
  if (!isMore) return false
  const last = segments.at(-1)
  const total = hasSlash ? count + 1 : count
  if (last?.kind !== 'rest') return segments.length === total && (last?.kind === 'literal') === hasSlash
  // A rest is not empty: below `/a/` alone it has nothing.
  return segments.length <= count
}
