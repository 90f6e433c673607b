// Clients of the authorization server: programs of others that ask for tokens. A secret goes to who asked, and is forgotten.

import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { Page, Settled } from './types.ts'

export type ClientGrant = 'code' | 'client_credentials'

export interface ClientSecret {
  readonly id: string
  readonly last4: string
  readonly created_at: string
  readonly expires_at: string | null
}

export interface Client {
  readonly client_id: string
  /** null: of all merchants. */
  readonly merchant_id: string | null
  /** In the list alone. */
  readonly merchant_name?: string | null
  readonly api: string
  readonly environment: string
  readonly name: string
  readonly grants: readonly ClientGrant[]
  readonly redirect_uris: readonly string[]
  readonly permissions: readonly string[]
  readonly auth_method: 'client_secret' | 'private_key_jwt'
  readonly bound: boolean
  readonly status: 'active' | 'disabled'
  readonly created_at: string
  readonly created_by: string
  readonly secrets: readonly ClientSecret[]
}

/** `client_secret` null: it has keys of its own, or the answer that had it did not arrive. */
export type ClientWithSecret = Client & { readonly client_secret: string | null }

const path = (id: string, rest = ''): string => `admin/v1/clients/${encodeURIComponent(id)}${rest}`

/** `merchantId` null: of all that the reader sees. */
export function clientList(merchantId: string | null) {
  return queryOptions({
    queryKey: ['clients', merchantId],
    queryFn: ({ signal }) =>
      call<Page<Client>>('GET', 'admin/v1/clients', {
        query: { merchant_id: merchantId, limit: 200 },
        signal,
      }),
  })
}

export function clientById(id: string) {
  return queryOptions({
    queryKey: ['client', id],
    queryFn: ({ signal }) => call<Client>('GET', path(id), { signal }),
  })
}

export interface NewClient {
  readonly name: string
  readonly merchant_id: string | null
  readonly api: string
  readonly environment: string
  readonly grants: readonly ClientGrant[]
  readonly redirect_uris: readonly string[]
  readonly permissions: readonly string[]
  readonly auth_method: Client['auth_method']
  readonly jwks?: unknown
  readonly bound: boolean
}

/** `attempt`: the same for each try of one wish. */
export function addClient(client: NewClient, attempt: string): Promise<ClientWithSecret> {
  return call('POST', 'admin/v1/clients', { body: client, headers: { 'idempotency-key': attempt } })
}

export type ClientPatch = Partial<Pick<Client, 'name' | 'redirect_uris' | 'permissions'>>

export function patchClient(id: string, patch: ClientPatch): Promise<Client & Settled> {
  return call('PATCH', path(id), { body: patch, query: { wait: 'all' } })
}

export function actOnClient(
  id: string,
  verb: 'disable' | 'enable',
  reason: string,
): Promise<Client & Settled> {
  const said = reason.trim()
  return call('POST', path(id, `/${verb}`), {
    body: said === '' ? {} : { reason: said },
    query: { wait: 'all' },
  })
}

export function rotateClient(id: string, graceSeconds: number): Promise<ClientWithSecret> {
  return call('POST', path(id, '/rotate-secret'), { body: { grace_seconds: graceSeconds } })
}
