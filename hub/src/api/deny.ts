import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { Page } from './types.ts'

export const denyKinds = ['key', 'merchant', 'prefix', 'permission', 'client'] as const
export type DenyKind = (typeof denyKinds)[number]

export interface DenyRow {
  readonly kind: DenyKind
  readonly value: string
  readonly source: string
  readonly at: string | null
  readonly actor: string | null
}

export interface DenyChange {
  readonly value: string
  readonly pending?: readonly { readonly instance: string }[] | null
}

export const denyList = queryOptions({
  queryKey: ['deny'],
  queryFn: ({ signal }) => call<Page<DenyRow>>('GET', 'admin/v1/deny', { signal }),
  refetchInterval: 10_000,
})

export function addDeny(kind: DenyKind, value: string, reason: string): Promise<DenyChange> {
  const body = { kind, value, ...(reason.trim() !== '' && { reason: reason.trim() }) }
  return call('POST', 'admin/v1/deny', { body, query: { wait: 'all' } })
}

export function removeDeny(kind: DenyKind, value: string): Promise<DenyChange> {
  return call('DELETE', 'admin/v1/deny', { body: { kind, value }, query: { wait: 'all' } })
}
