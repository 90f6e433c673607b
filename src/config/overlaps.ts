// Two routes of one method that can match the same request need a winner: the one that is at least as specific in
// every segment. Where neither is, or both are, the table does not say who may do what, and is refused; unless both say
// the same, or routes for all that both match stand beside them: those win over either.
//
// Of the routes that match one request then either one wins over all others, or those that no other wins over say the same:
// the matcher may take the first that it finds.

import { intersectionOf, shapeOfSegments } from './intersection.ts'
import { canMeet, matchesPattern, type Pattern, patternText } from './pattern.ts'
import { isAtLeastAsSpecific } from './specificity.ts'
import type { Segment } from './template.ts'

export interface Overlappable {
  readonly method: string
  readonly segments: readonly Segment[]
  /** Part of the candidate table only. */
  readonly isShadow?: boolean
  /** The same of all routes that say the same but for method and path; undefined: it is not compared. */
  readonly rule?: number
}

interface Node<R> {
  readonly literals: Map<string, Node<R>>
  patterns: Map<string, PatternNode<R>> | undefined
  parameter: Node<R> | undefined
  readonly ends: R[]
  readonly rests: R[]
}

interface PatternNode<R> {
  readonly pattern: Pattern
  readonly node: Node<R>
}

/** Every route that clashes with an earlier one, each with the first such. `onTwin`: told of each that has an earlier one's shape. */
export function findOverlaps<R extends Overlappable>(
  routes: readonly R[],
  onTwin?: (later: R, earlier: R) => void,
): (readonly [later: R, earlier: R])[] {
  const roots = new Map<string, Node<R>>()
  const overlaps: (readonly [R, R])[] = []
  const isSettled = createSettlement(routes)
  for (const route of routes) {
    let root = roots.get(route.method)
    if (!root) roots.set(route.method, (root = createNode()))
    const earlier = firstClash(root, route, isSettled)
    if (earlier) overlaps.push([route, earlier])
    const places = placesOf(root, route.segments)
    const [twin] = places
    if (twin !== undefined) onTwin?.(route, twin)
    places.push(route)
  }
  return overlaps
}

type IsSettled<R> = (route: R, other: R) => boolean

/** Tells of two routes that can match one request whether the table says which rule holds. */
function createSettlement<R extends Overlappable>(routes: readonly R[]): IsSettled<R> {
  // Most tables have no such pair.
  let byShape: Map<string, R[]> | undefined
  return (route, other) => {
    const isMore = isAtLeastAsSpecific(route.segments, other.segments)
    if (isMore !== isAtLeastAsSpecific(other.segments, route.segments)) return true
    if (route.rule !== undefined && route.rule === other.rule) return true
    // Each of them would be the other's intersection.
    if (shapeOfSegments(route.segments) === shapeOfSegments(other.segments)) return false
    const common = intersectionOf(route.segments, other.segments)
    if (common === undefined) return false
    // What stands in the candidate table only settles nothing in the table in force.
    const isInBoth = route.isShadow !== true && other.isShadow !== true
    const known = (byShape ??= groupByShape(routes))
    return common.every((segments) =>
      known
        .get(`${route.method} ${shapeOfSegments(segments)}`)
        ?.some((third) => third !== route && third !== other && !(isInBoth && third.isShadow === true)),
    )
  }
}

function groupByShape<R extends Overlappable>(routes: readonly R[]): Map<string, R[]> {
  const byShape = new Map<string, R[]>()
  for (const route of routes) {
    const key = `${route.method} ${shapeOfSegments(route.segments)}`
    const same = byShape.get(key)
    if (same) same.push(route)
    else byShape.set(key, [route])
  }
  return byShape
}

/** Walks all earlier routes that can match a request of `route`; the trie keeps that to those alone. */
function firstClash<R extends Overlappable>(root: Node<R>, route: R, isSettled: IsSettled<R>): R | undefined {
  const { segments } = route

  function visit(node: Node<R>, index: number): R | undefined {
    const segment = segments[index]
    if (segment === undefined) return firstUnsettled(node.ends)
    const isEmptyEnd = segment.kind === 'literal' && segment.text === ''
    // A rest is not empty: `/a/{b...}` does not match `/a/`.
    const clash = isEmptyEnd ? undefined : firstUnsettled(node.rests)
    if (clash) return clash
    if (segment.kind === 'rest') return visitAll(node, true)
    if (segment.kind === 'literal') {
      const literal = node.literals.get(segment.text)
      const inLiteral = literal && visit(literal, index + 1)
      if (inLiteral || isEmptyEnd) return inLiteral
    } else {
      for (const [text, child] of node.literals) {
        const inLiteral = canBe(segment, text) ? visit(child, index + 1) : undefined
        if (inLiteral) return inLiteral
      }
    }
    for (const { pattern, node: child } of node.patterns?.values() ?? []) {
      const inPattern = canBeOf(segment, pattern) ? visit(child, index + 1) : undefined
      if (inPattern) return inPattern
    }
    return node.parameter && visit(node.parameter, index + 1)
  }

  /** Everything below a node whose remaining path `route` matches by its rest. */
  function visitAll(node: Node<R>, isRestStillEmpty: boolean): R | undefined {
    const clash = isRestStillEmpty ? undefined : firstUnsettled([...node.ends, ...node.rests])
    if (clash) return clash
    for (const [text, child] of node.literals) {
      const inLiteral = isRestStillEmpty && text === '' ? undefined : visitAll(child, false)
      if (inLiteral) return inLiteral
    }
    for (const child of node.patterns?.values() ?? []) {
      const inPattern = visitAll(child.node, false)
      if (inPattern) return inPattern
    }
    return node.parameter && visitAll(node.parameter, false)
  }

  const firstUnsettled = (others: readonly R[]) => others.find((other) => !isSettled(route, other))

  return visit(root, 0)
}

function canBe(segment: Segment, text: string): boolean {
  return text !== '' && (segment.kind !== 'pattern' || matchesPattern(segment, text))
}

function canBeOf(segment: Segment, pattern: Pattern): boolean {
  if (segment.kind === 'literal') return matchesPattern(pattern, segment.text)
  return segment.kind !== 'pattern' || canMeet(pattern, segment)
}

function createNode<R>(): Node<R> {
  return { literals: new Map(), patterns: undefined, parameter: undefined, ends: [], rests: [] }
}

/** The routes of the same shape. */
function placesOf<R>(root: Node<R>, segments: readonly Segment[]): R[] {
  let node = root
  for (const segment of segments) {
    if (segment.kind === 'rest') return node.rests
    if (segment.kind === 'parameter') node = node.parameter ??= createNode()
    else if (segment.kind === 'pattern') node = patternChild(node, segment)
    else {
      let child = node.literals.get(segment.text)
      if (!child) node.literals.set(segment.text, (child = createNode()))
      node = child
    }
  }
  return node.ends
}

function patternChild<R>(node: Node<R>, pattern: Pattern): Node<R> {
  const patterns = (node.patterns ??= new Map<string, PatternNode<R>>())
  const key = patternText(pattern)
  const known = patterns.get(key)
  if (known !== undefined) return known.node
  const made = { pattern, node: createNode<R>() }
  patterns.set(key, made)
  return made.node
}
