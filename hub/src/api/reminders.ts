import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { Key, Page } from './types.ts'

export const ages = ['expires_within:14d', 'older_than:90d', 'unused_for:90d'] as const
export type Age = (typeof ages)[number]

export interface UnusedPermissions {
  readonly key_id: string
  readonly environment: string
  readonly name: string
  /** Held, and not used for 90 days. */
  readonly permissions: readonly string[]
}

export function unusedPermissions(merchantId: string | null) {
  return queryOptions({
    queryKey: ['keys', 'unused-permissions', merchantId],
    queryFn: ({ signal }) =>
      call<Page<UnusedPermissions>>('GET', 'admin/v1/permissions/unused', {
        query: { merchant_id: merchantId, limit: 50 },
        signal,
      }),
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
