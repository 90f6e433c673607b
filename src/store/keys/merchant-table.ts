// Merchants: the tenants that keys belong to.

import { isDeepStrictEqual } from 'node:util'
import { type MerchantAction, merchantTransition } from '../../credentials/lifecycle.ts'
import type { MerchantStatus } from '../../credentials/record.ts'
import { DenialError, deny } from '../../errors/denial.ts'
import { type ChangeOrigin, type Committed, commitChange, type Plan } from '../commit-table.ts'
import {
  merchantLimitsOf,
  noMerchantLimits,
  type StoredMerchantLimits,
  writeMerchantLimits,
} from './limit-table.ts'
import { type Page, type PageRequest, pageOf } from '../page.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { refuseViewer, type Scope, seesMerchant } from '../scope.ts'
import { milliseconds } from '../session.ts'

export interface StoredMerchant {
  readonly id: string
  readonly name: string
  readonly status: MerchantStatus
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number
  readonly revision: number
  /** null: nothing is said. (As is of an object that an earlier version kept for a repeat.) */
  readonly limits?: StoredMerchantLimits | null
}

const columns = `id, name, status, ${milliseconds('created_at')} AS "createdAtMs", revision,
  (SELECT ${merchantLimitsOf('l', 'q')} FROM (SELECT) one
    LEFT JOIN merchant_limit l ON l.merchant_id = merchant.id LEFT JOIN merchant_quota q ON q.merchant_id = merchant.id
    WHERE l.merchant_id IS NOT NULL OR q.merchant_id IS NOT NULL) AS limits`

/** One merchant that is seen. */
export async function getMerchant(
  db: Queryable,
  id: string,
  scope: Scope,
): Promise<StoredMerchant | undefined> {
  if (!seesMerchant(scope, id)) return undefined
  const rows = await db.query<StoredMerchant>(`SELECT ${columns} FROM merchant WHERE id = $1`, [id])
  return rows[0]
}

/** Throws NOT_FOUND where it is not there, or not seen, and FORBIDDEN where it is only looked at. */
export async function mustSeeMerchant(db: Queryable, id: string, scope: Scope): Promise<StoredMerchant> {
  refuseViewer(scope, id)
  const merchant = await getMerchant(db, id, scope)
  if (merchant === undefined) throw new DenialError(deny('NOT_FOUND', 'unknown_merchant'))
  return merchant
}

/** What a list of merchants is sorted by; with a sign before it, the other way round. */
export const merchantSorts = ['-created', 'created', 'name', '-name'] as const
export type MerchantSort = (typeof merchantSorts)[number]

export interface MerchantFilter {
  readonly scope: Scope
  /** Part of the name or the id; case does not count. */
  readonly text?: string | undefined
  readonly status?: MerchantStatus | undefined
  /** The newest first unless said. */
  readonly sort?: MerchantSort | undefined
}

/**
 * The merchants that are seen and match all of the filter. The cursor is the id of the last one seen. Each is looked at: they
 * are as many as an installation has customers, not as many as it has keys.
 */
export async function listMerchants(
  db: Queryable,
  { scope, text, status, sort = '-created' }: MerchantFilter,
  page: PageRequest<string>,
): Promise<Page<StoredMerchant>> {
  const values: unknown[] = []
  const put = (value: unknown) => `$${values.push(value)}`
  const seen = scope.merchantIds === null ? 'true' : `id = ANY (${put(scope.merchantIds)}::text[])`
  const conditions = [seen]
  if (status !== undefined) conditions.push(`status = ${put(status)}`)
  if (text !== undefined) {
    const asked = `lower(${put(text)}::text)`
    conditions.push(`(position(${asked} IN lower(name)) > 0 OR position(${asked} IN lower(id)) > 0)`)
  }
  const isByName = sort.endsWith('name')
  const [direction, beyond] = sort.startsWith('-') ? ['DESC', '<'] : ['ASC', '>']
  const place = (of: string) => (isByName ? `lower(${of}.name) COLLATE "C", ${of}.id` : `${of}.id`)
  if (page.after !== null) {
    // Among those that are seen, or it would tell where the name of another stands.
    const last = `(SELECT lower(name) COLLATE "C" FROM merchant WHERE id = ${put(page.after)} AND ${seen})`
    conditions.push(`(${place('merchant')}) ${beyond} (${isByName ? `${last}, ` : ''}$${values.length})`)
  }
  const order = `${isByName ? `lower(name) COLLATE "C" ${direction}, ` : ''}id ${direction}`
  const rows = await db.query<StoredMerchant>(
    `SELECT ${columns} FROM merchant WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ${put(page.limit + 1)}`,
    values,
  )
  return pageOf(rows, page.limit)
}

export async function createMerchant(
  db: Postgres,
  origin: ChangeOrigin,
  merchant: { readonly id: string; readonly name: string },
): Promise<Committed<StoredMerchant>> {
  const { id, name } = merchant
  return commitChange<StoredMerchant>(db, origin, async () => ({
    kind: 'change',
    action: 'merchant.create',
    keyId: null,
    merchantId: id,
    before: null,
    async write(tx, revision) {
      const created = { id, name, status: 'active', createdAtMs: origin.nowMs, revision } as const
      await tx.query(
        'INSERT INTO merchant (id, name, status, created_at, revision) VALUES ($1, $2, $3, $4, $5)',
        [id, name, created.status, new Date(origin.nowMs), revision],
      )
      return created
    },
    snapshot,
  }))
}

/** What is not named stays as it is. */
export interface MerchantPatch {
  readonly name?: string | undefined
  readonly limits?: Partial<StoredMerchantLimits> | undefined
}

/** Changes name and limits; what is so already changes nothing. Throws NOT_FOUND. */
export async function patchMerchant(
  db: Postgres,
  origin: ChangeOrigin,
  request: { readonly id: string; readonly patch: MerchantPatch },
): Promise<Committed<StoredMerchant>> {
  return commitChange<StoredMerchant>(db, origin, async (tx) => {
    const merchant = await lockMerchant(tx, request.id, origin.scope)
    const { name = merchant.name } = request.patch
    const before = merchant.limits ?? noMerchantLimits
    const limits = { ...before, ...request.patch.limits }
    const areSame = isDeepStrictEqual(limits, before)
    if (areSame && name === merchant.name) return { kind: 'unchanged', object: merchant }
    return changeOf(merchant, 'merchant.update', areSame ? { name } : { name, limits })
  })
}

/** suspend, resume; a repeat changes nothing. Concerns every key of the merchant. Throws NOT_FOUND. */
export async function transitionMerchant(
  db: Postgres,
  origin: ChangeOrigin,
  request: { readonly id: string; readonly action: MerchantAction },
): Promise<Committed<StoredMerchant>> {
  return commitChange<StoredMerchant>(db, origin, async (tx) => {
    const merchant = await lockMerchant(tx, request.id, origin.scope)
    const transition = merchantTransition(merchant.status, request.action)
    if (transition.kind !== 'changed') return { kind: 'unchanged', object: merchant }
    return changeOf(merchant, `merchant.${request.action}`, { status: transition.to })
  })
}

/** What makes another of a locked merchant. */
function changeOf(
  merchant: StoredMerchant,
  action: string,
  to: Partial<Pick<StoredMerchant, 'name' | 'status'>> & { readonly limits?: StoredMerchantLimits },
): Plan<StoredMerchant> {
  return {
    kind: 'change',
    action,
    keyId: null,
    merchantId: merchant.id,
    before: merchant,
    async write(tx, revision) {
      const changed = { ...merchant, ...to, revision }
      await tx.query('UPDATE merchant SET name = $2, status = $3, revision = $4 WHERE id = $1', [
        ...[changed.id, changed.name, changed.status, changed.revision],
      ])
      if (to.limits !== undefined) await writeMerchantLimits(tx, changed.id, to.limits)
      return changed
    },
    snapshot,
  }
}

/** Locks a merchant until the transaction ends and reads it. Throws NOT_FOUND. */
async function lockMerchant(tx: Queryable, id: string, scope: Scope): Promise<StoredMerchant> {
  refuseViewer(scope, id)
  if (!seesMerchant(scope, id)) throw new DenialError(deny('NOT_FOUND', 'unknown_merchant'))
  await tx.query('SELECT FROM merchant WHERE id = $1 FOR NO KEY UPDATE', [id])
  // Another statement: what hangs on the row must be read behind the wait for its lock.
  const merchant = await getMerchant(tx, id, scope)
  if (!merchant) throw new DenialError(deny('NOT_FOUND', 'unknown_merchant'))
  return merchant
}

function snapshot({ name, status, limits }: StoredMerchant): object {
  const { plan, rates, inFlight, quotas } = limits ?? noMerchantLimits
  return {
    name,
    status,
    ...(plan !== null && { plan }),
    ...(Object.keys(rates).length > 0 && { rate_limits: rates }),
    ...(inFlight !== null && { in_flight: inFlight }),
    ...(Object.keys(quotas).length > 0 && { quotas }),
  }
}
