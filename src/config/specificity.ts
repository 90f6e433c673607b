// Which of two segments, and of two routes, is the more specific: literal > parameter with literals, the longer ones first >
// parameter > rest (contract 3).

import { literalLength, patternText } from './pattern.ts'
import type { Segment } from './template.ts'

/** How specific a segment is. Beyond a route's last one only its rest can reach: undefined counts as that. */
export function rankOf(segment: Segment | undefined): number {
  if (segment === undefined || segment.kind === 'rest') return 0
  if (segment.kind === 'parameter') return 1
  return segment.kind === 'literal' ? Number.POSITIVE_INFINITY : 1 + literalLength(segment)
}

/** Whether a route is at least as specific as another in every segment, where both match one request. */
export function isAtLeastAsSpecific(route: readonly Segment[], other: readonly Segment[]): boolean {
  const length = Math.max(route.length, other.length)
  for (let index = 0; index < length; index++) {
    if (!isSegmentAtLeast(route[index], other[index])) return false
  }
  return true
}

/** Of two that differ and are of one rank, as `a-{x}` and `{x}-b` are, neither is. */
export function isSegmentAtLeast(segment: Segment | undefined, other: Segment | undefined): boolean {
  const [rank, otherRank] = [rankOf(segment), rankOf(other)]
  if (rank !== otherRank) return rank > otherRank
  return (
    segment?.kind !== 'pattern' || other?.kind !== 'pattern' || patternText(segment) === patternText(other)
  )
}

/** Whether they match the same, whatever their parameters are called. */
export function isSameShape(one: readonly Segment[], other: readonly Segment[]): boolean {
  return one.length === other.length && one.every((segment, index) => isSameSegment(segment, other[index]))
}

function isSameSegment(one: Segment, other: Segment | undefined): boolean {
  if (one.kind === 'literal') return other?.kind === 'literal' && other.text === one.text
  if (one.kind === 'pattern') return other?.kind === 'pattern' && patternText(other) === patternText(one)
  return one.kind === other?.kind
}
