// One path for each kind of path that two tables could tell apart: whatever two routes tables say to all other paths,
// they say to one of these. So a comparison over these few is one over all paths.
//
// A matcher looks at a segment in four ways: is it this literal; does it decode to a literal without being it (refused
// where a parameter would take it); is it empty; is it something else. Walking both tries at once, a branch for each.

import { foldSegment } from '../matcher.ts'
import { parseTemplate, type Segment } from '../template.ts'

/** Tables so entangled are compared by nobody; it also bounds the work. */
export const mostPaths = 500_000

interface TrieNode {
  readonly literals: Map<string, TrieNode>
  readonly folded: Set<string>
  parameter: TrieNode | undefined
}

/** Where a prefix of a path has led to, in either table. */
interface Reached {
  readonly old: readonly TrieNode[]
  readonly next: readonly TrieNode[]
}

/** The paths for two tables, given by their templates. Throws RangeError beyond `mostPaths`. */
export function representativePaths(
  oldTemplates: readonly string[],
  newTemplates: readonly string[],
): string[] {
  const paths: string[] = []
  visit({ old: [trieOf(oldTemplates)], next: [trieOf(newTemplates)] }, '')
  return paths

  function visit(reached: Reached, prefix: string): void {
    for (const value of valuesAt(reached)) {
      const path = `${prefix}/${value}`
      paths.push(path)
      if (paths.length > mostPaths) throw new RangeError('too many kinds of paths')
      const further = { old: follow(reached.old, value), next: follow(reached.next, value) }
      if (value !== '' && further.old.length + further.next.length > 0) visit(further, path)
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
function valuesAt({ old, next }: Reached): string[] {
  const all = [...old, ...next]
  const literals = new Set(all.flatMap((node) => [...node.literals.keys()]))
  const folded = new Set(all.flatMap((node) => [...node.folded]))
  const disguises = new Map<string, string>()
  for (const key of folded) {
    const inOld = old.some((node) => node.folded.has(key))
    const inNew = next.some((node) => node.folded.has(key))
    // What both tables refuse differs in nothing; of those that one refuses, one is like the other.
    if (inOld === inNew || disguises.has(String(inOld))) continue
    const disguise = disguised(key, literals)
    if (disguise !== undefined) disguises.set(String(inOld), disguise)
  }
  return ['', ...[...literals].filter((text) => text !== ''), other(folded), ...disguises.values()]
}

/** A value that is none of the literals, whoever decodes it. */
function other(folded: ReadonlySet<string>): string {
  let value = 'x'
  while (folded.has(value)) value += 'x'
  return value
}

/** A value that folds to `key` and is no literal itself: with one escape more, of one character after the other. */
function disguised(key: string, literals: ReadonlySet<string>): string | undefined {
  for (let escapes = 1; escapes <= key.length; escapes++) {
    const characters = Array.from(key, (character, index) =>
      index < escapes ? escaped(character) : safe(character),
    )
    const value = characters.join('')
    if (!literals.has(value) && foldSegment(value) === key) return value
  }
  return undefined
}

function escaped(character: string): string {
  return [...Buffer.from(character, 'utf8')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
}

function safe(character: string): string {
  return /^[A-Za-z0-9._~-]$/.test(character) ? character : escaped(character)
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
  if (text !== '') node.folded.add(foldSegment(text))
  return child
}

function createNode(): TrieNode {
  return { literals: new Map(), folded: new Set(), parameter: undefined }
}
