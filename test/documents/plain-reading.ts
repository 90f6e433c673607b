// A document read anew, with none of the program's own reading: which operations it has, and whether it means one to be open to
// everybody. What the import made of it is held against this.

import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

export interface PlainOperation {
  readonly method: string
  /** The key in `paths`. */
  readonly path: string
  readonly isPublic: boolean
  /** Scopes of its one way to be let in, without repetition; undefined: it has none or several, or says x-permission. */
  readonly scopes: number | undefined
}

const methods = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query'])

type Mapping = Readonly<Record<string, unknown>>

/** All operations that stand in the document itself, not behind a reference. */
export function readPlainly(file: string): PlainOperation[] {
  const text = readFileSync(file, 'utf8')
  const root: unknown = text.trimStart().startsWith('{')
    ? JSON.parse(text)
    : parse(text, { maxAliasCount: -1 })
  if (!isMapping(root) || !isMapping(root.paths)) return []
  return Object.entries(root.paths).flatMap(([path, item]) => {
    if (!path.startsWith('/') || !isMapping(item)) return []
    return Object.entries(item).flatMap(([name, operation]) => {
      if (!methods.has(name) || !isMapping(operation)) return []
      const said = operation['x-permission'] ?? item['x-permission']
      const security = operation.security ?? root.security
      const ways = Array.isArray(security) ? security.map(scopesOf) : undefined
      const isOpen = ways?.every((scopes) => scopes === 'nothing') === true
      const [only] = ways ?? []
      return [
        {
          method: name.toUpperCase(),
          path,
          isPublic: said === undefined ? isOpen : said === 'public',
          scopes:
            said === undefined && ways?.length === 1 && only !== undefined && only !== 'nothing'
              ? new Set(only).size
              : undefined,
        },
      ]
    })
  })
}

/** Of one way to be let in; `nothing`: it asks for no credential at all. */
function scopesOf(way: unknown): readonly unknown[] | 'nothing' {
  if (!isMapping(way)) return []
  return Object.keys(way).length === 0 ? 'nothing' : Object.values(way).flat()
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
