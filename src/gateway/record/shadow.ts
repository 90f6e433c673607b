// Shadow mode: what a candidate configuration would decide on the requests that the one in force decides. Nothing of it
// reaches a request; where the two differ, the log and a metric say so. Asked when a request is over.

import type { Api, CompiledConfig } from '../../config/compiled.ts'
import { type Caller, decide } from '../../config/request/decide.ts'
import { whyUnusable } from '../../credentials/record.ts'
import type { ErrorCode } from '../../errors/catalogue.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { Access } from '../access.ts'
import { preflightFor } from '../route.ts'

export interface ShadowDeps {
  /** null: there is no candidate. */
  readonly candidate: () => CompiledConfig | null
  readonly metrics: Metrics
  readonly log: Logger
  /** Wall-clock milliseconds. */
  readonly now: () => number
}

/** Decisions that a table can change; the others are of the message, the key or the upstream. */
const tableCodes: ReadonlySet<ErrorCode> = new Set([
  'INVALID_PATH',
  'UNKNOWN_HOST',
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'MISSING_API_KEY',
  'WRONG_ENVIRONMENT',
  'INSUFFICIENT_PERMISSIONS',
])

/** Returns what is to be called with each finished request. */
export function createShadow(deps: ShadowDeps): (access: Access) => void {
  return (access) => {
    const candidate = deps.candidate()
    if (candidate === null || !isOfTheTable(access)) return
    const decision = decide(candidate, {
      method: access.raw.method ?? '',
      target: access.target,
      host: access.head.host,
      isSecure: access.isSecure,
      preflightFor: preflightFor(access.head),
      caller: callerOf(access, deps.now()),
    })
    const inForce = outcomeOf(access)
    const other = decision.denial?.code ?? 'allow'
    if (inForce === other) return
    // Refused before its key was looked up: whether the candidate would have let it through, only the key could say.
    const wouldBe =
      other === 'MISSING_API_KEY' && carriesKey(access, decision.host?.api) ? 'depends_on_key' : other
    if (wouldBe === 'depends_on_key' && inForce === 'MISSING_API_KEY') return
    const { route } = decision
    const name = route === undefined ? '' : `${route.method} ${route.template}`
    const api = decision.host?.api.name ?? ''
    deps.metrics.shadow({ api, route: name, decision: inForce, candidate: wouldBe })
    deps.log.info(
      {
        request_id: access.requestId,
        api,
        merchant: access.principal?.record.merchantId,
        key_id: access.principal?.record.keyId,
        method: access.raw.method,
        route: access.route === undefined ? '' : `${access.route.method} ${access.route.template}`,
        decision: inForce,
        candidate_route: name,
        candidate_source: route?.source,
        candidate: wouldBe,
        candidate_table: candidate.table.sha256,
      },
      'shadow',
    )
  }
}

function outcomeOf(access: Access): string {
  return access.denial !== undefined && tableCodes.has(access.denial.code) ? access.denial.code : 'allow'
}

/** Let through by the table (whatever the upstream made of it), or refused by it. */
function isOfTheTable({ denial, route, isPreflight, isLetThrough }: Access): boolean {
  if (denial === undefined) return isLetThrough && (route !== undefined || isPreflight)
  return tableCodes.has(denial.code) || isLetThrough
}

/** Whether there is something in the places that the candidate's API takes. */
function carriesKey({ head, raw }: Access, api: Api | undefined): boolean {
  if (api === undefined) return false
  const { bearer, header } = api.credential
  if (bearer && head.authorization.length > 0) return true
  return (
    header !== null &&
    raw.rawHeaders.some((text, i) => i % 2 === 0 && text.toLowerCase() === header.toLowerCase())
  )
}

function callerOf({ principal }: Access, nowMs: number): Caller | undefined {
  if (principal === undefined) return undefined
  const { record } = principal
  return {
    api: record.api,
    environment: record.environment,
    permissions: record.permissions,
    unusable: whyUnusable(record, nowMs),
  }
}
