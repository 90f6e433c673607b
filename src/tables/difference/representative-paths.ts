// One path for each kind of path that two tables could tell apart: whatever two routes tables say to all other paths,
// they say to one of these. So a comparison over these few is one over all paths.
//
// A matcher looks at a segment in four ways: is it this literal; can it be read as a literal without being it (refused
// where a parameter would take it); is it empty; is it something else. Walking both tries at once, a branch for each. Which
// escapes something else may hold is the route's to say, of all its parameters at once: one more path for each.

import { addFolded, type FoldedLiterals, isDisguise } from '../../config/disguise.ts'
import { type EscapeName, escapeText } from '../../config/request/escapes.ts'
import { disguisesOf } from './disguises-of.ts'
import { parseTemplate, type Segment } from '../../config/template.ts'

/** Tables so entangled are compared by nobody; it also bounds the work. */
export const mostPaths = 500_000

interface TrieNode {
  readonly literals: Map<string, TrieNode>
  readonly folded: FoldedLiterals
  parameter: TrieNode | undefined
}

/** Where a prefix of a path has led to, in either table. */
interface Reached {
  readonly old: readonly TrieNode[]
  readonly next: readonly TrieNode[]
}

export interface Compared {
  readonly oldTemplates: readonly string[]
  readonly newTemplates: readonly string[]
  /** Whether a route of either table says `disguises: exact`. */
  readonly hasExact: boolean
  /** What a route of either table says of `escapes`. */
  readonly escapes: readonly EscapeName[]
}

/** The paths for two tables. Throws RangeError beyond `mostPaths`. */
export function representativePaths({ oldTemplates, newTemplates, hasExact, escapes }: Compared): string[] {
  const paths: string[] = []
  visit({ old: [trieOf(oldTemplates)], next: [trieOf(newTemplates)] }, [''])
  return paths

  /** `prefixes`: the plain one, and once a parameter has taken something, the same with each escape in its value. */
  function visit(reached: Reached, prefixes: readonly string[]): void {
    const free = other(reached)
    for (const value of valuesAt(reached, free, hasExact)) {
      const longer = prefixes.map((prefix) => `${prefix}/${value}`)
      // A route takes an escape in each of its parameters, or in none: the first tells.
      const isFirst = value === free && prefixes.length === 1
      if (isFirst) longer.push(...escapes.map((name) => `${longer[0]}${escapeText(name)}`))
      for (const path of longer) paths.push(path)
      if (paths.length > mostPaths) throw new RangeError('too many kinds of paths')
      const further = { old: follow(reached.old, value), next: follow(reached.next, value) }
      if (value !== '' && further.old.length + further.next.length > 0) visit(further, longer)
    }
  }
}

function follow(nodes: readonly TrieNode[], value: string): TrieNode[] {
  return nodes.flatMap((node) => {
    const literal = node.literals.get(value)
    const parameter = value === '' ? undefined : node.parameter
    return [...(literal ? [literal] : []), ...(parameter ? [parameter] : [])]
  })
}

/** A segment of each kind: empty, each literal, something else, and disguises of literals. */
function valuesAt(reached: Reached, free: string, hasExact: boolean): string[] {
  const literals = new Set([...reached.old, ...reached.next].flatMap((node) => [...node.literals.keys()]))
  const disguises = disguisesAt(reached, literals, hasExact)
  return ['', ...[...literals].filter((text) => text !== ''), free, ...disguises]
}

/**
 * One value for each way in which the two tables can take it for a disguise. Where no route is exact, those that both
 * refuse differ in nothing.
 */
function disguisesAt({ old, next }: Reached, literals: ReadonlySet<string>, hasExact: boolean): string[] {
  const found = new Map<string, string>()
  for (const literal of literals) {
    if (!hasExact && old.some(holds(literal)) && next.some(holds(literal))) continue
    for (const value of disguisesOf(literal)) {
      if (literals.has(value)) continue
      const [before, after] = [howDisguised(old, value, hasExact), howDisguised(next, value, hasExact)]
      if (before === after && (before === 'to_all' || before === 'to_none')) continue
      const way = `${before} ${after}`
      if (!found.has(way)) found.set(way, value)
    }
  }
  return [...found.values()]
}

function holds(literal: string): (node: TrieNode) => boolean {
  return ({ literals }) => literals.has(literal)
}

/** For which routes of a table a value is a disguise: all, those that are strict, or none. */
function howDisguised(nodes: readonly TrieNode[], value: string, hasExact: boolean): string {
  if (!nodes.some(({ folded }) => isDisguise(folded, value, 'strict'))) return 'to_none'
  const isToAll = !hasExact || nodes.some(({ folded }) => isDisguise(folded, value, 'exact'))
  return isToAll ? 'to_all' : 'to_strict'
}

/** A value that is none of the literals, whoever reads it. */
function other({ old, next }: Reached): string {
  const nodes = [...old, ...next]
  let value = 'x'
  while (nodes.some(({ folded }) => folded.has(value))) value += 'x'
  return value
}

function trieOf(templates: readonly string[]): TrieNode {
  const root = createNode()
  for (const template of templates) {
    const parsed = parseTemplate(template)
    if (parsed.ok) insert(root, parsed.segments)
  }
  return root
}

function insert(root: TrieNode, segments: readonly Segment[]): void {
  let node = root
  for (const segment of segments) {
    // Below a rest nothing is told apart.
    if (segment.kind === 'rest') return
    if (segment.kind === 'parameter') node = node.parameter ??= createNode()
    else node = literalChild(node, segment.text)
  }
}

function literalChild(node: TrieNode, text: string): TrieNode {
  const known = node.literals.get(text)
  if (known !== undefined) return known
  const child = createNode()
  node.literals.set(text, child)
  addFolded(node.folded, text)
  return child
}

function createNode(): TrieNode {
  return { literals: new Map(), folded: new Map(), parameter: undefined }
}
