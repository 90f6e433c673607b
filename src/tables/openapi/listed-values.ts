// Parameters of a path whose values a document lists: `/{service}/{id}` with two services is two paths.

import { type Json, resolveReference } from './document.ts'

const mostPaths = 64

/** The values of the parameters that have a list of plain ones, by name. */
export function valuesOf({
  root,
  item,
  operation,
}: Readonly<Record<'root' | 'item' | 'operation', Json>>): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const parameter of [item.parameters, operation.parameters].flat()) {
    const resolved = resolveReference(root, parameter)
    if (!resolved.ok || resolved.value.in !== 'path' || typeof resolved.value.name !== 'string') continue
    const schema = resolveReference(root, resolved.value.schema ?? resolved.value)
    const values: unknown = schema.ok ? schema.value.enum : undefined
    if (!Array.isArray(values) || values.length === 0 || !values.every(isPlain)) continue
    found.set(resolved.value.name, [...new Set(values)])
  }
  return found
}

/** The path with each of the values; none: it has no such parameter, or there would be too many. */
export function expandedPaths(path: string, values: ReadonlyMap<string, readonly string[]>): string[] {
  let paths = [path]
  for (const [name, list] of values) {
    if (!path.includes(`{${name}}`)) continue
    paths = paths.flatMap((one) => list.map((value) => one.replaceAll(`{${name}}`, value)))
    if (paths.length > mostPaths) return []
  }
  return paths.length === 1 && paths[0] === path ? [] : paths
}

function isPlain(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_~-][A-Za-z0-9._~-]*$/.test(value)
}
