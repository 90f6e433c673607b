// Whether a caller may make something for a part of the installation: for one merchant or all, for one API or all.

import { DenialError, deny } from '../errors/denial.ts'
import type { Reason } from '../errors/reasons.ts'
import type { Queryable } from './queryable.ts'
import { refuseViewer, type Scope, seesApi, seesMerchant } from './scope.ts'

export interface Part {
  /** null: all of them. */
  readonly merchantId: string | null
  readonly api: string | null
}

/**
 * Locks the merchant, so that one at a time is made for it: what is counted stays so. Throws VALIDATION_FAILED where there is no such part for
 * the caller, FORBIDDEN where it changes nothing there.
 */
export async function mustReachPart(tx: Queryable, scope: Scope, { merchantId, api }: Part): Promise<void> {
  refuseViewer(scope, merchantId ?? undefined)
  if (!(await isMerchantThere(tx, scope, merchantId)))
    throw invalidPart('/merchant_id', 'no such merchant', 'unknown_merchant')
  if (api === null ? scope.apis !== null : !seesApi(scope, api)) throw invalidPart('/api', 'no such API')
}

async function isMerchantThere(tx: Queryable, scope: Scope, merchantId: string | null): Promise<boolean> {
  if (merchantId === null) return scope.merchantIds === null
  if (!seesMerchant(scope, merchantId)) return false
  const rows = await tx.query('SELECT FROM merchant WHERE id = $1 FOR NO KEY UPDATE', [merchantId])
  return rows.length > 0
}

/** `path` points to the field; '' is the whole. */
export function invalidPart(
  path: string,
  message: string,
  reason: Reason<'VALIDATION_FAILED'> = 'invalid_field',
): DenialError {
  return new DenialError(deny('VALIDATION_FAILED', reason, { details: [{ path, message }] }))
}
