// What is told to be over must be over everywhere; where it is not yet, the client is told to come again (RFC 7009 §2.2.1).

import { errors } from 'oidc-provider'
import type { Change } from '../store/change-table.ts'

/** Resolves once all instances have applied the change, if there is one; throws what is answered where they have not in time. */
export async function applied(
  spread: (change: Change) => Promise<boolean>,
  change: Change | null,
): Promise<void> {
  if (change !== null && !(await spread(change))) throw unavailable(undefined)
}

export function unavailable(cause: unknown): errors.OIDCProviderError {
  const error = new errors.TemporarilyUnavailable('the server cannot do this at the moment', { cause })
  return Object.assign(error, { status: 503, statusCode: 503, expose: true })
}
