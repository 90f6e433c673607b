// A question → what is decided, and what was found on the way: what `explain`, `test`, `diff` and `replay` ask.

import { expandPermissions } from '../credentials/permission.ts'
import type { Denial } from '../errors/denial.ts'
import type { ApiEnvironment, CompiledConfig, HostMatch, Route, Table } from '../config/compiled.ts'
import { type HeaderChanges, headerChanges } from './headers/forwarded-headers.ts'
import { withHint } from './hints/hint.ts'
import { sentTarget } from './request/sent-target.ts'
import { upstreamOf } from '../config/upstream-of.ts'
import { type Counting, createJudge, type Rules, rulesOf } from './judge.ts'
import { type Caller, foundOf, type RequestQuestion, viewOf } from './question.ts'

/** What was found on the way; parts that were not reached are undefined. */
export interface Decision {
  /** undefined: the request is forwarded. */
  readonly denial: Denial | undefined
  readonly path: string | undefined
  readonly host: HostMatch | undefined
  readonly route: Route | undefined
  /** A preflight that passes without a key; it has no route. Where the API has rules of its own the gateway answers it. */
  readonly isPreflight: boolean
  /** The route that it asks about. */
  readonly preflightRoute: Route | undefined
  readonly environment: ApiEnvironment | undefined
  /** The limit or quota that is used up; undefined: none is. */
  readonly limit: string | undefined
  /** What the caller's key holds, sorted, `*` expanded. */
  readonly held: readonly string[] | undefined
}

export type Decide = (question: RequestQuestion) => Decision

/** Decides questions by one configuration. Pure, total. `counting`: counts them; nothing is counted unless said. */
export function createDecide(config: CompiledConfig, counting?: Counting): Decide {
  return decideBy(rulesOf(config), { counting })
}

const noLimits = { urlBytes: Infinity, headerBytes: Infinity, headerCount: Infinity }

/** The same by a table alone, whatever the settings say of messages. */
export function createTableDecide(table: Table): Decide {
  return decideBy({ table, limits: noLimits, requireHttps: false, trustedProxies: [] })
}

interface Ways {
  /** Completes a refusal by what the request shows; hundreds of thousands of questions do without. */
  readonly tell?: typeof withHint
  readonly counting?: Counting | undefined
}

function decideBy(rules: Rules, { tell, counting }: Ways = {}): Decide {
  const judge = createJudge(rules, counting)
  return (question) => {
    const asked = rules.table.matchHost(question.host)
    const found = foundOf(question.caller, asked)
    const inquiry = judge(viewOf(question, asked), { found, denied: null, nowMs: 0 })
    const { denial, path, host, route, isPreflight, preflightRoute, spent, use } = inquiry
    const only = host?.environments.length === 1 ? host.environments[0] : undefined
    const hasWay = route !== undefined || isPreflight
    return {
      denial: denial === undefined || tell === undefined ? denial : tell(inquiry, denial),
      path: path === '' ? undefined : path,
      host,
      route,
      isPreflight,
      preflightRoute,
      environment: inquiry.environment ?? only,
      limit: use?.quota?.name ?? spent?.limit?.name,
      held: hasWay ? heldOf(question.caller, host) : undefined,
    }
  }
}

/** Decides one request; a refusal has its hint. Pure, total. */
export function decide(config: CompiledConfig, question: RequestQuestion): Decision {
  return decideBy(rulesOf(config), { tell: withHint })(question)
}

function heldOf(caller: Caller | undefined, host: HostMatch | undefined): readonly string[] | undefined {
  if (caller === undefined || host === undefined) return undefined
  return expandPermissions(caller.permissions, [...host.api.permissions.keys()])
}

/** A preflight that no upstream sees. */
export function isAnsweredHere({ isPreflight, host }: Decision): boolean {
  return isPreflight && typeof host?.api.cors === 'object'
}

/** Name of the upstream that the request goes to, or would; undefined: it is not known, or none is asked. */
export function upstreamNameOf(decision: Decision): string | undefined {
  const { environment, route, preflightRoute } = decision
  if (environment === undefined || isAnsweredHere(decision)) return undefined
  return upstreamOf(environment, route ?? preflightRoute)
}

/** The path that the upstream is sent; undefined: it is sent none. */
export function sentPathOf({ settings }: CompiledConfig, decision: Decision): string | undefined {
  const { denial, path, host } = decision
  const upstream = settings.upstreams.get(upstreamNameOf(decision) ?? '')
  if (denial !== undefined || path === undefined || upstream === undefined) return undefined
  return sentTarget(path, host?.api, upstream.basePath)
}

/** What happens to the headers of a request on its way to the upstream; nothing, where it goes to none. */
export function headersOf({ settings, table }: CompiledConfig, decision: Decision): HeaderChanges {
  const { denial, host, route } = decision
  const upstream = settings.upstreams.get(upstreamNameOf(decision) ?? '')
  if (denial !== undefined || host === undefined || upstream === undefined) return { added: [], removed: [] }
  const hasCaller = route !== undefined && route.requirement.kind !== 'public'
  return headerChanges({ settings, table, upstream, api: host.api }, hasCaller)
}
