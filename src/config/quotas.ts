// Quotas as data: what the file says of them → what the gateway counts by.

import type { QuotaSubject } from './quota-schema.ts'

/** Requests in a calendar month (UTC). */
export interface Quota {
  readonly api: string
  readonly name: string
  readonly per: QuotaSubject
  readonly requests: number
  /** In its place, by plan of the merchant. */
  readonly ofPlans: ReadonlyMap<string, number>
}

interface Said {
  readonly requests: number
  readonly per: QuotaSubject
}

type Plans = Readonly<
  Record<string, { readonly quotas: Readonly<Record<string, { readonly requests: number }>> }>
>

/** Those of one API, in the file's order. */
export function quotasOf(api: string, said: Readonly<Record<string, Said>>, plans: Plans): readonly Quota[] {
  return Object.entries(said).map(([name, { requests, per }]) => ({
    ...{ api, name, per, requests },
    ofPlans: new Map(
      Object.entries(plans).flatMap(([plan, { quotas }]) => {
        const own = Object.hasOwn(quotas, name) ? quotas[name] : undefined
        return own === undefined ? [] : [[plan, own.requests] as const]
      }),
    ),
  }))
}

/** What a merchant may do in a month: what is said of it, else of its plan, else of all. */
export function quotaFor(
  { name, requests, ofPlans }: Quota,
  merchant: {
    readonly plan: string | null
    readonly quotas?: Readonly<Record<string, { readonly requests: number }>>
  } | null,
): number {
  const { plan, quotas = {} } = merchant ?? { plan: null }
  const own = Object.hasOwn(quotas, name) ? quotas[name] : undefined
  return own?.requests ?? ofPlans.get(plan ?? '') ?? requests
}

/** The calendar month (UTC) of an instant: its first millisecond, and that of the next. */
export function monthOf(ms: number): { readonly startMs: number; readonly endMs: number } {
  const at = new Date(ms)
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()]
  return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) }
}
