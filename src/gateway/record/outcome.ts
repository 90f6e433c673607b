// What many requests have in common at their end: route, decision, status. Worked out once for each, and found again by
// the route itself: hashing six labels and writing them as JSON for each request costs as much as deciding it.

import type { Route } from '../../config/compiled.ts'
import type { ErrorCode } from '../../errors/catalogue.ts'
import { asciiJson } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { RequestSeries } from '../../telemetry/request-metrics.ts'
import type { Access, CutBy } from '../access.ts'

export interface Outcome {
  readonly status: number
  readonly code: ErrorCode | undefined
  readonly decision: Decision
  readonly cut: CutBy | undefined
  /** Whether somebody may be asked about such a request: of any, of those of known keys alone, or of none. */
  readonly kept: 'all' | 'of_known_keys' | 'none'
  readonly series: RequestSeries
  /** Fields of the log line, as ASCII JSON behind a comma. */
  readonly fields: string
}

/** `error`: let through, and nothing came of it, by no fault of its own; `none`: it was over before it was decided. */
type Decision = 'allow' | 'deny' | 'error' | 'none'

export interface Outcomes {
  of(access: Access): Outcome
}

/** By environment, then by status (let through) or reason (refused), which nearly always tells code and status as well. */
type Known = Map<string, Map<number | string, Outcome[]>>

/** Makes an empty set. */
export function createOutcomes(metrics: Metrics): Outcomes {
  // A table that is gone takes its outcomes with it; what was counted stays with the metrics.
  const byRoute = new WeakMap<Route, Shared>()
  const withoutRoute = new Map<string, Known>()

  function knownOf({ route, host }: Access): Known {
    const api = host?.api.name ?? ''
    if (route === undefined) return knownIn(withoutRoute, api)
    let shared = byRoute.get(route)
    if (shared === undefined) byRoute.set(route, (shared = { api, known: new Map(), others: new Map() }))
    return shared.api === api ? shared.known : knownIn(shared.others, api)
  }

  return {
    of(access) {
      const { denial, status, cut } = access
      const decision = decisionOf(access)
      const known = knownOf(access)
      const environment = access.environment?.name ?? ''
      let outcomes = known.get(environment)
      if (outcomes === undefined) known.set(environment, (outcomes = new Map()))
      const name = denial === undefined ? status : denial.reason
      let same = outcomes.get(name)
      if (same === undefined) outcomes.set(name, (same = []))
      for (const outcome of same) {
        const isSame = outcome.status === status && outcome.cut === cut && outcome.decision === decision
        if (isSame && outcome.code === denial?.code) return outcome
      }
      const outcome = outcomeOf(access, metrics)
      same.push(outcome)
      return outcome
    },
  }
}

/** Of one route: APIs that name one permission file have the same one. Nearly always it is of one API alone. */
interface Shared {
  readonly api: string
  readonly known: Known
  /** Of the other APIs, by name. */
  readonly others: Map<string, Known>
}

function knownIn(all: Map<string, Known>, api: string): Known {
  let known = all.get(api)
  if (known === undefined) all.set(api, (known = new Map()))
  return known
}

/** What keeps a request that was let through from its answer. The others end one whose body is not as it may be. */
const failures: ReadonlySet<ErrorCode> = new Set([
  'UPSTREAM_ERROR',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_TIMEOUT',
  'OVERLOADED',
  'INTERNAL_ERROR',
])

function decisionOf({ denial, isLetThrough }: Access): Decision {
  if (denial !== undefined) return isLetThrough && failures.has(denial.code) ? 'error' : 'deny'
  return isLetThrough ? 'allow' : 'none'
}

/** No answer of an upstream's, or none that could be passed on whole. */
const upstreamCodes: ReadonlySet<ErrorCode> = new Set([
  'UPSTREAM_ERROR',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_TIMEOUT',
])

/** Refusals of known keys are kept, and what upstreams did not do: no answer, half of one, or one that says so itself. */
function keptOf(
  code: ErrorCode | undefined,
  { status, cut }: Pick<Outcome, 'status' | 'cut'>,
): Outcome['kept'] {
  if (code !== undefined) return upstreamCodes.has(code) ? 'all' : 'of_known_keys'
  if (status >= 500) return 'all'
  return cut === undefined || cut === 'client' ? 'none' : 'all'
}

function outcomeOf(access: Access, metrics: Metrics): Outcome {
  const { denial, environment, host, route, status, cut } = access
  const decision = decisionOf(access)
  const labels = {
    api: host?.api.name ?? '',
    environment: environment?.name ?? '',
    route: route === undefined ? '' : `${route.method} ${route.template}`,
    decision,
    reason: denial === undefined ? '' : denial.reason,
    status,
  }
  const fields = asciiJson({
    ...labels,
    code: denial?.code,
    ...(route !== undefined && requiredBy(route)),
  })
  return {
    ...{ status, code: denial?.code, decision, cut, kept: keptOf(denial?.code, { status, cut }) },
    series: metrics.requests(cut === undefined ? labels : { ...labels, cut }),
    fields: `,${fields.slice(1, -1)}`,
  }
}

/** What replays a log against another table needs; what the key holds is not logged. */
function requiredBy({ requirement }: Route): {
  readonly required: readonly string[]
  readonly match?: 'any'
} {
  if (requirement.kind === 'public') return { required: [] }
  const { kind, permissions } = requirement
  return { required: permissions, ...(kind === 'any' && { match: 'any' }) }
}
