import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { Merchant, Page, RateOverrides, Settled } from './types.ts'

/** By name, those that a text is a part of. */
export function merchantList(q: string, limit: number) {
  return queryOptions({
    queryKey: ['merchants', q, limit],
    queryFn: ({ signal }) =>
      call<Page<Merchant>>('GET', 'admin/v1/merchants', {
        query: { q, limit, sort: q === '' ? null : 'name' },
        signal,
      }),
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

export interface MerchantFilter {
  readonly q: string | null
  readonly status: string | null
  readonly sort: string | null
}

export function merchantPages(filter: MerchantFilter) {
  return infiniteQueryOptions({
    queryKey: ['merchants', 'pages', filter],
    queryFn: ({ pageParam, signal }) =>
      call<Page<Merchant>>('GET', 'admin/v1/merchants', {
        query: { ...filter, limit: 50, cursor: pageParam },
        signal,
      }),
    placeholderData: (before) => before,
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
}

/** `attempt`: the same for each try of one wish. */
export function addMerchant(name: string, attempt: string): Promise<Merchant> {
  return call('POST', 'admin/v1/merchants', { body: { name }, headers: { 'idempotency-key': attempt } })
}

export interface MerchantPatch {
  readonly name?: string
  readonly plan?: string | null
  readonly rate_limits?: RateOverrides
  readonly in_flight?: number | null
}

export function patchMerchant(id: string, patch: MerchantPatch, reason: string): Promise<Merchant & Settled> {
  const said = reason.trim()
  return call('PATCH', `admin/v1/merchants/${encodeURIComponent(id)}`, {
    body: { ...patch, ...(said !== '' && { reason: said }) },
    query: { wait: 'all' },
  })
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
