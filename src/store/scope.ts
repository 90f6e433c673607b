// Which part of the installation somebody sees. Whatever reads or changes merchants and keys for a caller takes it, and
// filters in SQL: a handler that forgets to check gets nothing that is not its caller's. What lies outside is answered
// as what does not exist.

import { deny, DenialError } from '../errors/denial.ts'

/** null: all of them. */
export interface Scope {
  readonly merchantIds: readonly string[] | null
  readonly apis: readonly string[] | null
  /**
   * Merchants beside those that are looked at and not changed. Whatever takes no notice of them answers of them as of what
   * does not exist; what finds nothing says by `refuseViewer` that it is there.
   */
  readonly viewedIds?: readonly string[]
}

/** Who looks, and when: of secrets those are shown that live at `nowMs` (milliseconds since the epoch). */
export interface View {
  readonly nowMs: number
  readonly scope: Scope
}

/** All merchants and APIs. */
export const everything: Scope = { merchantIds: null, apis: null }

/** Whether all of the installation is seen. */
export function isWhole(scope: Scope): boolean {
  return scope.merchantIds === null && scope.apis === null
}

/** Conditions on a key's row (alias `k`); `put` takes a value and gives its placeholder. */
export function keyConditions(scope: Scope, put: (value: unknown) => string): readonly string[] {
  return [
    ...(scope.merchantIds === null ? [] : [`k.merchant_id = ANY (${put(scope.merchantIds)}::text[])`]),
    ...(scope.apis === null ? [] : [`k.api = ANY (${put(scope.apis)}::text[])`]),
  ]
}

/** Of a merchant in which its caller changes nothing: throws FORBIDDEN. */
export function refuseViewer({ viewedIds = [] }: Scope, merchantId: string | undefined): void {
  if (merchantId !== undefined && viewedIds.includes(merchantId))
    throw new DenialError(deny('FORBIDDEN', 'viewer', { details: viewerDetails }))
}

const viewerDetails = [{ path: '', message: 'the role viewer of this merchant changes nothing' }]

/** Whether a merchant is seen. */
export function seesMerchant(scope: Scope, id: string): boolean {
  return scope.merchantIds === null || scope.merchantIds.includes(id)
}

/** Whether an API is seen. */
export function seesApi(scope: Scope, name: string): boolean {
  return scope.apis === null || scope.apis.includes(name)
}
