// What is done about oidc-provider's answers: a cookie goes where it is asked for, none where nobody asks, and the metadata says
// what holds here.

import type { Table } from '../config/compiled.ts'
import { deviceGrant } from './client-metadata.ts'
import { scopesOf, unusedPath } from './configuration.ts'
import { deviceStepSeconds } from './device-codes.ts'
import { retryAfterSeconds } from './error-page.ts'
import { type MutualTls, mutualTlsMetadata } from './mutual-tls.ts'

export interface TidyDeps {
  /** Where people type the code that a program shows. */
  readonly devicePage: string
  readonly table: Table
  readonly mutualTls: MutualTls
  consentPath(interactionId: string): string
  interactionPath(interactionId: string): string
}

interface Context {
  readonly path: string
  readonly status: number
  body: unknown
  readonly response: { get(name: string): string | string[] }
  set(name: string, value: string | string[]): void
  remove(name: string): void
}

export async function tidyAnswer(
  deps: TidyDeps,
  context: Context,
  next: () => Promise<unknown>,
): Promise<void> {
  // oidc-provider's own pages for codes that are typed.
  if (context.path.toLowerCase().startsWith(unusedPath)) return
  await next()
  if (context.status >= 500) keepForAnother(context)
  tidyCookies(deps, context)
  if (isObject(context.body) && 'user_code' in context.body)
    context.body = { ...context.body, ...deviceAnswer(deps) }
  if (context.path.startsWith('/.well-known/') && isObject(context.body))
    context.body = {
      ...context.body,
      ...metadataOf(deps),
      ...mutualTlsMetadata(deps.mutualTls, context.body),
    }
}

/** What failed for a while can be asked again, by the browser with what it had before. */
function keepForAnother(context: Context): void {
  context.remove('set-cookie')
  if (context.status === 503) context.set('retry-after', String(retryAfterSeconds))
}

function tidyCookies(deps: TidyDeps, context: Context): void {
  const said = [context.response.get('set-cookie')].flat().filter(Boolean)
  if (said.length === 0) return
  const kept = said
    // Nobody is signed in here: each request to authorize begins at the hub.
    .filter((cookie) => !/^latchkey-oauth(?:\.sig)?=/.test(cookie))
    .map((cookie) => (/^latchkey-consent(?:\.sig)?=/.test(cookie) ? movedCookie(deps, cookie) : cookie))
  context.remove('set-cookie')
  if (kept.length > 0) context.set('set-cookie', kept)
}

/** It shows that the browser which grants is the one that asked: sent with what the page of the hub asks, and with nothing else. */
function movedCookie({ consentPath, interactionPath }: TidyDeps, cookie: string): string {
  return cookie.replace(/; path=([^;]*)/i, (whole, path: string) => {
    const id = path.split('/').at(-1) ?? ''
    return path === consentPath(id) ? `; path=${interactionPath(id)}` : whole
  })
}

/** The code is typed, never part of an address: nobody allows a stranger's program by following a link. */
function deviceAnswer({ devicePage }: TidyDeps): object {
  return { verification_uri: devicePage, verification_uri_complete: undefined, interval: deviceStepSeconds }
}

/** In place of what oidc-provider says of itself. */
function metadataOf({ table, mutualTls }: TidyDeps): object {
  const oauths = [...table.apis.values()].flatMap((api) => (api.oauth === null ? [] : [api.oauth]))
  const isStrict = oauths.every(({ profile }) => profile === 'fapi2')
  return {
    scopes_supported: scopesOf(table),
    response_modes_supported: ['query'],
    grant_types_supported: [
      ...['authorization_code', 'refresh_token', 'client_credentials'],
      ...(isStrict ? [] : [deviceGrant]),
    ],
    claims_supported: undefined,
    token_endpoint_auth_methods_supported: [
      ...(isStrict ? [] : ['client_secret_basic', 'client_secret_post']),
      'private_key_jwt',
      ...(mutualTls.isOffered ? ['tls_client_auth', 'self_signed_tls_client_auth'] : []),
    ],
    ...(isStrict && {
      device_authorization_endpoint: undefined,
      require_pushed_authorization_requests: true,
    }),
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
