// Recorded requests against a candidate: which of those that were let through it would refuse. A log names no paths and
// not what keys hold, so an answer is certain, or one that nothing in the log rules out; never too few.

import { expandPermissions, type Requirement } from '../../credentials/permission.ts'
import type { Api, CompiledConfig, Route } from '../../config/compiled.ts'
import { fillTemplate, freshValue } from '../../config/fresh-value.ts'
import { hostValueOf } from '../../config/hosts.ts'
import { leastThatMeets } from '../../config/requirement-change.ts'
import { createDecide, type Decide, type Decision } from '../../decision/decide.ts'
import type { Caller } from '../../decision/question.ts'
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
  const decide = createDecide(config)
  const refusals = new Map<string, Refusal>()
  // Paths are not recorded: a fresh value stands for whatever a parameter had.
  const values = new Map(
    [...config.table.apis].map(([name, { routes }]) => [
      name,
      freshValue(routes.map(({ template }) => template)),
    ]),
  )
  let allowed = 0
  for (const one of recorded) {
    if (one.code !== undefined) continue
    allowed += one.requests
    const api = config.table.apis.get(one.api)
    const target = fillTemplate(one.template, values.get(one.api) ?? '')
    const verdict = judge(decide, { api, one, held: heldBy(one, { known, evidence, api }), target })
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

interface Asked {
  readonly api: Api | undefined
  readonly one: Recorded
  readonly held: Held
  readonly target: string
}

/** Why the candidate refuses; undefined: it lets pass. */
function judge(decide: Decide, { api, one, held, target }: Asked): Verdict | undefined {
  const [host] = api?.environments[0]?.hosts ?? []
  if (api === undefined || host === undefined) return gone('UNKNOWN_HOST')
  const request = {
    method: one.method,
    target,
    host: hostValueOf(host),
    isSecure: true,
    preflightFor: undefined,
  }
  const ask = (has: Iterable<string>): Decision =>
    decide({ ...request, caller: one.keyId === undefined ? undefined : callerWith([...has]) })
  const { denial, route } = ask(held.has)
  if (denial === undefined) return undefined
  if (route === undefined) {
    // A preflight may have been let through by a public route; the log does not say for which method.
    const mayBePreflight = one.method === 'OPTIONS' && one.keyId === undefined && api.cors !== 'off'
    return { ...gone(denial.code), isCertain: !(mayBePreflight && denial.code === 'METHOD_NOT_ALLOWED') }
  }
  if (one.keyId === undefined) return refusedBy(route, denial.code, true)
  // Whoever met what was required then meets this too.
  const had = leastThatMeets(one.required)
  if (had.length > 0 && had.every((more) => ask([...held.has, ...more]).denial === undefined))
    return undefined
  const most = [...api.permissions.keys()].filter((name) => !held.lacks.has(name))
  return refusedBy(route, denial.code, held.isWhole || ask(most).denial !== undefined)
}

function callerWith(permissions: readonly string[]): Caller {
  return { api: undefined, environment: undefined, permissions, unusable: undefined }
}

function gone(code: string): Verdict {
  return { code, requirement: undefined, source: undefined, isCertain: true }
}

function refusedBy({ requirement, source }: Route, code: string, isCertain: boolean): Verdict {
  return { code, requirement, source, isCertain }
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
