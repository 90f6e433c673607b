import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { Merchant, Page } from './types.ts'

export function merchantList(limit = 200) {
  return queryOptions({
    queryKey: ['merchants', limit],
    queryFn: ({ signal }) => call<Page<Merchant>>('GET', 'admin/v1/merchants', { query: { limit }, signal }),
    staleTime: 30_000,
  })
}

export function merchantById(id: string) {
  return queryOptions({
    queryKey: ['merchant', id],
    queryFn: ({ signal }) =>
      call<Merchant>('GET', `admin/v1/merchants/${encodeURIComponent(id)}`, { signal }),
    staleTime: 30_000,
  })
}
