// What becomes of rate limits and quotas from one table to another: which ones let pass more than before, and which less. They
// are no decisions: whoever is refused by one of them may come again.

import type { Allowance, Api, RateLimit, Table } from '../../config/compiled.ts'
import type { Quota } from '../../config/quotas.ts'
import { quotaText, rateText } from '../../config/limit-text.ts'

export interface LimitChange {
  /** `changed`: more in one way, less in another. */
  readonly kind: 'loosened' | 'tightened' | 'changed'
  readonly api: string
  readonly name: string
  /** null: there is none. */
  readonly before: string | null
  readonly after: string | null
  /** Which part of it is another. */
  readonly parts: readonly string[]
}

/** How two of one kind stand to each other: positive, the second lets pass more. */
type Part = readonly [name: string, difference: number | 'other']

/** By API and name; of an API that only one table has none are told. */
export function compareLimits(before: Table, after: Table): LimitChange[] {
  return [...before.apis.values()].flatMap((old) => {
    const now = after.apis.get(old.name)
    if (now === undefined) return []
    return [
      ...changesOf(old.name, { old: old.rateLimits, now: now.rateLimits }, (one, other) => ({
        parts: partsOfRates(one, other, [old, now]),
        texts: [one, other].map(rateText),
      })),
      ...changesOf(old.name, { old: old.quotas, now: now.quotas }, (one, other) => ({
        parts: partsOfQuotas(one, other),
        texts: [one, other].map(quotaText),
      })),
    ]
  })
}

interface Compared {
  readonly parts: readonly Part[]
  readonly texts: readonly string[]
}

function changesOf<One extends RateLimit | Quota>(
  api: string,
  { old, now }: { readonly old: readonly One[]; readonly now: readonly One[] },
  compare: (one: One, other: One) => Compared,
): LimitChange[] {
  const gone = old.filter(({ name }) => !now.some((one) => one.name === name))
  return [
    ...gone.map((one): LimitChange => lone(api, one, 'loosened')),
    ...now.flatMap((one): LimitChange[] => {
      const known = old.find(({ name }) => name === one.name)
      if (known === undefined) return [lone(api, one, 'tightened')]
      const { parts, texts } = compare(known, one)
      const differing = parts.filter(([, difference]) => difference !== 0)
      if (differing.length === 0) return []
      const [before = '', after = ''] = texts
      return [
        {
          kind: kindOf(differing),
          api,
          name: one.name,
          before,
          after,
          parts: differing.map(([name]) => name),
        },
      ]
    }),
  ]
}

/** One that only one of the tables has. In shadow it refuses nobody. */
function lone(api: string, one: RateLimit | Quota, kind: 'loosened' | 'tightened'): LimitChange {
  const isRate = 'allowance' in one
  const text = isRate ? rateText(one) : quotaText(one)
  return {
    kind: isRate && one.isShadow ? 'changed' : kind,
    ...{ api, name: one.name, parts: [] },
    ...(kind === 'loosened' ? { before: text, after: null } : { before: null, after: text }),
  }
}

function kindOf(parts: readonly Part[]): LimitChange['kind'] {
  const differences = parts.map(([, difference]) => difference)
  if (differences.every((one) => one !== 'other' && one > 0)) return 'loosened'
  return differences.every((one) => one !== 'other' && one < 0) ? 'tightened' : 'changed'
}

function partsOfRates(one: RateLimit, other: RateLimit, [old, now]: readonly [Api, Api]): readonly Part[] {
  return [
    ['shadow', Number(other.isShadow) - Number(one.isShadow)],
    ['per', one.per === other.per ? 0 : 'other'],
    ...allowanceParts('', one.allowance, other.allowance),
    ...planParts(one.ofPlans, other.ofPlans, (plan) =>
      allowanceParts(
        `${plan} `,
        one.ofPlans.get(plan) ?? one.allowance,
        other.ofPlans.get(plan) ?? other.allowance,
      ),
    ),
    ['routes', routesDifference(fitting(old, one.name), fitting(now, other.name))],
  ]
}

function allowanceParts(prefix: string, one: Allowance, other: Allowance): readonly Part[] {
  return [
    [`${prefix}rate`, one.intervalMs - other.intervalMs],
    [`${prefix}burst`, other.burst - one.burst],
  ]
}

function planParts(
  one: ReadonlyMap<string, unknown>,
  other: ReadonlyMap<string, unknown>,
  partsOf: (plan: string) => readonly Part[],
): readonly Part[] {
  return [...new Set([...one.keys(), ...other.keys()])].flatMap(partsOf)
}

function partsOfQuotas(one: Quota, other: Quota): readonly Part[] {
  return [
    ['per', one.per === other.per ? 0 : 'other'],
    ['requests', other.requests - one.requests],
    ...planParts(one.ofPlans, other.ofPlans, (plan) => [
      [
        `${plan} requests`,
        (other.ofPlans.get(plan) ?? other.requests) - (one.ofPlans.get(plan) ?? one.requests),
      ],
    ]),
  ]
}

/** Of the routes that both tables have: which of them the limit counts. */
function routesDifference(old: Fitting, now: Fitting): number | 'other' {
  const both = [...old.all].filter((route) => now.all.has(route))
  const left = both.some((route) => old.own.has(route) && !now.own.has(route))
  const joined = both.some((route) => !old.own.has(route) && now.own.has(route))
  if (left && joined) return 'other'
  return Number(left) - Number(joined)
}

interface Fitting {
  readonly all: ReadonlySet<string>
  /** Those that the limit counts. */
  readonly own: ReadonlySet<string>
}

function fitting({ routes }: Api, limit: string): Fitting {
  const nameOf = ({ method, template }: Api['routes'][number]) => `${method} ${template}`
  return {
    all: new Set(routes.map(nameOf)),
    own: new Set(routes.filter((route) => route.rateLimits.some(({ name }) => name === limit)).map(nameOf)),
  }
}
