// Shadow mode: what a candidate configuration would decide on the requests that the one in force decides. Nothing of it
// reaches a request; where the two differ, the log and a metric say so. Asked when a request is over.

import type { CompiledConfig } from '../../config/compiled.ts'
import type { RequestView } from '../../decision/inquiry.ts'
import { createJudge, type Judge, notGiven, rulesOf } from '../../decision/judge.ts'
import type { ErrorCode } from '../../errors/catalogue.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { Found } from '../../lookup/found.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { Access } from '../access.ts'

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
  'BODY_TOO_LARGE',
])

/** Returns what is to be called with each finished request. */
export function createShadow(deps: ShadowDeps): (access: Access) => void {
  const judgeBy = judgeOfLatest()
  return (access) => {
    const candidate = deps.candidate()
    if (candidate === null || !isOfTheTable(access)) return
    const judged = judgeBy(candidate)(viewOf(access), {
      found: foundOf(access),
      denied: access.denied,
      nowMs: deps.now(),
    })
    const inForce = access.isLetThrough ? 'allow' : access.denial?.code
    const other = judged.denial?.code ?? 'allow'
    // Refused before its key was looked up: whether the candidate would have let it through, only the key could say.
    const wouldBe = other === 'AUTH_UNAVAILABLE' ? 'depends_on_key' : other
    if (inForce === undefined || inForce === wouldBe) return
    const { route } = judged
    const name = route === undefined ? '' : `${route.method} ${route.template}`
    const api = judged.host?.api.name ?? ''
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

/** Let through by the table (whatever the upstream made of it), or refused by it. */
function isOfTheTable({ denial, route, isPreflight, isLetThrough }: Access): boolean {
  if (denial === undefined) return isLetThrough && (route !== undefined || isPreflight)
  return tableCodes.has(denial.code) || isLetThrough
}

/** Made once a candidate. */
function judgeOfLatest(): (candidate: CompiledConfig) => Judge {
  let latest: { readonly candidate: CompiledConfig; readonly judge: Judge } | undefined
  return (candidate) => {
    if (latest?.candidate !== candidate) latest = { candidate, judge: createJudge(rulesOf(candidate)) }
    return latest.judge
  }
}

/** The request as it came. */
function viewOf(access: Access): RequestView {
  const { method, fields, httpMajor, httpMinor, peer, isPeerTrusted, tls } = access
  return {
    method,
    target: access.target,
    fields,
    httpMajor,
    httpMinor,
    peer,
    isPeerTrusted,
    isPeerTls: tls !== '',
  }
}

function foundOf({ principal }: Access): Found {
  return principal === undefined ? notGiven : { kind: 'known', record: principal.record, tier: 'memory' }
}
