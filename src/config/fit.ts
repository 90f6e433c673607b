// Lays a located YAML tree over a schema: every difference becomes a fault at its place, missing keys get their
// defaults, and what could not be used is left as a hole, so that later checks still see all the rest.
//
// TypeBox's own error list would not do: it stops after a few, knows no lines, and cannot type a variable by what its
// key wants. Its verdict is still the last word (compile.ts).

import type { Static, TSchema } from 'typebox'
import { createReport, type Place, type Report } from './fault.ts'
import { suggest } from './suggest.ts'
import type { MapNode, Node } from './tree.ts'
import { longestDurationMs, parseDuration } from './units.ts'

/** A value of which any part may be missing because it was faulty. */
export type Holed<T> = T extends readonly (infer Item)[]
  ? readonly (Holed<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]: Holed<T[Key]> | undefined }
    : T

/** The part of JSON Schema that schema.ts uses. */
export interface Shape {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[] | undefined
  readonly patternProperties?: Readonly<Record<string, Shape>>
  readonly propertyNames?: { readonly pattern: string; readonly expects: string }
  readonly minProperties?: number
  readonly items?: Shape
  readonly minItems?: number
  readonly uniqueItems?: boolean
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly enum?: readonly string[]
  readonly anyOf?: readonly Shape[]
  readonly default?: unknown
  readonly isDuration?: boolean
  readonly expects?: string
  readonly description?: string
  readonly examples?: readonly unknown[]
}

/** The value that `node` stands for, with holes where it is faulty. */
export function fit<Schema extends TSchema>(
  schema: Schema,
  node: Node,
  report: Report,
): Holed<Static<Schema>> | undefined {
  // The checked boundary: what comes back has the schema's shape but for the holes, each of them reported.
  return fitNode(schema, node, { report, name: 'the file', place: node.place }) as
    | Holed<Static<Schema>>
    | undefined
}

interface Where {
  readonly report: Report
  /** What faults call the value. */
  readonly name: string
  /** The key that holds the value: where a missing part is reported. */
  readonly place: Place
}

function fitNode(shape: Shape, node: Node, where: Where): unknown {
  if (node.kind === 'hole') return undefined
  if (shape.anyOf) return fitUnion(shape.anyOf, shape, node, where)
  if (shape.type === 'object' && node.kind === 'map') {
    return shape.properties ? fitObject(shape, node, where) : fitRecord(shape, node, where)
  }
  if (shape.type === 'array' && node.kind === 'list') return fitList(shape, node.items, where)
  if (node.kind === 'scalar') {
    const value = shape.type === 'string' ? (node.expandedText ?? node.value) : retyped(node)
    if (isScalarOf(shape, value)) return value
  }
  where.report.fault(node.place, `${where.name} must be ${expectation(shape)}`, meantWord(shape, node))
  return undefined
}

/** The word of an enumeration that a mistyped one was probably meant to be. */
function meantWord(shape: Shape, node: Node): string | undefined {
  if (shape.enum === undefined || node.kind !== 'scalar' || node.expandedText !== undefined) return undefined
  return suggest(node.raw, shape.enum)
}

/** Where a key wants a number or a boolean, a quoted variable is typed too: flow maps force the quotes. */
function retyped(node: { value: unknown; expandedText: string | undefined }): unknown {
  if (typeof node.value !== 'string' || node.expandedText === undefined) return node.value
  if (node.value === 'true' || node.value === 'false') return node.value === 'true'
  return /^[0-9]{1,15}$/.test(node.value) ? Number(node.value) : node.value
}

function isScalarOf(shape: Shape, value: unknown): boolean {
  if (shape.enum) return typeof value === 'string' && shape.enum.includes(value)
  if (shape.type === 'boolean') return typeof value === 'boolean'
  if (shape.type === 'integer') {
    const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = shape
    return typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum
  }
  if (shape.type !== 'string' || typeof value !== 'string') return false
  if (value.length < (shape.minLength ?? 0) || value.length > (shape.maxLength ?? value.length)) return false
  if (shape.pattern !== undefined && !new RegExp(shape.pattern).test(value)) return false
  return !shape.isDuration || parseDuration(value) <= longestDurationMs
}

function fitObject(shape: Shape, node: MapNode, where: Where): unknown {
  const properties = shape.properties ?? {}
  const value: Record<string, unknown> = {}
  for (const [key, { keyPlace }] of node.entries) {
    if (Object.hasOwn(properties, key)) continue
    where.report.fault(keyPlace, `unknown key \`${key}\``, suggest(key, Object.keys(properties)))
  }
  for (const [key, property] of Object.entries(properties)) {
    const entry = node.entries.get(key)
    if (entry) {
      const inner = { report: where.report, name: `\`${key}\``, place: entry.keyPlace }
      value[key] = fitNode(property, entry.node, inner)
    } else if (property.default !== undefined) value[key] = defaultOf(property)
    else if (shape.required?.includes(key)) where.report.fault(where.place, `missing key \`${key}\``)
  }
  return value
}

function fitRecord(shape: Shape, node: MapNode, where: Where): unknown {
  const [inner = {}] = Object.values(shape.patternProperties ?? {})
  const names = shape.propertyNames
  const pattern = names && new RegExp(names.pattern)
  const value: Record<string, unknown> = {}
  for (const [key, entry] of node.entries) {
    if (names && pattern?.test(key) === false) {
      where.report.fault(entry.keyPlace, `\`${key}\` is not ${names.expects}`)
    }
    value[key] = fitNode(inner, entry.node, {
      report: where.report,
      name: `\`${key}\``,
      place: entry.keyPlace,
    })
  }
  if (node.entries.size < (shape.minProperties ?? 0)) {
    where.report.fault(node.place, `${where.name} must not be empty`)
  }
  return value
}

function fitList(shape: Shape, items: readonly Node[], where: Where): unknown {
  const seen = new Set<unknown>()
  if (items.length < (shape.minItems ?? 0))
    where.report.fault(where.place, `${where.name} must be ${expectation(shape)}`)
  return items.map((item) => {
    const value = fitNode(shape.items ?? {}, item, { ...where, name: `an entry of ${where.name}` })
    if (shape.uniqueItems && value !== undefined && seen.has(value)) {
      where.report.fault(item.place, `an entry of ${where.name} is listed twice`)
    }
    seen.add(value)
    return value
  })
}

function fitUnion(branches: readonly Shape[], shape: Shape, node: Node, where: Where): unknown {
  for (const branch of branches) {
    const trial = createReport()
    const value = fitNode(branch, node, { ...where, report: trial })
    if (trial.faults.length === 0) return value
  }
  const mapping = branches.find((branch) => branch.type === 'object')
  if (mapping && node.kind === 'map') return fitNode(mapping, node, where)
  const words = branches.find((branch) => branch.enum !== undefined) ?? shape
  where.report.fault(node.place, `${where.name} must be ${expectation(shape)}`, meantWord(words, node))
  return undefined
}

function defaultOf(shape: Shape): unknown {
  if (!shape.properties) return structuredClone(shape.default)
  const entries = Object.entries(shape.properties).filter(([, property]) => property.default !== undefined)
  return Object.fromEntries(entries.map(([key, property]) => [key, defaultOf(property)]))
}

function expectation(shape: Shape): string {
  if (shape.expects !== undefined) return shape.expects
  if (shape.enum) return shape.enum.map((word) => `\`${word}\``).join(' or ')
  if (shape.type === 'integer') {
    const { minimum = 0, maximum } = shape
    return `a whole number ${maximum === undefined ? `of ${minimum} or more` : `from ${minimum} to ${maximum}`}`
  }
  return wordsFor[shape.type ?? 'string'] ?? 'text, not empty'
}

const wordsFor: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  boolean: 'true or false',
}
