// Rate limits as data: what the file says of them → which ones fit a route.

import type { RateLimit, Route } from './compiled.ts'
import type { CountedBy } from './rate-limit-schema.ts'

interface Said {
  readonly rate: string
  readonly burst?: number | undefined
  readonly per: CountedBy
  readonly permission?: string | undefined
  readonly route?: string | undefined
  readonly shadow: boolean
}

/** By name: what counts in place of limits, by theirs. */
type Plans = Readonly<
  Record<
    string,
    {
      readonly rate_limits: Readonly<
        Record<string, { readonly rate: string; readonly burst?: number | undefined }>
      >
    }
  >
>

const secondsOf = { s: 1, min: 60, h: 3_600, d: 86_400 } as const

/** `100/s`, `20/min` … The text has been checked against the schema. */
export function parseRate(text: string): { readonly quota: number; readonly windowSeconds: number } {
  const [count = '', unit = ''] = text.split('/')
  const windowSeconds = new Map<string, number>(Object.entries(secondsOf)).get(unit)
  if (windowSeconds === undefined) throw new RangeError('not a rate')
  return { quota: Number(count), windowSeconds }
}

/** What a rate and a burst allow; no burst: what the rate has in its unit of time. */
export function allowanceOf(rate: string, burst: number | null): RateLimit['allowance'] {
  const { quota, windowSeconds } = parseRate(rate)
  return { quota, windowSeconds, intervalMs: (windowSeconds * 1_000) / quota, burst: burst ?? quota }
}

/** The limits of one API, in the file's order, and which of them fit a route. */
export function rateLimitsOf(
  api: string,
  said: Readonly<Record<string, Said>>,
  plans: Plans,
): { readonly all: readonly RateLimit[]; readonly fitting: (route: Route) => readonly RateLimit[] } {
  const all = Object.entries(said).map(([name, one]) => ({
    one,
    limit: compileLimit(api, name, { ...one, plans }),
  }))
  const shared = new Map<string, readonly RateLimit[]>()
  function fitting(route: Route): readonly RateLimit[] {
    const limits = all.filter(({ one }) => fits(one, route)).map(({ limit }) => limit)
    const names = limits.map(({ name }) => name).join(' ')
    // Routes that have the same ones share a list: what is worked out for it is worked out once.
    const known = shared.get(names)
    if (known !== undefined) return known
    shared.set(names, limits)
    return limits
  }
  return { all: all.map(({ limit }) => limit), fitting }
}

function compileLimit(api: string, name: string, one: Said & { readonly plans: Plans }): RateLimit {
  const { rate, burst, per, shadow, plans } = one
  const ofPlans = new Map(
    Object.entries(plans).flatMap(([plan, { rate_limits: limits }]) => {
      const own = Object.hasOwn(limits, name) ? limits[name] : undefined
      return own === undefined ? [] : [[plan, allowanceOf(own.rate, own.burst ?? null)] as const]
    }),
  )
  return { api, name, per, allowance: allowanceOf(rate, burst ?? null), ofPlans, isShadow: shadow }
}

function fits({ per, permission, route: only }: Said, route: Route): boolean {
  const { requirement } = route
  if (requirement.kind === 'public' && per !== 'client') return false
  if (permission !== undefined)
    return requirement.kind !== 'public' && requirement.permissions.includes(permission)
  return only === undefined || isNamed(only, route)
}

/** Whether that is the route's name; runs of blanks count as one, as they do in tables. */
export function isNamed(name: string, { method, template }: Pick<Route, 'method' | 'template'>): boolean {
  return name.replace(/ +/, ' ') === `${method} ${template}`
}
