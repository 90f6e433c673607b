// What was used of quotas in this month.

import { infiniteQueryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { Page } from './types.ts'

export interface QuotaUse {
  readonly merchant_id: string
  /** Of one that counts by key: the key, or the client. */
  readonly key_id?: string
  readonly api: string
  readonly environment: string
  readonly quota: string
  readonly per: 'merchant' | 'key'
  readonly used: number
  /** How many there may be. */
  readonly requests: number
  readonly percent: number
  /** Steps, in percent, that were told of. */
  readonly warned_at: readonly number[]
}

interface QuotaPage extends Page<QuotaUse> {
  readonly resets_at: string
}

export interface QuotaFilter {
  readonly merchant_id: string
  readonly api?: string
  readonly environment?: string
  /** Of those that count by key, this one's alone. */
  readonly key_id?: string
}

/** The nearest to its end first. Seconds old, as is the answer. */
export function quotaUse(filter: QuotaFilter) {
  return infiniteQueryOptions({
    queryKey: ['quotas', filter],
    queryFn: ({ pageParam, signal }) =>
      call<QuotaPage>('GET', 'admin/v1/quotas', {
        query: { ...filter, limit: 50, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : 30_000),
  })
}
