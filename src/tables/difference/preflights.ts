// What two tables make of CORS preflights, which carry no key.

import type { Api, Route } from '../../config/compiled.ts'
import { methods } from '../../config/template.ts'
import type { Decide } from '../../decision/decide.ts'
import { hostValueOf } from '../../config/hosts.ts'
import type { Change, Side } from './change.ts'
import type { HostGroup } from './host-groups.ts'

type Cors = 'off' | 'answered' | 'upstream'

/** Who gets to see a preflight; whose pages may read what is no decision on a request. */
export function corsOf(api: Api | undefined): Cors {
  const cors = api?.cors ?? 'off'
  return typeof cors === 'object' ? 'answered' : cors
}

/**
 * Preflights without a key. What a route for `OPTIONS` lets pass is told as its own change; and where `cors` is the same they
 * pass where another method is listed, whose change is told; but not where `OPTIONS` is listed too, with a requirement.
 */
export function comparePreflights(
  { hosts, before, after }: HostGroup,
  deciders: { readonly before: Decide; readonly after: Decide },
  path: string,
): Change[] {
  const host = hostValueOf(hosts[0] ?? '')
  const [old, now] = [preflightOf(deciders.before, host, path), preflightOf(deciders.after, host, path)]
  if (old.reach === now.reach) return []
  const isOpened = reaches.indexOf(now.reach) > reaches.indexOf(old.reach)
  const [passing, refusing] = isOpened ? [now, old] : [old, now]
  const isSameRule = corsOf(before?.api) === corsOf(after?.api)
  if (passing.own !== undefined || (isSameRule && refusing.own === undefined)) return []
  const kind = isOpened ? ('opened' as const) : ('closed' as const)
  const shared = { method: 'OPTIONS (preflight)', path, hosts, environments: null, permissions: null }
  const api = (after ?? before)?.api.name ?? ''
  return [{ ...shared, api, kind, before: preflightSide(old), after: preflightSide(now) }]
}

/** How far a preflight without a key gets, from the nearest on. */
const reaches = ['nowhere', 'gateway', 'upstream'] as const

interface Preflight {
  /** The path's own `OPTIONS` route, where it decides. */
  readonly own: Route | undefined
  readonly reach: (typeof reaches)[number]
}

/** For whichever method it asks for, as long as one passes. */
function preflightOf(decide: Decide, host: string, path: string): Preflight {
  let own: Route | undefined
  for (const preflightFor of methods) {
    const asked = { method: 'OPTIONS', target: path, host, isSecure: true, preflightFor, caller: undefined }
    const decision = decide(asked)
    own = decision.route
    if (decision.denial !== undefined) continue
    const isAnswered = decision.isPreflight && corsOf(decision.host?.api) === 'answered'
    return { own, reach: isAnswered ? 'gateway' : 'upstream' }
  }
  return { own, reach: 'nowhere' }
}

function preflightSide({ own, reach }: Preflight): Side {
  if (reach === 'gateway') return { route: undefined, refusal: 'answered' }
  const refusal = own === undefined ? 'METHOD_NOT_ALLOWED' : 'MISSING_API_KEY'
  return { route: own, refusal: reach === 'upstream' ? null : refusal }
}
