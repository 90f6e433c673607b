// What a document says an operation requires: `x-permission`, else the scopes of its security requirements.

import type { Requirement } from '../../credentials/permission.ts'
import { isObject, type Json } from './document.ts'

export interface Statement {
  readonly requirement: Requirement
  /** `x-permission` speaks of this gateway and changes a route; scopes are for routes that are not there yet. */
  readonly isBinding: boolean
  /** Permission → text, where the document has one. */
  readonly texts: ReadonlyMap<string, string>
}

interface Levels {
  readonly root: Json
  readonly item: Json
  readonly operation: Json
  /** Each text's own name. */
  readonly nameOf: (text: string) => string
}

/** The requirement; undefined: the document says nothing of permissions. */
export function statedRequirement({ root, item, operation, nameOf }: Levels): Statement | undefined {
  const said = [operation, item].map((level) => spoken(level, nameOf)).find((value) => value !== undefined)
  if (said !== undefined) return { requirement: said, isBinding: true, texts: new Map() }
  const security = operation.security ?? root.security
  if (!Array.isArray(security)) return undefined
  // One that asks for nothing beside others says that the credential is optional there, not that everybody may pass.
  const alternatives = security.filter(isObject).filter((one) => Object.keys(one).length > 0)
  const isOpen = alternatives.length === 0 && security.every(isObject)
  if (isOpen) return { requirement: { kind: 'public' }, isBinding: false, texts: new Map() }
  const scopes = alternatives.map((one) => [...new Set(scopesOf(one).map(nameOf))])
  if (scopes.every((names) => names.length === 0)) return undefined
  return { requirement: combined(scopes), isBinding: false, texts: scopeTexts(root, nameOf) }
}

function scopesOf(alternative: Json): string[] {
  return Object.values(alternative).flat().filter(isText)
}

/** Every scope and name that a document speaks of, to give each its own name. */
export function textsOfSecurity(root: Json, operations: readonly Json[]): string[] {
  const found = [...describedScopes(root).keys()]
  for (const { security, ...level } of [root, ...operations]) {
    if (Array.isArray(security)) found.push(...security.filter(isObject).flatMap(scopesOf))
    found.push(...namesSpoken(level))
  }
  return found.filter((text) => text !== 'public')
}

function namesSpoken(level: Json): string[] {
  const value = level['x-permission'] ?? level['x-permissions']
  const parts = isObject(value) ? [value.permission, value.all_of, value.any_of] : [value]
  return parts.flat().filter(isText)
}

/** `x-permission: name`, a list of names (all of them), or `{ permission | all_of | any_of }`. */
function spoken(level: Json, nameOf: (text: string) => string): Requirement | undefined {
  const value = level['x-permission'] ?? level['x-permissions']
  if (value === 'public') return { kind: 'public' }
  if (isText(value)) return { kind: 'all', permissions: [nameOf(value)] }
  const named = (kind: 'all' | 'any', list: unknown): Requirement | undefined => {
    const names = [list].flat().filter(isText).map(nameOf)
    return names.length === 0 ? undefined : { kind, permissions: [...new Set(names)] }
  }
  if (Array.isArray(value)) return named('all', value)
  if (!isObject(value)) return undefined
  if (value.permission === 'public') return { kind: 'public' }
  return named('all', value.permission) ?? named('all', value.all_of) ?? named('any', value.any_of)
}

/** Whether a level says something of permissions that cannot be read, whole: a part that is dropped may be what it asks for. */
export function isUnreadable(level: Json): boolean {
  const said = ['x-permission', 'x-permissions'].filter((key) => level[key] !== undefined)
  const [key] = said
  if (key === undefined) return false
  const value = level[key]
  if (said.length > 1) return true
  if (!isObject(value)) return !isNames(value)
  const [way, ...others] = Object.keys(value)
  return way === undefined || others.length > 0 || !ways.has(way) || !isNames(value[way])
}

const ways = new Set(['permission', 'all_of', 'any_of'])

function isNames(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 && value.every(isText) : isText(value)
}

/** Alternatives of one scope each are `any_of`. What a table cannot say becomes stricter: all scopes of all of them. */
function combined(alternatives: readonly (readonly string[])[]): Requirement {
  const [only] = alternatives
  if (alternatives.length === 1 && only !== undefined) return { kind: 'all', permissions: only }
  const all = [...new Set(alternatives.flat())]
  return { kind: alternatives.every((names) => names.length === 1) ? 'any' : 'all', permissions: all }
}

function scopeTexts(root: Json, nameOf: (text: string) => string): Map<string, string> {
  const texts = new Map<string, string>()
  for (const [scope, text] of describedScopes(root)) if (isText(text)) texts.set(nameOf(scope), text)
  return texts
}

/** Scope → its description, of OpenAPI 3 and of Swagger 2.0. */
function describedScopes({ components, securityDefinitions }: Json): Map<string, unknown> {
  const described = new Map<string, unknown>()
  const schemes = [isObject(components) ? components.securitySchemes : undefined, securityDefinitions]
  for (const scheme of schemes
    .filter(isObject)
    .flatMap((one) => Object.values(one))
    .filter(isObject)) {
    const flows = isObject(scheme.flows) ? Object.values(scheme.flows) : [scheme]
    for (const flow of flows.filter(isObject))
      for (const [scope, text] of Object.entries(isObject(flow.scopes) ? flow.scopes : {}))
        if (!described.has(scope) || isText(text)) described.set(scope, text)
  }
  return described
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
