// An OpenAPI 3.0 or 3.1 document as plain values. Only what concerns routes is looked at; references inside the document
// are followed, within bounds, those to other files are not.

import { createReport, formatFault } from '../../config/fault.ts'
import { parseYaml } from '../../config/parse-yaml.ts'
import { readSource } from '../../config/source.ts'

const largestDocumentBytes = 32 * 1024 * 1024
const mostLexemes = 3_000_000
/** A chain of references longer than this goes round. */
const mostHops = 32

export type Json = Readonly<Record<string, unknown>>

export interface OpenApiDocument {
  readonly file: string
  readonly text: string
  readonly root: Json
}

export type DocumentResult =
  | { readonly ok: true; readonly document: OpenApiDocument }
  | { readonly ok: false; readonly messages: readonly string[] }

/** Reads a document, JSON or YAML. Messages begin with the file's name. */
export async function readDocument(file: string): Promise<DocumentResult> {
  const read = await readSource(file, largestDocumentBytes)
  if (!read.ok) return refuse(`${file}:1:1  the file ${read.message}`)
  const { text } = read.source
  let root: unknown
  if (/^\s*\{/.test(text)) {
    root = parseJson(text)
    if (root === undefined) return refuse(`${file}:1:1  not valid JSON`)
  } else {
    const report = createReport()
    const parsed = parseYaml(read.source, report, mostLexemes)
    if (parsed === undefined) return { ok: false, messages: report.faults.map(formatFault) }
    try {
      root = parsed.toJs()
    } catch {
      return refuse(`${file}:1:1  too large when its aliases are followed`)
    }
  }
  if (!isObject(root) || typeof root.openapi !== 'string' || !/^3\.[01](?:\.|$)/.test(root.openapi))
    return refuse(`${file}:1:1  is no OpenAPI 3.0 or 3.1 document`)
  return { ok: true, document: { file, text, root } }
}

function refuse(message: string): DocumentResult {
  return { ok: false, messages: [message] }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether a value is a mapping. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export type Resolved =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly message: string }

/** What a value stands for: itself, or what its `$ref` leads to, members beside the `$ref` winning (3.1). */
export function resolveReference(root: Json, value: unknown): Resolved {
  let beside: Json = {}
  let current = value
  for (let hop = 0; hop < mostHops; hop++) {
    if (!isObject(current)) return { ok: false, message: 'is no mapping' }
    const { $ref: reference, ...rest } = current
    beside = { ...rest, ...beside }
    if (reference === undefined) return { ok: true, value: beside }
    if (typeof reference !== 'string') return { ok: false, message: 'has a `$ref` that is no text' }
    if (!reference.startsWith('#/'))
      return { ok: false, message: `refers to another file (${reference}): bundle the document first` }
    current = pointedAt(root, reference)
    if (current === undefined) return { ok: false, message: `refers to nothing (${reference})` }
  }
  return { ok: false, message: 'refers to itself' }
}

/** RFC 6901 §4, §6. */
function pointedAt(root: Json, reference: string): unknown {
  let current: unknown = root
  for (const part of reference.slice(2).split('/')) {
    const name = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~')
    current = isObject(current) && Object.hasOwn(current, name) ? current[name] : undefined
  }
  return current
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
