// Operations that can match one request, and of which neither is the more specific one: with a route for what both match, which
// asks for all that both ask for; where there is no saying that, the later one is left out, by name.

import type { Requirement } from '../../credentials/permission.ts'
import { intersectionOf, intersectionTemplates, shapeOfSegments } from '../../config/intersection.ts'
import { findOverlaps } from '../../config/overlaps.ts'
import { matchesPattern } from '../../config/pattern.ts'
import { isAtLeastAsSpecific } from '../../config/specificity.ts'
import { parseTemplate, type Segment } from '../../config/template.ts'

/** A route that is wanted, or stands in the table already. */
export interface Claim {
  readonly method: string
  readonly template: string
  readonly requirement: Requirement
  readonly isListed: boolean
  /** What it says besides, as a text to compare. */
  readonly settings: string
}

interface Placed extends Claim {
  readonly segments: readonly Segment[]
  /** By which it was made; undefined: it stands between two. */
  readonly claim: Claim | undefined
}

export interface Settled {
  /** Routes besides those of the claims, each with the two that it stands between. */
  readonly between: readonly { readonly route: Claim; readonly of: readonly [Claim, Claim] }[]
  readonly leftOut: readonly { readonly claim: Claim; readonly other: Claim }[]
}

const mostRoutesBetween = 5_000

/** What has to stand beside claims, and which of those that are not listed yet cannot stand at all. */
export function settle(claims: readonly Claim[]): Settled {
  const numberOf = createNumbers()
  let placed = claims.flatMap((claim) => place(claim, claim))
  const between: { route: Claim; of: readonly [Claim, Claim] }[] = []
  const leftOut: { claim: Claim; other: Claim }[] = []
  for (;;) {
    const ruled = placed.map((one) => ({ ...one, rule: numberOf(one), one }))
    const [clash] = findOverlaps(ruled)
    if (clash === undefined) return { between, leftOut }
    const [later, earlier] = [clash[0].one, clash[1].one]
    const added = between.length < mostRoutesBetween ? routesBetween(later, earlier, placed) : []
    if (added.length > 0) {
      between.push(...added.map((route) => ({ route, of: [later, earlier] as const })))
      placed = [...placed, ...added]
      continue
    }
    // What stands in the table is never taken away: where such a pair clashes, its check tells.
    const loser = [later, earlier].find(({ claim }) => claim?.isListed === false)
    if (loser?.claim === undefined) return { between, leftOut }
    leftOut.push({ claim: loser.claim, other: loser === later ? earlier : later })
    placed = placed.filter((one) => one !== loser)
  }
}

function place(route: Claim, claim: Claim | undefined): Placed[] {
  const parsed = parseTemplate(route.template)
  return parsed.ok ? [{ ...route, segments: parsed.segments, claim }] : []
}

/** Those that are not there yet; none: there is no saying what both match, or it stands there and does not help. */
function routesBetween(later: Placed, earlier: Placed, placed: readonly Placed[]): Placed[] {
  if (shapeOfSegments(later.segments) === shapeOfSegments(earlier.segments)) return []
  const known = new Set(placed.map(({ method, segments }) => `${method} ${shapeOfSegments(segments)}`))
  const { method } = later
  return (intersectionTemplates(later, earlier) ?? []).flatMap((template) => {
    const parsed = parseTemplate(template)
    if (!parsed.ok || known.has(`${method} ${shapeOfSegments(parsed.segments)}`)) return []
    const wider = placed.filter((one) => one.method === method && isWithin(parsed.segments, one.segments))
    const requirement = wider.reduce(
      (all, one) => allOfBoth(all, one.requirement),
      allOfBoth(later.requirement, earlier.requirement),
    )
    return place({ method, template, requirement, isListed: false, settings: '' }, undefined)
  })
}

/** Whether all that the first segments match the others match too. */
export function isWithin(segments: readonly Segment[], wider: readonly Segment[]): boolean {
  const isRest = wider.at(-1)?.kind === 'rest'
  if (isRest ? segments.length < wider.length : segments.length !== wider.length) return false
  return wider.every((segment, index) => isSegmentWithin(segments[index], segment))
}

function isSegmentWithin(segment: Segment | undefined, wider: Segment): boolean {
  if (segment === undefined) return false
  if (wider.kind === 'rest') return segment.kind !== 'literal' || segment.text !== ''
  if (segment.kind === 'rest') return false
  if (wider.kind === 'parameter') return segment.kind !== 'literal' || segment.text !== ''
  if (wider.kind === 'literal') return segment.kind === 'literal' && segment.text === wider.text
  if (segment.kind === 'literal') return matchesPattern(wider, segment.text)
  if (segment.kind !== 'pattern') return false
  const isAround = segment.before.startsWith(wider.before) && segment.after.endsWith(wider.after)
  return isAround && (wider.between === undefined || wider.between === segment.between)
}

/** The weakest requirement that a table can say and that lets nobody pass whom either refuses. */
export function allOfBoth(one: Requirement, other: Requirement): Requirement {
  if (one.kind === 'public') return other
  if (other.kind === 'public' || requirementText(one) === requirementText(other)) return one
  return { kind: 'all', permissions: [...new Set([...one.permissions, ...other.permissions])].toSorted() }
}

function requirementText(requirement: Requirement): string {
  if (requirement.kind === 'public') return requirement.kind
  const { kind, permissions } = requirement
  return JSON.stringify([permissions.length > 1 ? kind : 'all', ...permissions.toSorted()])
}

function createNumbers(): (claim: Claim) => number {
  const numbers = new Map<string, number>()
  return ({ requirement, settings }) => {
    const text = `${requirementText(requirement)} ${settings}`
    const known = numbers.get(text)
    if (known !== undefined) return known
    numbers.set(text, numbers.size)
    return numbers.size - 1
  }
}

interface Described {
  readonly method: string
  readonly template: string
}

export interface Family<R> {
  /** All that match whatever a route does. */
  readonly wider: readonly R[]
  /** Those of them of which two have just it in common; none: it stands between no two. */
  readonly parents: readonly R[]
}

/** Tells of routes what two others of a table they stand between: such a one is of no operation. */
export function createFamilyOf<R extends Described>(routes: readonly R[]): (route: Described) => Family<R> {
  const all = routes.flatMap((route) => {
    const parsed = parseTemplate(route.template)
    if (!parsed.ok) return []
    return [{ route, segments: parsed.segments, shape: shapeOfSegments(parsed.segments) }]
  })
  return ({ method, template }) => {
    const parsed = parseTemplate(template)
    if (!parsed.ok) return { wider: [], parents: [] }
    const shape = shapeOfSegments(parsed.segments)
    const wider = all.filter(
      (other) =>
        other.route.method === method && other.shape !== shape && isWithin(parsed.segments, other.segments),
    )
    const isPair = (one: (typeof all)[number], other: (typeof all)[number]) =>
      !isAtLeastAsSpecific(one.segments, other.segments) &&
      !isAtLeastAsSpecific(other.segments, one.segments) &&
      intersectionOf(one.segments, other.segments)?.some((both) => shapeOfSegments(both) === shape) === true
    const parents = wider.filter((one) => wider.some((other) => isPair(one, other)))
    return { wider: wider.map(({ route }) => route), parents: parents.map(({ route }) => route) }
  }
}

/** Whether a route is what two others of a table both match. */
export function createIsBetween(routes: readonly Described[]): (route: Described) => boolean {
  const familyOf = createFamilyOf(routes)
  return (route) => familyOf(route).parents.length > 0
}
