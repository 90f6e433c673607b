// What is told to be over must be over everywhere; where it is not yet, the client is told to come again (RFC 7009 §2.2.1).

import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { Change } from '../store/change-table.ts'
import { StoreUnavailableError } from '../store/postgres-errors.ts'
import { unavailableText } from './error-page.ts'

/** Resolves once all instances have applied the change, if there is one; throws what is answered where they have not in time. */
export async function applied(
  spread: (change: Change) => Promise<boolean>,
  change: Change | null,
): Promise<void> {
  if (change !== null && !(await spread(change))) throw unavailable(undefined)
}

/** Told to people on a page of ours, with nothing used up, so that they may try again here, and to programs as JSON. */
export function unavailable(cause: unknown): errors.OIDCProviderError {
  const error = new errors.TemporarilyUnavailable(unavailableText, { cause })
  return Object.assign(error, { status: 503, statusCode: 503, expose: true, allow_redirect: false })
}

export interface SettleDeps {
  /** Whether all instances have applied, in time, what was changed until now. Throws StoreUnavailableError. */
  settled(): Promise<boolean>
}

/** Known once oidc-provider has found who answers. */
export interface Routed {
  readonly oidc?: Pick<KoaContextWithOIDC['oidc'], 'route'>
}

type Context = Pick<KoaContextWithOIDC, 'status' | 'body'> & Routed

/**
 * Around each request: that a token is over is told once it is over everywhere, also where it was so before. A client that was told
 * to come again would else hear it from a server whose other instances still take the token.
 */
export async function settleRevocation(
  { settled }: SettleDeps,
  context: Context,
  next: () => Promise<unknown>,
): Promise<void> {
  await next()
  if (!isRevocation(context) || context.status !== 200) return
  const isSettled = await settled().catch((error: unknown) => {
    if (error instanceof StoreUnavailableError) return false
    throw error
  })
  if (isSettled) return
  context.status = 503
  context.body = { error: 'temporarily_unavailable', error_description: unavailableText }
}

/** Whether what is answered is a request to revoke a token. */
export function isRevocation(context: Routed | undefined): boolean {
  return context?.oidc?.route === 'revocation'
}
