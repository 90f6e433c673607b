// Recorded requests against a candidate: which of those that were let through it would refuse. A log names no paths and
// not what keys hold, so an answer is certain, or one that nothing in the log rules out; never too few.

import { expandPermissions, meets, type Requirement } from '../../credentials/permission.ts'
import type { Api, CompiledConfig, Route } from '../../config/compiled.ts'
import { newlyPassing } from '../../config/requirement-change.ts'
import type { Recorded } from './read-log.ts'

export interface Refusal {
  readonly api: string
  /** `METHOD /path/{template}` as recorded. */
  readonly route: string
  readonly code: string
  /** What the candidate requires; undefined: it has no such route. */
  readonly requirement: Requirement | undefined
  /** `file:line:col` of the candidate's route. */
  readonly source: string | undefined
  /** false: unless the keys hold what is required and the log does not show. */
  readonly isCertain: boolean
  readonly requests: number
  readonly merchants: readonly string[]
}

export interface Replay {
  /** Requests that were let through. */
  readonly allowed: number
  readonly requests: number
  readonly merchants: readonly string[]
  readonly certain: { readonly requests: number; readonly merchants: readonly string[] }
  /** By route, most requests first. */
  readonly refusals: readonly Refusal[]
}

/** What keys are known to hold: from the control plane, by id. Asked of no key: an empty map. */
export type KnownKeys = ReadonlyMap<string, readonly string[]>

/** Replays. Pure. */
export function replay(config: CompiledConfig, recorded: readonly Recorded[], known: KnownKeys): Replay {
  const evidence = gather(recorded)
  const refusals = new Map<string, Refusal>()
  let allowed = 0
  for (const one of recorded) {
    if (one.code !== undefined) continue
    allowed += one.requests
    const api = config.table.apis.get(one.api)
    const verdict = judge(api, one, heldBy(one, { known, evidence, api }))
    if (verdict !== undefined) add(refusals, one, verdict)
  }
  const all = [...refusals.values()].toSorted(
    (a, b) => b.requests - a.requests || (a.route < b.route ? -1 : 1),
  )
  return { allowed, ...totals(all), certain: totals(all.filter(({ isCertain }) => isCertain)), refusals: all }
}

function totals(refusals: readonly Refusal[]) {
  const merchants = [...new Set(refusals.flatMap((refusal) => refusal.merchants))].toSorted()
  return { requests: refusals.reduce((sum, { requests }) => sum + requests, 0), merchants }
}

type Verdict = Pick<Refusal, 'code' | 'requirement' | 'source' | 'isCertain'>

/** What is known of what a key holds. */
interface Held {
  readonly has: ReadonlySet<string>
  readonly lacks: ReadonlySet<string>
  /** Whether `has` is all. */
  readonly isWhole: boolean
}

/** Why the candidate refuses; undefined: it lets pass. */
function judge(api: Api | undefined, one: Recorded, held: Held): Verdict | undefined {
  if (api === undefined) return gone('UNKNOWN_HOST')
  // Paths are not recorded: a fresh value stands for whatever a parameter had.
  const path = one.template.replace(/\{[^{}]*\}/g, 'x-recorded-x')
  const match = api.matchRoute(one.method, path)
  if (match.kind !== 'found') {
    // A preflight may have been let through by a public route; the log does not say for which method.
    const mayBePreflight = one.method === 'OPTIONS' && one.keyId === undefined && api.cors !== 'off'
    return match.kind === 'wrong_method'
      ? { ...gone('METHOD_NOT_ALLOWED'), isCertain: !mayBePreflight }
      : gone('ROUTE_NOT_FOUND')
  }
  const { requirement } = match.route
  if (requirement.kind === 'public') return undefined
  if (one.keyId === undefined) return refusedBy(match.route, 'MISSING_API_KEY', true)
  if (meets(requirement, held.has)) return undefined
  // Whoever met what was required then meets this too.
  if (one.required !== undefined && newlyPassing(requirement, one.required).length === 0) return undefined
  return refusedBy(match.route, 'INSUFFICIENT_PERMISSIONS', held.isWhole || rulesOut(requirement, held.lacks))
}

function gone(code: string): Verdict {
  return { code, requirement: undefined, source: undefined, isCertain: true }
}

function refusedBy({ requirement, source }: Route, code: string, isCertain: boolean): Verdict {
  return { code, requirement, source, isCertain }
}

function rulesOut(requirement: Requirement, lacks: ReadonlySet<string>): boolean {
  if (requirement.kind === 'public') return false
  const { kind, permissions } = requirement
  return kind === 'all'
    ? permissions.some((name) => lacks.has(name))
    : permissions.every((name) => lacks.has(name))
}

function heldBy(
  { keyId, held }: Recorded,
  {
    known,
    evidence,
    api,
  }: { known: KnownKeys; evidence: ReadonlyMap<string, Evidence>; api: Api | undefined },
): Held {
  const whole = (keyId === undefined ? undefined : known.get(keyId)) ?? held
  if (whole !== undefined) {
    const has = new Set(expandPermissions(whole, [...(api?.permissions.keys() ?? [])]))
    return { has, lacks: new Set(), isWhole: true }
  }
  const { has, lacks } = evidence.get(keyId ?? '') ?? { has: new Set<string>(), lacks: new Set<string>() }
  return { has, lacks, isWhole: false }
}

interface Evidence {
  readonly has: Set<string>
  readonly lacks: Set<string>
}

/** What a key was let through with, it holds; what it was refused for the want of, it does not. */
function gather(recorded: readonly Recorded[]): Map<string, Evidence> {
  const found = new Map<string, Evidence>()
  for (const { keyId, code, required } of recorded) {
    if (keyId === undefined || required === undefined || required.kind === 'public') continue
    let evidence = found.get(keyId)
    if (evidence === undefined) found.set(keyId, (evidence = { has: new Set(), lacks: new Set() }))
    const isOne = required.permissions.length === 1
    if (code === undefined && (required.kind === 'all' || isOne)) addAll(evidence.has, required.permissions)
    if (code === 'INSUFFICIENT_PERMISSIONS' && (required.kind === 'any' || isOne))
      addAll(evidence.lacks, required.permissions)
  }
  // Its permissions were changed meanwhile: neither is known.
  for (const { has, lacks } of found.values()) {
    for (const name of [...has]) if (lacks.delete(name)) has.delete(name)
  }
  return found
}

function addAll(set: Set<string>, names: readonly string[]): void {
  for (const name of names) set.add(name)
}

function add(refusals: Map<string, Refusal>, one: Recorded, verdict: Verdict): void {
  const route = `${one.method} ${one.template}`
  const key = JSON.stringify([one.api, route, verdict.code, verdict.isCertain])
  const known = refusals.get(key)
  const merchants = new Set([
    ...(known?.merchants ?? []),
    ...(one.merchant === undefined ? [] : [one.merchant]),
  ])
  const requests = (known?.requests ?? 0) + one.requests
  refusals.set(key, { api: one.api, route, ...verdict, requests, merchants: [...merchants] })
}
