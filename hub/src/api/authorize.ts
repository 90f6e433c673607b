// What a program of somebody else asks the reader for.

import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'

export interface AskedAccess {
  readonly client: { readonly id: string; readonly name: string }
  readonly api: string
  readonly environment: string
  readonly permissions: readonly { readonly name: string; readonly description: string }[]
  readonly merchants: readonly { readonly id: string; readonly name: string; readonly granted: boolean }[]
}

export interface AccessRequest extends AskedAccess {
  readonly redirect_origin: string
}

export function accessRequest(id: string) {
  return queryOptions({
    queryKey: ['access-request', id],
    queryFn: ({ signal }) => call<AccessRequest>('GET', `hub/v1/oauth/interactions/${id}`, { signal }),
    // It is answered once, and is another the next time.
    ...{ retry: false, gcTime: 0, staleTime: Number.POSITIVE_INFINITY },
  })
}

/** Resolves with where the browser goes on. */
export async function decide(
  id: string,
  decision: { readonly decision: 'grant' | 'decline'; readonly merchant_id?: string },
): Promise<string> {
  const { redirect_to: goesOn } = await call<{ readonly redirect_to: string }>(
    'POST',
    `hub/v1/oauth/interactions/${id}`,
    { body: decision },
  )
  return goesOn
}
