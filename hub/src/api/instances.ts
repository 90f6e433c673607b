import { queryOptions } from '@tanstack/react-query'
import { basePath } from '../router.tsx'
import { call } from './call.ts'
import { ApiFault } from './fault.ts'
import type { Page } from './types.ts'

export interface Instance {
  readonly id: string
  readonly role: string
  readonly host: string
  readonly version: string
  readonly started_at: string
  readonly applied_revision: number
  readonly last_seen_at: string
  readonly clock_offset_ms: number | null
  /** Changes that it has not applied. */
  readonly behind: number
  /** null: an earlier version, which does not say; so of all below. */
  readonly table_sha256: string | null
  readonly postgres: 'up' | 'silent'
  readonly redis: 'up' | 'degraded' | 'down' | 'none' | null
  readonly degraded: readonly Degradation[] | null
}

export interface Degradation {
  readonly reason: string
  readonly detail: string | null
}

export const instanceList = queryOptions({
  queryKey: ['instances'],
  queryFn: ({ signal }) => call<Page<Instance>>('GET', 'admin/v1/instances', { signal }),
  refetchInterval: 5_000,
})

export interface Readiness {
  readonly isReady: boolean
  readonly status: 'ok' | 'degraded'
  readonly table_sha256: string | null
  readonly postgres: string
  readonly postgres_fault?: string
  readonly redis: string
  readonly applied_revision: number | null
  readonly cache_key?: string
  readonly config_fault?: string
  readonly deny?: Readonly<Record<string, number>>
  readonly deny_fault?: string
  readonly certificates?: readonly string[]
  readonly log?: string
  readonly workers?: { readonly wanted: number; readonly serving: number }
  readonly upstreams?: Readonly<Record<string, { readonly targets: number; readonly available: number }>>
  readonly gateway?: string
}

/** 503 is an answer too. */
export const readiness = queryOptions({
  queryKey: ['readiness'],
  queryFn: async ({ signal }): Promise<Readiness> => {
    const answer = await fetch(`${basePath}readyz`, { signal, cache: 'no-store' }).catch(() => null)
    if (answer === null || (answer.status !== 200 && answer.status !== 503)) {
      const status = answer?.status ?? 0
      const known = { status, code: 'NO_ANSWER', message: '', requestId: null, details: [], isUnsure: false }
      throw new ApiFault(known)
    }
    return { ...((await answer.json()) as Omit<Readiness, 'isReady'>), isReady: answer.ok }
  },
  refetchInterval: 5_000,
})
