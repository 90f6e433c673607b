// What an account is proven by beside its password, and how a browser is asked for it.

import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { Signed } from './types.ts'

export interface Passkey {
  readonly id: string
  readonly name: string
  readonly created_at: string
  readonly last_used_at: string | null
}

export interface Security {
  readonly totp: { readonly enabled: boolean; readonly recovery_codes_left: number }
  readonly passkeys: readonly Passkey[]
  /** Whether the account has one. */
  readonly password: boolean
}

export const security = queryOptions({
  queryKey: ['security'],
  queryFn: ({ signal }) => call<Security>('GET', 'hub/v1/account/security', { signal }),
  retry: false,
})

/** Some changes want the password again, where the sign-in was a while ago. */
export interface Proof {
  readonly password?: string
  readonly totp?: string
}

export function proofOf(password: string, totp: string): Proof {
  return password === '' ? {} : { password, ...(totp && { totp }) }
}

export interface TotpOffer {
  readonly secret: string
  readonly uri: string
}

export function offerTotp(proof: Proof): Promise<TotpOffer> {
  return call('POST', 'hub/v1/account/totp', { body: proof })
}

export function confirmTotp(code: string): Promise<{ readonly recovery_codes: readonly string[] }> {
  return call('POST', 'hub/v1/account/totp/confirm', { body: { code } })
}

export function renewRecovery(proof: Proof): Promise<{ readonly recovery_codes: readonly string[] }> {
  return call('POST', 'hub/v1/account/recovery-codes', { body: proof })
}

export function endTotp(proof: Proof): Promise<unknown> {
  return call('DELETE', 'hub/v1/account/totp', { body: proof })
}

export function hasPasskeys(): boolean {
  return 'PublicKeyCredential' in window && 'parseRequestOptionsFromJSON' in PublicKeyCredential
}

export async function addPasskey(name: string, proof: Proof): Promise<unknown> {
  const { options } = await call<{ options: PublicKeyCredentialCreationOptionsJSON }>(
    'POST',
    'hub/v1/account/passkeys/options',
    { body: proof },
  )
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
  const made = await navigator.credentials.create({ publicKey })
  return call('POST', 'hub/v1/account/passkeys', { body: { name, response: jsonOf(made) } })
}

export function removePasskey(id: string, proof: Proof): Promise<unknown> {
  return call('DELETE', `hub/v1/account/passkeys/${encodeURIComponent(id)}`, { body: proof })
}

export async function signInByPasskey(): Promise<Signed> {
  const { options } = await call<{ options: PublicKeyCredentialRequestOptionsJSON }>(
    'POST',
    'hub/v1/passkey/options',
    { body: {} },
  )
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
  const found = await navigator.credentials.get({ publicKey })
  return call<Signed>('POST', 'hub/v1/passkey', { body: { response: jsonOf(found) } })
}

function jsonOf(credential: Credential | null): unknown {
  if (!(credential instanceof PublicKeyCredential)) throw new Error('no passkey was given')
  return credential.toJSON()
}

export async function startOidc(id: string): Promise<void> {
  const { url } = await call<{ url: string }>('POST', `hub/v1/oidc/${encodeURIComponent(id)}`, { body: {} })
  location.assign(url)
}
