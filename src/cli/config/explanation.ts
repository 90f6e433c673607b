// A decision as `config explain` tells it: the members of `--json`.

import type { CompiledConfig } from '../../config/compiled.ts'
import { type Decision, headersOf, sentPathOf, upstreamNameOf } from '../../decision/decide.ts'
import { type FittingLimit, fittingLimits } from '../../decision/fitting-limits.ts'
import type { HeaderChanges } from '../../decision/headers/forwarded-headers.ts'
import { entryOf, type ErrorCode } from '../../errors/catalogue.ts'
import { docUrl } from '../../errors/reply.ts'

export interface Explanation {
  readonly decision: 'allow' | 'deny'
  /** null: allowed. */
  readonly code: ErrorCode | null
  readonly status: number | null
  /** The private reason, as log and metric have it. */
  readonly reason: string | null
  /** What the client is told beside the code's message. */
  readonly hint: string | null
  /** Where the client is sent to read about the code. */
  readonly doc_url: string | null
  readonly method: string
  readonly host: string
  /** As judged; null: there is none. */
  readonly path: string | null
  readonly api: string | null
  readonly environment: string | null
  /** null: none is asked. */
  readonly upstream: string | null
  /** The path as the upstream is sent it; null: none is asked, or the request is denied. */
  readonly sent_path: string | null
  readonly route: { readonly template: string; readonly source: string } | null
  /** Empty: public. null: no route. */
  readonly required: readonly string[] | null
  /** How many of `required`: `all` or `any`; `none`: the route is public. */
  readonly match: 'all' | 'any' | 'none' | null
  /** null: no key. */
  readonly held: readonly string[] | null
  readonly key: string | null
  /** Methods that the path has (METHOD_NOT_ALLOWED). */
  readonly allow: readonly string[] | null
  /** Those that count the request, as the file says them, in the order in which they refuse. */
  readonly limits: readonly FittingLimit[]
  /** Of a request that is forwarded. */
  readonly headers: HeaderChanges
}

interface Described {
  readonly config: CompiledConfig
  readonly method: string
  readonly host: string
  readonly decision: Decision
  /** Id of the key, if one was asked about. */
  readonly key: string | undefined
}

/** Puts a decision into words and members. */
export function describe({ config, method, host, decision, key }: Described): Explanation {
  const { denial, route, environment } = decision
  const requirement = route?.requirement
  return {
    decision: denial === undefined ? 'allow' : 'deny',
    code: denial?.code ?? null,
    status: denial === undefined ? null : entryOf(denial.code).status,
    reason: denial?.reason ?? null,
    hint: denial?.hint ?? null,
    doc_url: (denial && docUrl(decision.host?.api.docs, denial.code)) ?? null,
    method,
    host,
    path: decision.path ?? null,
    api: decision.host?.api.name ?? null,
    environment: environment?.name ?? null,
    upstream: upstreamNameOf(decision) ?? null,
    sent_path: sentPathOf(config, decision) ?? null,
    route: route === undefined ? null : { template: route.template, source: route.source },
    required: requirement === undefined ? null : requirement.kind === 'public' ? [] : requirement.permissions,
    match: requirement === undefined ? null : requirement.kind === 'public' ? 'none' : requirement.kind,
    held: decision.held ?? null,
    key: key ?? null,
    allow: denial?.allow ?? null,
    limits: fittingLimits(decision.host, route),
    headers: headersOf(config, decision),
  }
}
