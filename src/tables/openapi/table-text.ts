// A permission table's text, changed in place: what is not changed keeps every byte, comments and alignment included.

import { isMap, isScalar, type ParsedNode, stringify, type YAMLMap } from 'yaml'
import type { Requirement } from '../../credentials/permission.ts'
import { printable } from '../../errors/printable.ts'
import { createReport, type Fault } from '../../config/fault.ts'
import { parseYaml } from '../../config/parse-yaml.ts'

type Pair = YAMLMap.Parsed['items'][number]

export interface TableText {
  /** Adds an entry to a section, below the entry `after`; undefined: at its end. */
  add(section: Section, entry: Entry, after?: string): void
  /** Replaces what a route requires; its other settings stay. */
  require(route: string, requirement: Requirement): void
  remove(route: string): void
  /** The text with all changes. */
  toString(): string
}

export type Section = 'permissions' | 'routes'

interface Entry {
  readonly key: string
  /** As YAML. */
  readonly value: string
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

export type TableTextResult =
  | { readonly ok: true; readonly table: TableText }
  | { readonly ok: false; readonly faults: readonly Fault[] }

/** Makes a text editable. Refuses one that has not got both sections as mappings. */
export function editTable(file: string, text: string): TableTextResult {
  const report = createReport()
  const parsed = parseYaml({ file, text }, report)
  if (parsed === undefined) return { ok: false, faults: report.faults }
  const sections = {
    permissions: section(parsed.contents, 'permissions'),
    routes: section(parsed.contents, 'routes'),
  }
  const { permissions, routes } = sections
  if (permissions === undefined || routes === undefined) {
    const missing = permissions === undefined ? 'permissions' : 'routes'
    report.fault(parsed.placeOf(0), `\`${missing}\` is no mapping with entries`)
    return { ok: false, faults: report.faults }
  }
  return { ok: true, table: createEditor(text, { permissions, routes }) }
}

function createEditor(text: string, sections: Readonly<Record<Section, YAMLMap.Parsed>>): TableText {
  const edits: Edit[] = []
  const removed = new Set<Pair>()
  let hasNewRoutes = false
  const find = (map: YAMLMap.Parsed, key: string) => map.items.find((pair) => keyOf(pair) === key)

  return {
    add(name, entry, after) {
      const map = sections[name]
      const pair = (after === undefined ? undefined : find(map, after)) ?? map.items.at(-1)
      if (pair === undefined) return
      const end = endOf(pair)
      hasNewRoutes ||= name === 'routes'
      if (map.flow === true) {
        edits.push({ start: end, end, text: `, ${JSON.stringify(entry.key)}: ${entry.value}` })
        return
      }
      const at = lineEnd(text, end)
      const line = `${indentOf(text, pair)}${entry.key}:`
      const padded = line.padEnd(valueColumn(text, pair), ' ')
      edits.push({ start: at, end: at, text: `\n${padded === line ? `${line} ` : padded}${entry.value}` })
    },
    require(route, requirement) {
      const value = find(sections.routes, route)?.value
      if (!value) return
      const own = isMap(value)
        ? value.items.find((pair) => requirementKeys.includes(keyOf(pair) ?? ''))
        : undefined
      const range = own
        ? { start: own.key.range[0], end: endOf(own) }
        : { start: value.range[0], end: value.range[1] }
      edits.push({ ...range, text: own ? requirementPair(requirement) : requirementYaml(requirement) })
    },
    remove(route) {
      const { items, flow } = sections.routes
      const pair = find(sections.routes, route)
      // A section without entries would be no mapping.
      if (pair === undefined || (items.length === 1 && !hasNewRoutes)) return
      // With the line break before it: new entries stand behind its line's end.
      const start = lineStart(text, pair.key.range[0]) - 1
      if (flow === true) removed.add(pair)
      else edits.push({ start, end: lineEnd(text, endOf(pair)), text: '' })
    },
    toString: () => applied(text, [...withoutComma(), ...removals(sections.routes.items, removed)]),
  }

  /** Where all entries between braces go, the first of the new ones has none before it. */
  function withoutComma(): Edit[] {
    const { items } = sections.routes
    const at = items.at(-1)?.value?.range[1]
    const first = removed.size === items.length ? edits.find(({ start }) => start === at) : undefined
    return edits.map((edit) => (edit === first ? { ...edit, text: edit.text.replace(/^, /, '') } : edit))
  }
}

const requirementKeys = ['permission', 'all_of', 'any_of']

function section(root: ParsedNode, name: Section): YAMLMap.Parsed | undefined {
  const pair = isMap(root) ? root.items.find((one) => keyOf(one) === name) : undefined
  const value = pair?.value
  return isMap(value) && value.items.length > 0 ? value : undefined
}

function keyOf({ key }: Pair): string | undefined {
  return isScalar(key) ? String(key.value) : undefined
}

function endOf({ key, value }: Pair): number {
  return (value ?? key).range[1]
}

/** Entries between braces go with the comma behind them, the last ones with the one before. */
function removals(items: readonly Pair[], removed: ReadonlySet<Pair>): Edit[] {
  return items.flatMap((pair, index) => {
    if (!removed.has(pair)) return []
    const kept = items.findIndex((one, at) => at > index && !removed.has(one))
    const [next, before] = [items[kept], items[index - 1]]
    if (next !== undefined) return [{ start: startOf(pair), end: startOf(next), text: '' }]
    return [{ start: before === undefined ? startOf(pair) : endOf(before), end: endOf(pair), text: '' }]
  })
}

function startOf({ key }: Pair): number {
  return key.range[0]
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1
}

/** The end of the line that ends an entry; a block value may have taken its line break with it. */
function lineEnd(text: string, at: number): number {
  const from = at > 0 && text[at - 1] === '\n' ? at - 1 : at
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}

function indentOf(text: string, { key }: Pair): string {
  return text.slice(lineStart(text, key.range[0]), key.range[0])
}

/** Where the neighbour's value begins: new ones stand below it. */
function valueColumn(text: string, { key, value }: Pair): number {
  if (!value || lineStart(text, key.range[0]) !== lineStart(text, value.range[0])) return 0
  return value.range[0] - lineStart(text, key.range[0])
}

/** In the order of places; of those at one place in the order in which they were made. */
function applied(text: string, edits: readonly Edit[]): string {
  let result = ''
  let from = 0
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(from, edit.start) + edit.text
    from = Math.max(from, edit.end)
  }
  return result + text.slice(from)
}

/** A requirement as a route's whole value. */
export function requirementYaml(requirement: Requirement): string {
  if (requirement.kind === 'public') return 'public'
  const [only] = requirement.permissions
  if (requirement.permissions.length === 1 && only !== undefined) return scalar(only)
  return `{ ${requirementPair(requirement)} }`
}

function requirementPair(requirement: Requirement): string {
  if (requirement.kind === 'public') return 'permission: public'
  const [only] = requirement.permissions
  if (requirement.permissions.length === 1 && only !== undefined) return `permission: ${scalar(only)}`
  return `${requirement.kind}_of: [${requirement.permissions.map(scalar).join(', ')}]`
}

/** A text as a YAML scalar on one line; what does not print stands in it as an escape. */
export function scalar(text: string): string {
  const plain = text.replace(/\s+/g, ' ').trim()
  const quoted = printable(JSON.stringify(plain))
  const needsQuotes = /[{}[\],]/.test(plain) || quoted !== JSON.stringify(plain)
  return needsQuotes ? quoted : stringify(plain, { lineWidth: 0 }).trim()
}
