// An application as it is typed, what is missing of it, and how the API is asked for it.

import type { Client, ClientGrant, NewClient } from '../../api/clients.ts'
import { words } from '../../words.ts'
import { linesOf } from './lines.ts'

export interface ClientWish {
  readonly name: string
  readonly merchant: string | null
  readonly isOfAll: boolean
  readonly api: string
  readonly environment: string
  readonly grants: readonly ClientGrant[]
  /** One a line. */
  readonly uris: string
  readonly permissions: ReadonlySet<string>
  readonly method: Client['auth_method']
  /** JSON. */
  readonly jwks: string
  readonly bound: boolean
}

export function wantsUris({ grants }: ClientWish): boolean {
  return grants.includes('code')
}

/** By field of the API: what is to be said before it is asked. */
export function faultsOf(wish: ClientWish): Readonly<Record<string, string | undefined>> {
  return {
    name: wish.name.trim() === '' ? words.newKey.needName : undefined,
    merchant_id: wish.isOfAll || wish.merchant !== null ? undefined : words.newKey.needMerchant,
    grants: wish.grants.length === 0 ? words.client.needWay : undefined,
    redirect_uris: wantsUris(wish) && linesOf(wish.uris).length === 0 ? words.client.needUri : undefined,
    permissions: wish.permissions.size === 0 ? words.newKey.needPermission : undefined,
    jwks:
      wish.method === 'private_key_jwt' && parsed(wish.jwks) === undefined
        ? words.client.jwksWrong
        : undefined,
  }
}

export function wishFor(wish: ClientWish): NewClient {
  return {
    name: wish.name.trim(),
    merchant_id: wish.isOfAll ? null : wish.merchant,
    ...{ api: wish.api, environment: wish.environment, grants: wish.grants, bound: wish.bound },
    redirect_uris: wantsUris(wish) ? linesOf(wish.uris) : [],
    permissions: [...wish.permissions],
    auth_method: wish.method,
    ...(wish.method === 'private_key_jwt' && { jwks: parsed(wish.jwks) }),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
