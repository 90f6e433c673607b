import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { Key, Page } from './types.ts'

export const ages = ['expires_within:14d', 'older_than:90d', 'unused_for:90d'] as const
export type Age = (typeof ages)[number]

export interface UnusedPermissions {
  readonly key_id: string
  readonly environment: string
  readonly name: string
  /** How many it holds. */
  readonly held: number
  /** Of them, those not used for 90 days. */
  readonly unused: readonly string[]
}

const keysAtOnce = 50
/** Each key is asked for all that it did in 90 days: of many the newest are looked through. */
const mostPages = 4

/** Keys that something can be taken away from. What uses none of its permissions is unused itself, and told as that. */
export function unusedPermissions(merchantId: string | null) {
  return queryOptions({
    queryKey: ['keys', 'unused-permissions', merchantId],
    queryFn: async ({ signal }): Promise<Page<UnusedPermissions>> => {
      const rows: UnusedPermissions[] = []
      let cursor: string | null = null
      for (let count = 0; count < mostPages; count++) {
        const page: Page<UnusedPermissions> = await call('GET', 'admin/v1/reminders/permissions', {
          query: { merchant_id: merchantId, by_name: 'true', limit: keysAtOnce, cursor },
          signal,
        })
        rows.push(...page.data.filter(({ held, unused }) => unused.length > 0 && unused.length < held))
        cursor = page.next_cursor
        if (cursor === null) break
      }
      return { data: rows, next_cursor: cursor }
    },
    staleTime: 60_000,
    retry: false,
  })
}

export const mostCounted = 100

/** Keys in use that something wants doing about; no more than are counted. */
export function keysOfAge(age: Age, merchantId: string | null, environment: string) {
  const [name = '', length = ''] = age.split(':')
  return queryOptions({
    queryKey: ['keys', 'age', age, merchantId, environment],
    queryFn: ({ signal }) =>
      call<Page<Key>>('GET', 'admin/v1/keys', {
        query: { merchant_id: merchantId, environment, status: 'active', [name]: length, limit: mostCounted },
        signal,
      }),
    staleTime: 60_000,
    retry: false,
  })
}
