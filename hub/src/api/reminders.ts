import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { Key, Page } from './types.ts'

export const ages = ['expires_within:14d', 'older_than:90d', 'unused_for:90d'] as const
export type Age = (typeof ages)[number]

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
