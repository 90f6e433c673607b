// One path for each kind of path that two tables could tell apart: whatever two routes tables say to all other paths,
// they say to one of these. So a comparison over these few is one over all paths.
//
// A matcher looks at a segment in five ways: is it this literal; is it of this parameter with literals around it; can it be read as
// one of them without being it (refused where a parameter would take it); is it empty; is it something else. Walking both tries at
// once, a branch for each. Which escapes something else may hold is the route's to say, of all its parameters at once: one more
// path for each.

import { addLiteral, addPattern, createSiblings, isDisguise, type Siblings } from '../../config/disguise.ts'
import { freshCharacter } from '../../config/fresh-value.ts'
import { matching, type Pattern, type PatternMap, patternText, valueOf } from '../../config/pattern.ts'
import { type EscapeName, escapeText } from '../../config/request/escapes.ts'
import { disguisesOf } from './disguises-of.ts'
import { type PatternValue, valuesOfPatterns } from './pattern-values.ts'
import { parseTemplate, type Segment } from '../../config/template.ts'

/** Tables so entangled are compared by nobody; it also bounds the work. */
export const mostPaths = 500_000

interface TrieNode {
  readonly literals: Map<string, TrieNode>
  /** The nodes behind patterns, each with its pattern. */
  readonly patterns: PatternMap<{ readonly pattern: Pattern; readonly node: TrieNode }>
  readonly siblings: Siblings
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
    for (const { value, end } of valuesAt(reached, hasExact)) {
      const longer = prefixes.map((prefix) => `${prefix}/${value}`)
      // A route takes an escape in each of its parameters, or in none: the first tells.
      if (end !== -1 && prefixes.length === 1)
        longer.push(...escapes.map(escapedAt(`${prefixes[0]}/`, value, end)))
      for (const path of longer) paths.push(path)
      if (paths.length > mostPaths) throw new RangeError('too many kinds of paths')
      const further = { old: follow(reached.old, value), next: follow(reached.next, value) }
      if (value !== '' && further.old.length + further.next.length > 0) visit(further, longer)
    }
  }
}

function escapedAt(prefix: string, value: string, end: number): (name: EscapeName) => string {
  return (name) => prefix + value.slice(0, end) + escapeText(name) + value.slice(end)
}

function follow(nodes: readonly TrieNode[], value: string): TrieNode[] {
  return nodes.flatMap((node) => {
    const literal = node.literals.get(value)
    const parameter = value === '' ? undefined : node.parameter
    return [
      ...(literal ? [literal] : []),
      ...matching(node.patterns, value).map((found) => found.node),
      ...(parameter ? [parameter] : []),
    ]
  })
}

/** A segment of each kind: empty, each literal, something else, of patterns, and disguises. */
function valuesAt(reached: Reached, hasExact: boolean): PatternValue[] {
  const nodes = [...reached.old, ...reached.next]
  const literals = new Set(nodes.flatMap((node) => [...node.literals.keys()]))
  const patterns = patternsOf(nodes)
  const filler =
    freshCharacter(patterns.map(({ before, between = '', after }) => before + between + after)) ?? '~'
  const free = other(nodes, filler)
  const kinds = createKinds(reached, hasExact)
  kinds.isNew(free)
  const ofPatterns = valuesOfPatterns(patterns, { filler, most: mostPaths }).filter(
    ({ value }) => !literals.has(value) && kinds.isNew(value),
  )
  const originals = [...literals, ...ofPatterns.map(({ value }) => value)]
  const afters = [...new Set(patterns.map(({ after }) => after))]
  const disguises: string[] = []
  for (const original of originals) {
    if (!hasExact && isGuarded(reached, original)) continue
    for (const value of disguisesOf(original, afters))
      if (!literals.has(value) && kinds.isNew(value)) disguises.push(value)
  }
  return [
    ...['', ...[...literals].filter((text) => text !== '')].map(plain),
    { value: free, end: free.length },
    ...ofPatterns,
    ...disguises.map(plain),
  ]
}

function plain(value: string): PatternValue {
  return { value, end: -1 }
}

function patternsOf(nodes: readonly TrieNode[]): Pattern[] {
  const found = new Map<string, Pattern>()
  for (const { patterns } of nodes)
    for (const { values } of patterns)
      for (const { pattern } of values.values()) found.set(patternText(pattern), pattern)
  return [...found.values()]
}

/** Whether both sides have all that a value is itself, so that both refuse all its disguises. */
function isGuarded({ old, next }: Reached, original: string): boolean {
  const [isOld, isNext] = [old, next].map((nodes) => nodes.some(({ literals }) => literals.has(original)))
  if (isOld === true && isNext === true) return true
  // Of a literal on one side alone the other may take the disguises by a pattern that both have.
  if (isOld !== isNext) return false
  const [before = '', after] = [old, next].map((nodes) => {
    const patterns = nodes.flatMap((node) => matching(node.patterns, original).map(({ pattern }) => pattern))
    return [...new Set(patterns.map(patternText))].toSorted().join('/')
  })
  return before !== '' && before === after
}

interface Kinds {
  /** Whether the tables can treat a value as none that was asked for; not where both refuse it on every route. */
  isNew(value: string): boolean
}

function createKinds({ old, next }: Reached, hasExact: boolean): Kinds {
  const known = new Set<string>()
  return {
    isNew(value) {
      const [before, after] = [waysOf(old, value, hasExact), waysOf(next, value, hasExact)]
      if ([before, after].every((ways) => ways.every(({ way }) => way === 'to_all'))) return false
      const kind = JSON.stringify([before, after])
      if (known.has(kind)) return false
      known.add(kind)
      return true
    },
  }
}

/** For which routes of a table a value is a disguise, by how they take it: all, those that are strict, or none. */
function waysOf(nodes: readonly TrieNode[], value: string, hasExact: boolean) {
  const owns = nodes.flatMap((node) => matching(node.patterns, value).map(({ pattern }) => pattern))
  return [undefined, ...owns].map((own) => ({
    own: own && patternText(own),
    way: howDisguised(nodes, value, { own, hasExact }),
  }))
}

function howDisguised(
  nodes: readonly TrieNode[],
  value: string,
  { own, hasExact }: { own: Pattern | undefined; hasExact: boolean },
): string {
  if (!nodes.some(({ siblings }) => isDisguise(siblings, value, { own, disguises: 'strict' })))
    return 'to_none'
  const isToAll =
    !hasExact || nodes.some(({ siblings }) => isDisguise(siblings, value, { own, disguises: 'exact' }))
  return isToAll ? 'to_all' : 'to_strict'
}

/** A value that is none of the literals and of none of the patterns, whoever reads it. */
function other(nodes: readonly TrieNode[], filler: string): string {
  let value = filler
  while (nodes.some(({ siblings }) => siblings.literals.has(value))) value += filler
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
    else if (segment.kind === 'pattern') node = patternChild(node, segment)
    else node = literalChild(node, segment.text)
  }
}

function literalChild(node: TrieNode, text: string): TrieNode {
  const known = node.literals.get(text)
  if (known !== undefined) return known
  const child = createNode()
  node.literals.set(text, child)
  addLiteral(node.siblings, text)
  return child
}

function patternChild({ patterns, siblings }: TrieNode, pattern: Pattern): TrieNode {
  return valueOf(patterns, pattern, () => {
    addPattern(siblings, pattern)
    return { pattern, node: createNode() }
  }).node
}

function createNode(): TrieNode {
  return { literals: new Map(), patterns: [], siblings: createSiblings(), parameter: undefined }
}
