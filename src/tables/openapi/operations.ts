// The operations of a document as routes of a table: method and template, with the servers' base path before it.

import { methods, parseTemplate } from '../../config/template.ts'
import { isObject, type Json, type OpenApiDocument, resolveReference } from './document.ts'
import { expandedPaths, valuesOf } from './listed-values.ts'
import { createNaming } from './naming.ts'
import { permissionNames } from './permission-names.ts'
import { isUnreadable, type Statement, statedRequirement, textsOfSecurity } from './stated-requirement.ts'

export interface Operation {
  readonly method: string
  readonly template: string
  /** The template with parameters nameless: what makes two routes one. */
  readonly shape: string
  /** The key in `paths`. */
  readonly path: string
  /** What the document says of permissions; undefined: nothing. */
  readonly stated: Statement | undefined
  readonly tag: string | undefined
  readonly operationId: string | undefined
  /** The path that names it, where that is another one. */
  readonly named?: string
  /** The same for each value that its parameters can have, where the document lists them. */
  readonly expansions?: readonly Expansion[]
}

interface Expansion {
  readonly template: string
  readonly named: string
}

export interface Skipped {
  /** `GET /a/{b}.json` */
  readonly name: string
  readonly why: string
  /** The key in `paths`. */
  readonly path: string
  readonly method: string | undefined
  /** With the base path; undefined: it could not be read. */
  readonly template: string | undefined
  /** All of it, so far as it is known. */
  readonly operation: Operation | undefined
}

export interface Operations {
  readonly operations: readonly Operation[]
  /** What cannot be said in a table. */
  readonly skipped: readonly Skipped[]
  /** Host names of the servers. */
  readonly hosts: readonly string[]
  /** Operations whose `x-permission`, or that of their path, says nothing that can be read: `GET /a`. */
  readonly unreadable: readonly string[]
}

/** All operations, in the order of the document. */
export function operationsOf({ root }: OpenApiDocument): Operations {
  const operations: Operation[] = []
  const skipped: Skipped[] = []
  const unreadable: string[] = []
  const paths = isObject(root.paths) ? root.paths : {}
  const nameOf = permissionNames(textsOfSecurity(root, levelsOf(root, paths)))
  for (const [path, item] of Object.entries(paths)) {
    if (path.startsWith('x-')) continue
    const resolved = resolveReference(root, item)
    if (!resolved.ok) {
      const unknown = { method: undefined, template: undefined, operation: undefined }
      skipped.push({ name: path, why: resolved.message, path, ...unknown })
      continue
    }
    for (const [name, operation] of Object.entries(resolved.value)) {
      if (!known.has(name) || !isObject(operation)) continue
      if ([operation, resolved.value].some(isUnreadable)) unreadable.push(`${name.toUpperCase()} ${path}`)
      const read = readOperation({
        root,
        item: resolved.value,
        path,
        method: name.toUpperCase(),
        operation,
        nameOf,
      })
      if ('why' in read) skipped.push(read)
      else operations.push(read)
    }
  }
  const named = createNaming<Operation>(Object.keys(paths).filter((path) => path.startsWith('/')))
  return {
    operations: operations.map(named),
    skipped: skipped.map((one) =>
      one.operation === undefined ? one : { ...one, operation: named(one.operation) },
    ),
    unreadable,
    hosts: [
      ...serversOf(root).flatMap(({ host }) => (host === undefined ? [] : [host])),
      ...(root.swagger !== undefined && typeof root.host === 'string'
        ? [root.host.replace(/:\d*$/, '').toLowerCase()]
        : []),
    ],
  }
}

/** Path items and operations, wherever they may say what they require. */
function levelsOf(root: Json, paths: Json): Json[] {
  return Object.values(paths).flatMap((item) => {
    const resolved = resolveReference(root, item)
    return resolved.ok ? [resolved.value, ...Object.values(resolved.value).filter(isObject)] : []
  })
}

const known = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query'])

interface Reading {
  readonly root: Json
  readonly item: Json
  readonly path: string
  readonly method: string
  readonly operation: Json
  readonly nameOf: (text: string) => string
}

function readOperation({ root, item, path, method, operation, nameOf }: Reading): Operation | Skipped {
  const servers = [operation, item, root].find(
    (level) => Array.isArray(level.servers) && level.servers.length > 0,
  )
  const base = servers === undefined ? swaggerBase(root) : (serversOf(servers)[0]?.path ?? '')
  // Some documents tell operations of one path apart by what is no part of it.
  const template = toTemplate(base + path.replace(/[?#].*$/s, ''))
  const parsed = parseTemplate(template)
  const isMethod = methods.some((one) => one === method)
  const [tag] = Array.isArray(operation.tags) ? operation.tags : []
  const read = {
    method,
    template,
    shape: shapeOf(template),
    path,
    stated: statedRequirement({ root, item, operation, nameOf }),
    tag: typeof tag === 'string' ? tag : undefined,
    operationId: typeof operation.operationId === 'string' ? operation.operationId : undefined,
  }
  const expansions = expandedPaths(path.replace(/[?#].*$/s, ''), valuesOf({ root, item, operation }))
  if (isMethod && parsed.ok)
    return expansions.length === 0
      ? read
      : { ...read, expansions: expansions.map((named) => ({ template: toTemplate(base + named), named })) }
  const why = !isMethod ? 'a table has no such method' : parsed.ok ? '' : parsed.message
  return { name: `${method} ${template}`, why, path, method, template, operation: read }
}

/** Each operation whose parameters have listed values as one for each of them; `isWanted`: of which. */
export function expandEnums(
  operations: readonly Operation[],
  isWanted: (operation: Operation) => boolean = () => true,
): Operation[] {
  return operations.flatMap((operation) => {
    const { expansions, ...one } = operation
    if (expansions === undefined || !isWanted(operation)) return [operation]
    return expansions.map(({ template, named }) => ({ ...one, template, named, shape: shapeOf(template) }))
  })
}

/** Of Swagger 2.0. */
function swaggerBase({ swagger, basePath }: Json): string {
  return swagger !== undefined && typeof basePath === 'string' ? basePath.replace(/\/+$/, '') : ''
}

/** The template with parameters nameless. */
export function shapeOf(template: string): string {
  return template.replace(/\{[^}/]*?(\.\.\.)?\}/g, (_, rest: string | undefined) => `{${rest ?? ''}}`)
}

/** Names of parameters as a table has them: `{account-id}` → `{account_id}`, each once. */
function toTemplate(path: string): string {
  const seen = new Map<string, number>()
  return path.replace(/\{([^{}/]+)\}/g, (_, name: string) => {
    const plain = name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=[0-9])/, '_')
    const count = (seen.get(plain) ?? 0) + 1
    seen.set(plain, count)
    return `{${plain}${count > 1 ? `_${count}` : ''}}`
  })
}

interface Server {
  readonly host: string | undefined
  /** Without a slash at its end. */
  readonly path: string
}

function serversOf({ servers }: Json): Server[] {
  if (!Array.isArray(servers)) return []
  return servers.flatMap((server: unknown) => {
    if (!isObject(server) || typeof server.url !== 'string') return []
    const url = withDefaults(server.url, server.variables)
    const [, host, path = ''] = /^(?:[a-z]+:)?\/\/([^/?#]*)([^?#]*)/i.exec(url) ?? ['', undefined, url]
    return [{ host: host?.replace(/:\d*$/, '').toLowerCase(), path: path.replace(/\/+$/, '') }]
  })
}

function withDefaults(url: string, variables: unknown): string {
  return url.replace(/\{([^{}]+)\}/g, (whole, name: string) => {
    const variable = isObject(variables) && Object.hasOwn(variables, name) ? variables[name] : undefined
    return isObject(variable) && typeof variable.default === 'string' ? variable.default : whole
  })
}
