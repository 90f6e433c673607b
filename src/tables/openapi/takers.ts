// Whose requests a route takes where it is new, and who takes them where it goes.

import { intersectionOf } from '../../config/intersection.ts'
import { canMeet, matchesPattern } from '../../config/pattern.ts'
import { isAtLeastAsSpecific } from '../../config/specificity.ts'
import { parseTemplate, type Segment } from '../../config/template.ts'
import type { Requirement } from '../../credentials/permission.ts'
import { isWithin } from './clashes.ts'

export interface Standing {
  readonly method: string
  readonly template: string
  readonly requirement: Requirement
}

export interface Placed extends Standing {
  readonly segments: readonly Segment[]
}

/** Routes with their segments. */
export function placed(routes: readonly Standing[]): Placed[] {
  return routes.flatMap(({ method, template, requirement }) => {
    const parsed = parseTemplate(template)
    return parsed.ok ? [{ method, template, requirement, segments: parsed.segments }] : []
  })
}

/** Those of `others` that take requests of a route where it is not there. Perhaps more than do, never fewer. */
export function takersWithout(route: Placed, others: readonly Placed[]): Placed[] {
  const meeting = others.filter((other) => mayMeet(route, other) && !hasAlready(other, route))
  return meeting.filter((other) => {
    const common = intersectionOf(route.segments, other.segments) ?? [route.segments]
    const isTaken = (segments: readonly Segment[]) =>
      others.some(
        (third) =>
          third.method === other.method && isMore(third, other) && isWithin(segments, third.segments),
      )
    return !common.every(isTaken)
  })
}

/** Those of `others` whose requests a new route takes. Where neither is more specific, the route for what both match does. */
export function losersTo(route: Placed, others: readonly Placed[]): Placed[] {
  return takersWithout(route, others).filter((other) => other.method !== route.method || isMore(route, other))
}

/** HEAD is answered by what there is for GET. */
function mayMeet(one: Placed, other: Placed): boolean {
  const isHead = [one.method, other.method].toSorted().join(' ') === 'GET HEAD'
  return (one.method === other.method || isHead) && canMatchOne(one.segments, other.segments)
}

/** Whether a route takes what it has in common with another even where that one is there. */
function hasAlready(one: Placed, other: Placed): boolean {
  return one.method === 'HEAD' && other.method === 'GET' ? !isMore(other, one) : isMore(one, other)
}

function isMore(one: Placed, other: Placed): boolean {
  return (
    isAtLeastAsSpecific(one.segments, other.segments) && !isAtLeastAsSpecific(other.segments, one.segments)
  )
}

/** Whether there may be a path that both match. */
function canMatchOne(one: readonly Segment[], other: readonly Segment[]): boolean {
  for (let index = 0; index < Math.max(one.length, other.length); index++) {
    const [a, b] = [one[index], other[index]]
    if (a === undefined || b === undefined || !canBeBoth(a, b)) return false
    if (a.kind === 'rest' || b.kind === 'rest') return true
  }
  return true
}

function canBeBoth(a: Segment, b: Segment): boolean {
  if (a.kind === 'literal' && b.kind === 'literal') return a.text === b.text
  if (b.kind === 'literal') return canBeBoth(b, a)
  if (a.kind === 'literal') return b.kind === 'pattern' ? matchesPattern(b, a.text) : a.text !== ''
  return a.kind !== 'pattern' || b.kind !== 'pattern' || canMeet(a, b)
}
