import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { call, type Query } from './call.ts'
import type { AuditEntry, Page } from './types.ts'

/** What was done to one key or merchant, newest first. Reading is itself in the audit, so nothing asks again by itself. */
export function historyOf(target: string) {
  return queryOptions({
    queryKey: ['history', target],
    queryFn: ({ signal }) =>
      call<Page<AuditEntry>>('GET', 'admin/v1/audit', { query: { target, limit: 25 }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    retry: false,
  })
}

export function auditList(filter: Query) {
  return infiniteQueryOptions({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam, signal }) =>
      call<Page<AuditEntry>>('GET', 'admin/v1/audit', {
        query: { ...filter, limit: 50, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  })
}
