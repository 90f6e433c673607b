import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { Merchant, Page, Settled } from './types.ts'

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

export function merchantPages(filter: { readonly q: string | null }) {
  return infiniteQueryOptions({
    queryKey: ['merchants', 'pages', filter],
    queryFn: ({ pageParam, signal }) =>
      call<Page<Merchant>>('GET', 'admin/v1/merchants', { query: { limit: 50, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
}

/** `attempt`: the same for each try of one wish. */
export function addMerchant(name: string, attempt: string): Promise<Merchant> {
  return call('POST', 'admin/v1/merchants', { body: { name }, headers: { 'idempotency-key': attempt } })
}

export function actOnMerchant(
  id: string,
  verb: 'suspend' | 'resume',
  reason: string,
): Promise<Merchant & Settled> {
  return call('POST', `admin/v1/merchants/${encodeURIComponent(id)}/${verb}`, {
    body: reason.trim() === '' ? {} : { reason: reason.trim() },
    query: { wait: 'all' },
  })
}
