// The whole decision on a request, without a server (contract 5, steps 1 to 7): what `explain`, `test` and the replay of
// recorded requests ask. Every step is the gateway's own; here they are only put in a row for a caller that is given
// instead of looked up.

import { expandPermissions, refuseUnmet } from '../../credentials/permission.ts'
import type { Environment } from '../../credentials/record.ts'
import { type Denial, deny } from '../../errors/denial.ts'
import type { ApiEnvironment, CompiledConfig, HostMatch, Route } from '../compiled.ts'
import { isHostValue } from '../hosts.ts'
import { chooseByKey } from './environment.ts'
import { denyUnknownHost, findRoute } from './find-route.ts'
import { carriesKeyInQuery } from './key-in-query.ts'
import { denyPath } from './path-fault.ts'
import { judgeTarget, refuseLongTarget } from './target.ts'

/** Who asks: a key, told by what it holds. */
export interface Caller {
  /** undefined: of the API that serves the host. */
  readonly api: string | undefined
  /** undefined: of the first environment that the host allows. */
  readonly environment: Environment | undefined
  /** As the key has them: `*` stands for all. */
  readonly permissions: readonly string[]
  /** Why the key cannot be used (disabled, expired, …); undefined: it can. */
  readonly unusable: string | undefined
}

export interface RequestQuestion {
  readonly method: string
  /** Path and query as they would be sent. */
  readonly target: string
  /** As a Host header has it. */
  readonly host: string
  readonly isSecure: boolean
  /** The method that a CORS preflight asks for; undefined: the request is none. */
  readonly preflightFor: string | undefined
  /** undefined: no key. */
  readonly caller: Caller | undefined
}

/** What was found on the way; parts that were not reached are undefined. */
export interface Decision {
  /** undefined: the request is forwarded. */
  readonly denial: Denial | undefined
  readonly path: string | undefined
  readonly host: HostMatch | undefined
  readonly route: Route | undefined
  /** A preflight that passes without a key; it has no route. Where the API has rules of its own the gateway answers it. */
  readonly isPreflight: boolean
  readonly environment: ApiEnvironment | undefined
  /** Sorted, `*` expanded. */
  readonly held: readonly string[] | undefined
}

type Found = { -readonly [Part in keyof Decision]: Decision[Part] }

/** Decides one request. Pure, total. */
export function decide(config: CompiledConfig, question: RequestQuestion): Decision {
  const found: Found = {
    denial: undefined,
    path: undefined,
    host: undefined,
    route: undefined,
    isPreflight: false,
    environment: undefined,
    held: undefined,
  }
  found.denial =
    judgeMessage(config, question) ?? findWay(config, question, found) ?? judgeCaller(config, question, found)
  return found
}

function judgeMessage(
  { settings }: CompiledConfig,
  { target, host, isSecure }: RequestQuestion,
): Denial | undefined {
  const { limits, requireHttps } = settings.gateway
  const tooLong = refuseLongTarget(target, limits)
  if (tooLong !== undefined) return tooLong
  if (!isHostValue(host)) return deny('BAD_REQUEST', 'malformed_host')
  return requireHttps && !isSecure ? deny('HTTPS_REQUIRED', 'plain_http') : undefined
}

function findWay(
  { table }: CompiledConfig,
  { method, target, host, preflightFor }: RequestQuestion,
  found: Found,
): Denial | undefined {
  const judged = judgeTarget(target, table.escapes)
  if (judged.path !== '') found.path = judged.path
  if (!judged.ok) return denyPath({ reason: judged.fault, at: judged.at })
  found.host = table.matchHost(host)
  if (found.host === undefined) return denyUnknownHost(judged.path)
  if (found.host.environments.length === 1) found.environment = found.host.environments[0]
  const way = findRoute(found.host.api, { method, path: judged.path, preflightFor })
  if (way.kind === 'denied') return way.denial
  if (way.kind === 'route') found.route = way.route
  else found.isPreflight = true
  return undefined
}

function judgeCaller(
  { table }: CompiledConfig,
  { target, caller }: RequestQuestion,
  found: Found,
): Denial | undefined {
  const { host, route } = found
  if (host === undefined) return deny('INTERNAL_ERROR', 'no_host')
  const { api } = host
  if (caller !== undefined) found.held = expandPermissions(caller.permissions, [...api.permissions.keys()])
  if (carriesKeyInQuery(table.prefixes, target)) return deny('INVALID_API_KEY', 'key_in_query')
  if (found.isPreflight || route?.requirement.kind === 'public') {
    found.environment = host.environments[0]
    return undefined
  }
  if (route === undefined) return deny('INTERNAL_ERROR', 'no_route')
  if (caller === undefined) return deny('MISSING_API_KEY', 'missing')
  if (caller.api !== undefined && caller.api !== api.name) return deny('INVALID_API_KEY', 'other_api')
  const wanted = caller.environment ?? host.environments[0].name
  const choice = chooseByKey(host, (environment) => environment.name === wanted)
  if (choice.kind === 'wrong') return deny('WRONG_ENVIRONMENT', 'wrong_environment')
  found.environment = choice.environment
  if (caller.unusable !== undefined) return deny('INVALID_API_KEY', caller.unusable)
  return refuseUnmet(route.requirement, new Set(found.held))
}
