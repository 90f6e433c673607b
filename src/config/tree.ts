// YAML text → a tree of plain values that knows where each of them stands, variables expanded.
// Aliases are followed within a bound.

import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar } from 'yaml'
import { type Environment, expand, typeAsCore } from './expand.ts'
import { formatPlace, type Place, type Report } from './fault.ts'
import { parseYaml } from './parse-yaml.ts'
import type { SourceText } from './source.ts'

interface ScalarNode {
  readonly kind: 'scalar'
  readonly place: Place
  readonly value: unknown
  /** Set where a variable was expanded: the value as text, for keys that want text whatever it looks like. */
  readonly expandedText: string | undefined
  /** The scalar as the file has it: this may be quoted in a fault. */
  readonly raw: string
}
interface ListNode {
  readonly kind: 'list'
  readonly place: Place
  readonly items: readonly Node[]
}
export interface MapNode {
  readonly kind: 'map'
  readonly place: Place
  readonly entries: ReadonlyMap<string, { readonly keyPlace: Place; readonly node: Node }>
}
/** Something whose fault has been reported already. */
interface HoleNode {
  readonly kind: 'hole'
  readonly place: Place
}
export type Node = ScalarNode | ListNode | MapNode | HoleNode

const deepest = 64
const mostNodes = 200_000

/** The tree of one file, or undefined when its text is not usable YAML at all; faults go to the report. */
export function parseTree(source: SourceText, env: Environment, report: Report): Node | undefined {
  const parsed = parseYaml(source, report)
  if (!parsed) return undefined
  return createReader({ env, report, placeOf: parsed.placeOf })(parsed.contents, 0)
}

interface Reading {
  readonly env: Environment
  readonly report: Report
  readonly placeOf: (offset: number) => Place
}

type Read = (node: ParsedNode, depth: number) => Node

function createReader({ env, report, placeOf }: Reading): Read {
  const anchors = new Map<string, ParsedNode>()
  let nodes = 0
  let isOverBudget = false

  function read(node: ParsedNode, depth: number): Node {
    const place = placeOf(node.range[0])
    nodes++
    if (depth > deepest || nodes > mostNodes) return refuse(place)
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (target !== undefined) return read(target, depth + 1)
      report.fault(place, `no anchor \`${node.source}\` stands before this alias`)
      return { kind: 'hole', place }
    }
    if (node.anchor !== undefined) anchors.set(node.anchor, node)
    if (isMap(node)) return readMap(node, place, depth)
    if (isSeq(node)) return { kind: 'list', place, items: node.items.map((item) => read(item, depth + 1)) }
    return readScalar(node, place)
  }

  function refuse(place: Place): Node {
    if (!isOverBudget) report.fault(place, 'nested too deeply, or too large when its aliases are followed')
    isOverBudget = true
    return { kind: 'hole', place }
  }

  function readMap(
    map: Extract<ParsedNode, { items: { key: unknown }[] }>,
    place: Place,
    depth: number,
  ): Node {
    const entries = new Map<string, { keyPlace: Place; node: Node }>()
    for (const { key, value } of map.items) {
      const keyPlace = placeOf(key.range[0])
      const name = keyText(key)
      const node: Node =
        value === null
          ? { kind: 'scalar', place: keyPlace, value: null, expandedText: undefined, raw: '' }
          : read(value, depth + 1)
      const first = name === undefined ? undefined : entries.get(name)
      if (name === undefined) report.fault(keyPlace, 'a key must be plain text')
      else if (first)
        report.fault(keyPlace, `duplicate key \`${name}\` (first: ${formatPlace(first.keyPlace)})`)
      else entries.set(name, { keyPlace, node })
    }
    return { kind: 'map', place, entries }
  }

  function readScalar(scalar: Scalar.Parsed, place: Place): Node {
    const { value } = scalar
    const raw = scalar.source
    if (typeof value !== 'string' || !value.includes('${')) {
      return { kind: 'scalar', place, value, expandedText: undefined, raw }
    }
    const expansion = expand(value, env)
    if (!expansion.ok) {
      report.fault(place, expansion.message)
      return { kind: 'hole', place }
    }
    const { text } = expansion
    const typed = scalar.type === 'PLAIN' ? typeAsCore(text) : text
    return { kind: 'scalar', place, value: typed, expandedText: text, raw }
  }

  return read
}

/** A key's text. `__proto__` is none: it would set a prototype where others set a property. */
function keyText(key: ParsedNode): string | undefined {
  if (!isScalar(key) || key.value === null || key.anchor !== undefined) return undefined
  const text = typeof key.value === 'string' ? key.value : key.source
  return text === '__proto__' ? undefined : text
}

/** Where the value under `path` stands, or the nearest thing around it that exists. */
export function placeOfValue(root: Node, path: readonly (string | number)[]): Place {
  return walk(root, path).value
}

/** Where the key that ends `path` stands, or the nearest thing around it that exists. */
export function placeOfKey(root: Node, path: readonly (string | number)[]): Place {
  return walk(root, path).key
}

/** The scalar under `path` as the file has it, for quoting; empty if there is none. */
export function rawText(root: Node, path: readonly (string | number)[]): string {
  const { node } = walk(root, path)
  return node.kind === 'scalar' ? node.raw : ''
}

/** Whether the file gives `path`, faulty or not. */
export function isGiven(root: Node, path: readonly (string | number)[]): boolean {
  return walk(root, path).isFound
}

function walk(
  root: Node,
  path: readonly (string | number)[],
): { node: Node; key: Place; value: Place; isFound: boolean } {
  let node = root
  let key = root.place
  for (const step of path) {
    const entry = node.kind === 'map' ? node.entries.get(String(step)) : undefined
    const next = node.kind === 'list' ? node.items[Number(step)] : entry?.node
    if (next === undefined) return { node, key, value: key, isFound: false }
    key = entry?.keyPlace ?? next.place
    node = next
  }
  return { node, key, value: node.place, isFound: true }
}
