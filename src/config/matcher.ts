// Method and raw path → route. One trie a method; the most specific route wins (literal > parameter with literals, the longer
// ones first > parameter > rest), which a walk in that order with backtracking finds, because overlaps that it could not settle were refused at load.
//
// Beside it stands one trie over all methods. It answers the question that makes parameters safe: would an upstream
// read this parameter's value as the literal of another route (disguise.ts)?

import type { Route, RouteMatch } from './compiled.ts'
import { addLiteral, addPattern, createSiblings, isDisguise, type Siblings, type Taker } from './disguise.ts'
import { matching, type Pattern, type PatternMap, valueOf } from './pattern.ts'
import { type Escapes, faultInEscapes } from './request/escapes.ts'
import { asksTheSame } from './same-rule.ts'
import { isAtLeastAsSpecific, isSameShape } from './specificity.ts'
import { methods, type Segment } from './template.ts'

export interface MatchableRoute {
  readonly route: Route
  readonly segments: readonly Segment[]
}

type Found = Extract<RouteMatch, { kind: 'found' }>

interface Leaf {
  readonly found: Found
  /** How it takes what stands at each segment; undefined: by a literal. The rest's place and all after it count too. */
  readonly takers: readonly (Taker | undefined)[]
  readonly hasVariable: boolean
  readonly segments: readonly Segment[]
}

interface TrieNode {
  /** undefined: none; most nodes are leaves, and an empty map would be the largest part of them. */
  literals: Map<string, TrieNode> | undefined
  /** Of the trie over all methods only. */
  siblings: Siblings | undefined
  /** Parameters with literals around them; undefined: none. */
  patterns: PatternMap<TrieNode> | undefined
  parameter: TrieNode | undefined
  leaf: Leaf | undefined
  rest: Leaf | undefined
}

const notFound: RouteMatch = Object.freeze({ kind: 'not_found' })

type MatchRoute = (method: string, path: string) => RouteMatch

/** A matcher for one API's routes. Its cost depends on the path and the depth of the table, not on its size. */
export function createRouteMatcher(routes: readonly MatchableRoute[]): MatchRoute {
  const { add, match } = createRouteTries()
  for (const route of routes) add(route)
  return match
}

/** The same, given its routes one by one: so that a large table can be built with pauses. */
export function createRouteTries(): { add(route: MatchableRoute): void; readonly match: MatchRoute } {
  const tries = new Map<string, TrieNode>()
  const merged = createNode()
  return {
    add({ route, segments }) {
      const leaf = createLeaf(route, segments)
      let root = tries.get(route.method)
      if (!root) tries.set(route.method, (root = createNode()))
      insert(root, segments, leaf, false)
      insert(merged, segments, leaf, true)
    },
    match(method, path) {
      const leaf = findFor(tries, method, path)
      if (leaf === undefined) return wrongMethodOrNotFound(tries, path)
      // Literals hold no such escape, and match byte for byte.
      if (!leaf.hasVariable) return leaf.found
      const refused = refusalOfEscapes(path, leaf.found.route.escapes)
      if (refused !== undefined) return refused
      const at = hiddenLiteralAt(merged, path, 1, leaf, 0) || hiddenBehindSlash(tries, method, path, leaf)
      return at === 0 ? leaf.found : { kind: 'hidden_literal', at }
    },
  }
}

function findFor(tries: ReadonlyMap<string, TrieNode>, method: string, path: string): Leaf | undefined {
  const root = tries.get(method)
  const own = root && find(root, path, 1)
  if (method !== 'HEAD') return own
  const get = findFor(tries, 'GET', path)
  if (own === undefined || get === undefined) return own ?? get
  // Servers answer HEAD by what they have for GET: a route for more than this path takes nothing out of that one's hands.
  const isMore = isAtLeastAsSpecific(get.segments, own.segments) && !isSameShape(get.segments, own.segments)
  return isMore ? get : own
}

type Refused = Extract<RouteMatch, { kind: 'refused_escape' }>

function refusalOfEscapes(path: string, permitted: Escapes): Refused | undefined {
  if (!path.includes('%')) return undefined
  const fault = faultInEscapes(path, permitted)
  return fault === undefined ? undefined : { kind: 'refused_escape', fault }
}

/** A path that no route takes because of its escapes is refused for them. */
function wrongMethodOrNotFound(tries: ReadonlyMap<string, TrieNode>, path: string): RouteMatch {
  const allow = methods.filter((method) => {
    const leaf = findFor(tries, method, path)
    return leaf !== undefined && refusalOfEscapes(path, leaf.found.route.escapes) === undefined
  })
  if (allow.length > 0) return { kind: 'wrong_method', allow: allow.toSorted() }
  return refusalOfEscapes(path, 0) ?? notFound
}

/** The most specific leaf for `path` from the segment that begins at `start`. */
function find(node: TrieNode, path: string, start: number): Leaf | undefined {
  const end = path.indexOf('/', start)
  const segment = end === -1 ? path.slice(start) : path.slice(start, end)
  const literal = node.literals?.get(segment)
  if (literal) {
    const leaf = end === -1 ? literal.leaf : find(literal, path, end + 1)
    if (leaf) return leaf
  }
  if (node.patterns !== undefined) {
    for (const child of matching(node.patterns, segment)) {
      const leaf = end === -1 ? child.leaf : find(child, path, end + 1)
      if (leaf) return leaf
    }
  }
  if (node.parameter && segment !== '') {
    const leaf = end === -1 ? node.parameter.leaf : find(node.parameter, path, end + 1)
    if (leaf) return leaf
  }
  return start < path.length ? node.rest : undefined
}

/**
 * Where a segment begins that the chosen route matches by a parameter and that can be read as a literal which stands at
 * the same place in any route whose earlier segments match, without being that literal; 0: there is none.
 */
function hiddenLiteralAt(node: TrieNode, path: string, start: number, leaf: Leaf, index: number): number {
  const { takers } = leaf
  const end = path.indexOf('/', start)
  const segment = end === -1 ? path.slice(start) : path.slice(start, end)
  const taker = takers[Math.min(index, takers.length - 1)]
  if (taker !== undefined && node.siblings !== undefined && isDisguise(node.siblings, segment, taker))
    return start
  if (end === -1) return 0
  const literal = node.literals?.get(segment)
  let at = literal === undefined ? 0 : hiddenLiteralAt(literal, path, end + 1, leaf, index + 1)
  if (at !== 0 || segment === '') return at
  if (node.patterns !== undefined) {
    for (const child of matching(node.patterns, segment)) {
      at = hiddenLiteralAt(child, path, end + 1, leaf, index + 1)
      if (at !== 0) return at
    }
  }
  return node.parameter === undefined ? 0 : hiddenLiteralAt(node.parameter, path, end + 1, leaf, index + 1)
}

/**
 * Many servers take no heed of a last slash. Where a rest or a parameter takes a path with one, and another route, for which
 * others are asked, the same path without it: where its last segment begins, else 0.
 */
function hiddenBehindSlash(
  tries: ReadonlyMap<string, TrieNode>,
  method: string,
  path: string,
  leaf: Leaf,
): number {
  if (path.length < 2 || !path.endsWith('/') || leaf.found.route.disguises === 'exact') return 0
  const bare = findFor(tries, method, path.slice(0, -1))
  if (bare === undefined || asksTheSame(bare.found.route, leaf.found.route)) return 0
  // Who wrote a template with a slash and one without has told them apart.
  if (isSameShape(leaf.segments.slice(0, -1), bare.segments)) return 0
  return path.lastIndexOf('/', path.length - 2) + 1
}

function createNode(): TrieNode {
  return {
    literals: undefined,
    siblings: undefined,
    patterns: undefined,
    parameter: undefined,
    leaf: undefined,
    rest: undefined,
  }
}

function createLeaf(route: Route, segments: readonly Segment[]): Leaf {
  const { disguises } = route
  const takers = segments.map((segment) =>
    segment.kind === 'literal'
      ? undefined
      : { disguises, own: segment.kind === 'pattern' ? segment : undefined },
  )
  return {
    found: Object.freeze({ kind: 'found', route }),
    takers,
    hasVariable: takers.some((taker) => taker !== undefined),
    segments,
  }
}

/** `isMerged`: of the trie over all methods, which knows what stands beside parameters. */
function insert(root: TrieNode, segments: readonly Segment[], leaf: Leaf, isMerged: boolean): void {
  let node = root
  for (const segment of segments) {
    if (segment.kind === 'rest') {
      node.rest = leaf
      return
    }
    if (segment.kind === 'parameter') node = node.parameter ??= createNode()
    else if (segment.kind === 'pattern') node = patternChild(node, segment, isMerged)
    else node = literalChild(node, segment.text, isMerged)
  }
  node.leaf = leaf
}

function literalChild(node: TrieNode, text: string, isMerged: boolean): TrieNode {
  const literals = (node.literals ??= new Map<string, TrieNode>())
  const known = literals.get(text)
  if (known) return known
  const child = createNode()
  literals.set(text, child)
  if (isMerged) addLiteral((node.siblings ??= createSiblings()), text)
  return child
}

function patternChild(node: TrieNode, pattern: Pattern, isMerged: boolean): TrieNode {
  return valueOf((node.patterns ??= []), pattern, () => {
    if (isMerged) addPattern((node.siblings ??= createSiblings()), pattern)
    return createNode()
  })
}
