// Method and raw path → route. One trie a method; the most specific route wins (literal > parameter > rest), which a
// walk in that order with backtracking finds, because overlaps that it could not settle were refused at load.
//
// Beside it stands one trie over all methods. It answers the question that makes parameters safe: would an upstream
// read this parameter's value as the literal of another route (disguise.ts)?

import type { Route, RouteMatch } from './compiled.ts'
import { addFolded, type FoldedLiterals, isDisguise } from './disguise.ts'
import { type Escapes, faultInEscapes } from './request/escapes.ts'
import { methods, type Segment } from './template.ts'

export interface MatchableRoute {
  readonly route: Route
  readonly segments: readonly Segment[]
}

type Found = Extract<RouteMatch, { kind: 'found' }>

interface Leaf {
  readonly found: Found
  /** Which segments a parameter matches; the rest's place and all after it count too. */
  readonly isVariable: readonly boolean[]
  readonly hasVariable: boolean
}

interface TrieNode {
  /** undefined: none; most nodes are leaves, and an empty map would be the largest part of them. */
  literals: Map<string, TrieNode> | undefined
  /** Of the trie over all methods only. */
  folded: FoldedLiterals | undefined
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
      insert(root, segments, leaf, undefined)
      insert(merged, segments, leaf, foldLiteral)
    },
    match(method, path) {
      const own = tries.get(method)
      const leaf = (own && find(own, path, 1)) ?? (method === 'HEAD' ? findGet(tries, path) : undefined)
      if (leaf === undefined) return wrongMethodOrNotFound(tries, path)
      // Literals hold no such escape, and match byte for byte.
      if (!leaf.hasVariable) return leaf.found
      const refused = refusalOfEscapes(path, leaf.found.route.escapes)
      if (refused !== undefined) return refused
      const at = hiddenLiteralAt(merged, path, 1, leaf, 0)
      return at === 0 ? leaf.found : { kind: 'hidden_literal', at }
    },
  }
}

function findGet(tries: ReadonlyMap<string, TrieNode>, path: string): Leaf | undefined {
  const root = tries.get('GET')
  return root && find(root, path, 1)
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
    const root = tries.get(method)
    const leaf = (root && find(root, path, 1)) ?? (method === 'HEAD' ? findGet(tries, path) : undefined)
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
  const { isVariable, found } = leaf
  const end = path.indexOf('/', start)
  const segment = end === -1 ? path.slice(start) : path.slice(start, end)
  const isInVariable = isVariable[Math.min(index, isVariable.length - 1)] === true
  if (isInVariable && node.folded !== undefined) {
    if (isDisguise(node.folded, segment, found.route.disguises)) return start
  }
  if (end === -1) return 0
  const literal = node.literals?.get(segment)
  const at = literal === undefined ? 0 : hiddenLiteralAt(literal, path, end + 1, leaf, index + 1)
  if (at !== 0 || segment === '' || node.parameter === undefined) return at
  return hiddenLiteralAt(node.parameter, path, end + 1, leaf, index + 1)
}

function createNode(): TrieNode {
  return { literals: undefined, folded: undefined, parameter: undefined, leaf: undefined, rest: undefined }
}

function createLeaf(route: Route, segments: readonly Segment[]): Leaf {
  const isVariable = segments.map((segment) => segment.kind !== 'literal')
  return {
    found: Object.freeze({ kind: 'found', route }),
    isVariable,
    hasVariable: isVariable.includes(true),
  }
}

type Fold = (node: TrieNode, literal: string) => void

/** `fold` is told of each new literal. */
function insert(root: TrieNode, segments: readonly Segment[], leaf: Leaf, fold: Fold | undefined): void {
  let node = root
  for (const segment of segments) {
    if (segment.kind === 'rest') {
      node.rest = leaf
      return
    }
    if (segment.kind === 'parameter') node = node.parameter ??= createNode()
    else node = literalChild(node, segment.text, fold)
  }
  node.leaf = leaf
}

function literalChild(node: TrieNode, text: string, fold: Fold | undefined): TrieNode {
  const literals = (node.literals ??= new Map<string, TrieNode>())
  const known = literals.get(text)
  if (known) return known
  const child = createNode()
  literals.set(text, child)
  fold?.(node, text)
  return child
}

function foldLiteral(node: TrieNode, literal: string): void {
  addFolded((node.folded ??= new Map<string, string[]>()), literal)
}
