// Two routes of one method that can match the same request need a winner: the one that is at least as specific in
// every segment. Where neither is, or both are, the table does not say who may do what, and is refused.

import type { Segment } from './template.ts'

export interface Overlappable {
  readonly method: string
  readonly segments: readonly Segment[]
}

interface Node<R> {
  readonly literals: Map<string, Node<R>>
  parameter: Node<R> | undefined
  readonly ends: R[]
  readonly rests: R[]
}

const rank = { rest: 0, parameter: 1, literal: 2 } as const

/** Every route that clashes with an earlier one, each with the first such. */
export function findOverlaps<R extends Overlappable>(
  routes: readonly R[],
): (readonly [later: R, earlier: R])[] {
  const roots = new Map<string, Node<R>>()
  const overlaps: (readonly [R, R])[] = []
  for (const route of routes) {
    let root = roots.get(route.method)
    if (!root) roots.set(route.method, (root = createNode()))
    const earlier = firstClash(root, route)
    if (earlier) overlaps.push([route, earlier])
    insert(root, route)
  }
  return overlaps
}

/** Walks all earlier routes that can match a request of `route`; the trie keeps that to those alone. */
function firstClash<R extends Overlappable>(root: Node<R>, route: R): R | undefined {
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
        const inLiteral = text === '' ? undefined : visit(child, index + 1)
        if (inLiteral) return inLiteral
      }
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
    return node.parameter && visitAll(node.parameter, false)
  }

  const firstUnsettled = (others: readonly R[]) =>
    others.find((other) => isAtLeastAsSpecific(route, other) === isAtLeastAsSpecific(other, route))

  return visit(root, 0)
}

function isAtLeastAsSpecific(route: Overlappable, other: Overlappable): boolean {
  const length = Math.max(route.segments.length, other.segments.length)
  for (let index = 0; index < length; index++) {
    if (rankAt(route, index) < rankAt(other, index)) return false
  }
  return true
}

/** Beyond a route's last segment only its rest can reach. */
function rankAt(route: Overlappable, index: number): number {
  return rank[route.segments[index]?.kind ?? 'rest']
}

function createNode<R>(): Node<R> {
  return { literals: new Map(), parameter: undefined, ends: [], rests: [] }
}

function insert<R extends Overlappable>(root: Node<R>, route: R): void {
  let node = root
  for (const segment of route.segments) {
    if (segment.kind === 'rest') {
      node.rests.push(route)
      return
    }
    if (segment.kind === 'parameter') node = node.parameter ??= createNode()
    else {
      let child = node.literals.get(segment.text)
      if (!child) node.literals.set(segment.text, (child = createNode()))
      node = child
    }
  }
  node.ends.push(route)
}
