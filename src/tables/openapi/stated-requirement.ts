// What a document says an operation requires: `x-permission`, else the scopes of its security requirements.

import type { Requirement } from '../../credentials/permission.ts'
import { isObject, type Json } from './document.ts'

export interface Statement {
  readonly requirement: Requirement
  /** `x-permission` speaks of this gateway and changes a route; scopes that ask for nothing only make new ones public. */
  readonly isBinding: boolean
  /** Permission → text, where the document has one. */
  readonly texts: ReadonlyMap<string, string>
}

interface Levels {
  readonly root: Json
  readonly item: Json
  readonly operation: Json
}

/** The requirement; undefined: the document says nothing of permissions. */
export function statedRequirement({ root, item, operation }: Levels): Statement | undefined {
  const said = [operation, item].map(spoken).find((value) => value !== undefined)
  if (said !== undefined) return { requirement: said, isBinding: true, texts: new Map() }
  const security = operation.security ?? root.security
  if (!Array.isArray(security)) return undefined
  const alternatives = security.filter(isObject)
  const scopes = alternatives.map((one) => [
    ...new Set(Object.values(one).flat().filter(isText).map(permissionName)),
  ])
  const isOpen = alternatives.length === 0 || alternatives.some((one) => Object.keys(one).length === 0)
  if (isOpen) return { requirement: { kind: 'public' }, isBinding: false, texts: new Map() }
  if (scopes.every((names) => names.length === 0)) return undefined
  return { requirement: combined(scopes), isBinding: true, texts: scopeTexts(root) }
}

/** `x-permission: name`, a list of names (all of them), or `{ permission | all_of | any_of }`. */
function spoken(level: Json): Requirement | undefined {
  const value = level['x-permission'] ?? level['x-permissions']
  if (value === 'public') return { kind: 'public' }
  if (isText(value)) return { kind: 'all', permissions: [permissionName(value)] }
  if (Array.isArray(value)) return named('all', value)
  if (!isObject(value)) return undefined
  if (value.permission === 'public') return { kind: 'public' }
  return named('all', value.permission) ?? named('all', value.all_of) ?? named('any', value.any_of)
}

function named(kind: 'all' | 'any', value: unknown): Requirement | undefined {
  const names = [value].flat().filter(isText).map(permissionName)
  return names.length === 0 ? undefined : { kind, permissions: [...new Set(names)] }
}

/** Alternatives of one scope each are `any_of`. What a table cannot say becomes stricter: all scopes of all of them. */
function combined(alternatives: readonly (readonly string[])[]): Requirement {
  const [only] = alternatives
  if (alternatives.length === 1 && only !== undefined) return { kind: 'all', permissions: only }
  const all = [...new Set(alternatives.flat())]
  return { kind: alternatives.every((names) => names.length === 1) ? 'any' : 'all', permissions: all }
}

function scopeTexts(root: Json): Map<string, string> {
  const texts = new Map<string, string>()
  const components = isObject(root.components) ? root.components : {}
  const schemes = isObject(components.securitySchemes) ? Object.values(components.securitySchemes) : []
  for (const flow of schemes.flatMap((scheme) =>
    isObject(scheme) && isObject(scheme.flows) ? Object.values(scheme.flows) : [],
  )) {
    const scopes = isObject(flow) && isObject(flow.scopes) ? flow.scopes : {}
    for (const [scope, text] of Object.entries(scopes))
      if (isText(text)) texts.set(permissionName(scope), text)
  }
  return texts
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** A scope as a table can name it: `https://api/read write` → `https:_api_read_write`. */
export function permissionName(text: string): string {
  const name = text
    .replace(/[^A-Za-z0-9_.:-]+/g, '_')
    .replace(/^[^A-Za-z0-9_]+/, '_')
    .slice(0, 100)
  return name === 'public' ? 'public_' : name
}
