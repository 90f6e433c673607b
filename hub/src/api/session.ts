import { type QueryClient, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { call, holdToken } from './call.ts'
import { ApiFault } from './fault.ts'
import type { MemberRole, Signed, User } from './types.ts'

/** null: nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<Signed | null> => {
    try {
      return taken(await call<Signed>('GET', 'hub/v1/session'))
    } catch (error) {
      if (error instanceof ApiFault && error.status === 401) return taken(null)
      throw error
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
  retry: 1,
})

function taken(signed: Signed | null): Signed | null {
  holdToken(signed?.csrf ?? null)
  return signed
}

/** Of whoever is signed in; only below the frame, where somebody is. */
export function useUser(): User {
  const { data } = useQuery(sessionQuery)
  // A page may be drawn once more between the end of the session and its leaving.
  const last = useRef<User | null>(null)
  if (data) last.current = data.user
  if (last.current === null) throw new Error('nobody is signed in')
  return last.current
}

export interface SignInWays {
  readonly ways: readonly string[]
  readonly mail?: boolean
  /** Nobody of the platform has an account yet. */
  readonly first_run?: boolean
  readonly oidc?: readonly { readonly id: string; readonly name: string }[]
}

export const signInWays = queryOptions({
  queryKey: ['sign-in'],
  queryFn: () => call<SignInWays>('GET', 'hub/v1/sign-in'),
  retry: false,
})

export interface Credentials {
  readonly email: string
  readonly password: string
  readonly totp?: string
}

export async function signIn(credentials: Credentials): Promise<Signed> {
  const signed = await call<Signed>('POST', 'hub/v1/session', { body: credentials })
  holdToken(signed.csrf)
  return signed
}

/** What was loaded goes with the session. Whoever looks at the session hears of its end first, and leaves. */
export function forgetAll(client: QueryClient): void {
  holdToken(null)
  client.setQueryData(sessionQuery.queryKey, null)
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
}

/** Gives how to end the session. */
export function useSignOut(): () => Promise<void> {
  const client = useQueryClient()
  return async () => {
    await call('DELETE', 'hub/v1/session').catch((error: unknown) => {
      if (!(error instanceof ApiFault) || error.status !== 401) throw error
    })
    forgetAll(client)
  }
}

/** Takes a new session, as after the password was changed. */
export function useTakeSession(): (signed: Signed) => void {
  const client = useQueryClient()
  return (signed) => {
    holdToken(signed.csrf)
    client.setQueryData(sessionQuery.queryKey, signed)
  }
}

export function roleAt(user: User, merchantId: string): MemberRole | null {
  return user.merchants.find(({ id }) => id === merchantId)?.role ?? null
}

/** Whether changes of a merchant's keys are the user's to make; the server has the last word. */
export function mayChange(user: User, merchantId: string | null): boolean {
  if (user.kind === 'operator') return (user.role ?? 'admin') === 'admin'
  if (merchantId === null) return user.merchants.some(({ role }) => role === 'admin')
  return roleAt(user, merchantId) === 'admin'
}

/** Whoever hears of a leak at night can stop it. */
export function mayDisable(user: User, merchantId: string): boolean {
  return mayChange(user, merchantId) || (user.kind === 'operator' && user.role === 'support')
}
