// What people have allowed programs of others.

import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { Page } from './types.ts'

export interface Grant {
  readonly id: string
  readonly client_id: string
  readonly client_name: string
  readonly email: string
  readonly merchant_id: string
  readonly merchant_name: string
  readonly api: string
  readonly environment: string
  readonly permissions: readonly string[]
  readonly created_at: string
  readonly expires_at: string
}

/** `merchantId` null: of all that the reader sees. */
export function grantList(merchantId: string | null) {
  const query = { limit: 200, ...(merchantId !== null && { merchant_id: merchantId }) }
  return queryOptions({
    queryKey: ['grants', merchantId],
    queryFn: ({ signal }) => call<Page<Grant>>('GET', 'admin/v1/grants', { query, signal }),
  })
}

export function endGrant(id: string): Promise<unknown> {
  return call('DELETE', `admin/v1/grants/${encodeURIComponent(id)}`)
}
