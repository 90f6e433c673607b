import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { call, type Query } from './call.ts'
import type { Page } from './types.ts'

export interface KeptRequest {
  readonly id: string
  readonly at: string
  readonly method: string
  readonly api: string
  readonly environment: string
  readonly route: string
  readonly merchant_id: string | null
  readonly key_id: string | null
  readonly decision: string
  readonly code: string | null
  readonly reason: string | null
  readonly explanation: string
  readonly required: readonly string[]
  readonly status: number
  readonly upstream_status: number | null
  readonly cut: string | null
  readonly times: {
    readonly total_ms: number
    readonly gateway_ms: number
    readonly upstream_ms: number | null
  }
}

export function requestList(filter: Query) {
  return infiniteQueryOptions({
    queryKey: ['requests', filter],
    queryFn: ({ pageParam, signal }) =>
      call<Page<KeptRequest>>('GET', 'admin/v1/requests', {
        query: { ...filter, limit: 50, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
}

export function requestById(id: string) {
  return queryOptions({
    queryKey: ['request', id],
    queryFn: ({ signal }) =>
      call<KeptRequest>('GET', `admin/v1/requests/${encodeURIComponent(id)}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
}
