import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { Page } from './types.ts'

export interface Endpoint {
  readonly id: string
  readonly merchant_id: string | null
  readonly name: string | null
  readonly url: string
  readonly events: readonly string[]
  readonly status: 'enabled' | 'disabled'
  readonly disabled_reason: string | null
  readonly failures: number
  readonly last_delivered_at: string | null
  readonly created_at: string
}

export type EndpointWithSecret = Endpoint & { readonly secret: string | null }

export interface Delivery {
  readonly id: string
  readonly type: string
  readonly status: 'pending' | 'delivered' | 'failed'
  readonly attempts: number
  readonly created_at: string
  readonly last_attempt_at: string | null
  readonly response_status: number | null
  readonly failure: string | null
}

const path = (id: string, rest = ''): string => `admin/v1/webhooks/${encodeURIComponent(id)}${rest}`

export function endpointList(merchantId: string | null) {
  return queryOptions({
    queryKey: ['webhooks', merchantId],
    queryFn: ({ signal }) =>
      call<Page<Endpoint>>('GET', 'admin/v1/webhooks', {
        query: { merchant_id: merchantId, limit: 100 },
        signal,
      }),
    refetchInterval: 15_000,
  })
}

export function endpointById(id: string) {
  return queryOptions({
    queryKey: ['webhook', id],
    queryFn: ({ signal }) => call<Endpoint>('GET', path(id), { signal }),
    refetchInterval: 10_000,
  })
}

export function deliveryList(id: string) {
  return queryOptions({
    queryKey: ['deliveries', id],
    queryFn: ({ signal }) =>
      call<Page<Delivery>>('GET', path(id, '/deliveries'), { query: { limit: 50 }, signal }),
    refetchInterval: 4_000,
  })
}

export interface NewEndpoint {
  readonly url: string
  readonly name?: string
  readonly events: readonly string[]
  readonly merchant_id?: string
}

/** `attempt`: the same for each try of one wish. */
export function addEndpoint(endpoint: NewEndpoint, attempt: string): Promise<EndpointWithSecret> {
  return call('POST', 'admin/v1/webhooks', { body: endpoint, headers: { 'idempotency-key': attempt } })
}

export function setEndpointStatus(id: string, status: Endpoint['status']): Promise<Endpoint> {
  return call('PATCH', path(id), { body: { status } })
}

export function rotateEndpoint(id: string): Promise<EndpointWithSecret> {
  return call('POST', path(id, '/rotate-secret'), { body: {} })
}

export function testEndpoint(id: string): Promise<Delivery> {
  return call('POST', path(id, '/test'), { body: {} })
}

export function removeEndpoint(id: string): Promise<Endpoint> {
  return call('DELETE', path(id))
}

export function redeliver(id: string, delivery: string): Promise<Delivery> {
  return call('POST', path(id, `/deliveries/${encodeURIComponent(delivery)}/redeliver`), { body: {} })
}
