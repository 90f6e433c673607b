// Where webhooks go to. Of the secrets only what is sealed is known here.

import { DenialError, deny } from '../../errors/denial.ts'
import { type Page, type PageRequest, pageOf } from '../page.ts'
import type { Queryable } from '../postgres.ts'
import { refuseViewer, type Scope } from '../scope.ts'
import { milliseconds } from '../session.ts'

export const endpointStatuses = ['enabled', 'disabled'] as const
export type EndpointStatus = (typeof endpointStatuses)[number]
export type DisabledReason = 'by_hand' | 'failing' | 'gone'

export interface StoredWebhookSecret {
  readonly id: string
  readonly sealed: string
  readonly last4: string
  readonly createdAtMs: number
  /** End of its overlap; null: the current one. */
  readonly expiresAtMs: number | null
}

/** Times in milliseconds since the epoch. */
export interface StoredEndpoint {
  readonly id: string
  /** null: all of them. */
  readonly merchantId: string | null
  readonly api: string | null
  readonly name: string | null
  readonly url: string
  /** `['*']`: all types. */
  readonly events: readonly string[]
  readonly status: EndpointStatus
  readonly disabledReason: DisabledReason | null
  readonly createdAtMs: number
  readonly createdBy: string
  /** Tries in a row that failed, since when, and when the next one is due. */
  readonly failures: number
  readonly failingSinceMs: number | null
  readonly nextAttemptAtMs: number | null
  readonly lastDeliveredAtMs: number | null
  /** Those that sign, the current one first. */
  readonly secrets: readonly StoredWebhookSecret[]
}

/** `$1` is now, for the secrets. */
const selectEndpoints = (where: string) => `
  SELECT w.id, w.merchant_id AS "merchantId", w.api, w.name, w.url, w.events, w.status,
    w.disabled_reason AS "disabledReason", ${milliseconds('w.created_at')} AS "createdAtMs", w.created_by AS "createdBy",
    w.failures, ${milliseconds('w.failing_since')} AS "failingSinceMs",
    ${milliseconds('w.next_attempt_at')} AS "nextAttemptAtMs", ${milliseconds('w.last_delivered_at')} AS "lastDeliveredAtMs",
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'sealed', s.sealed, 'last4', s.last4,
       'createdAtMs', ${milliseconds('s.created_at')}, 'expiresAtMs', ${milliseconds('s.expires_at')})
       ORDER BY s.expires_at DESC NULLS FIRST), '[]')
     FROM webhook_secret s WHERE s.endpoint_id = w.id AND (s.expires_at IS NULL OR s.expires_at > $1)) AS secrets
  FROM webhook_endpoint w WHERE w.deleted_at IS NULL AND ${where}`

export interface EndpointView {
  readonly nowMs: number
  readonly scope: Scope
}

/** Whoever sees a part of the installation sees the endpoints of that part, and none that are told of more. */
function conditions({ merchantIds, apis }: Scope, put: (value: unknown) => string): readonly string[] {
  return [
    ...(merchantIds === null ? [] : [`w.merchant_id = ANY (${put(merchantIds)}::text[])`]),
    ...(apis === null ? [] : [`w.api = ANY (${put(apis)}::text[])`]),
  ]
}

/** Throws NOT_FOUND. */
export async function mustGetEndpoint(
  db: Queryable,
  id: string,
  view: EndpointView,
): Promise<StoredEndpoint> {
  const values: unknown[] = [new Date(view.nowMs), id]
  const scoped = conditions(view.scope, (value) => `$${values.push(value)}`)
  const rows = await db.query<StoredEndpoint>(selectEndpoints(['w.id = $2', ...scoped].join(' AND ')), values)
  if (rows[0]) return rows[0]
  await refuseViewerOf(db, id, view.scope)
  throw new DenialError(deny('NOT_FOUND', 'unknown_webhook'))
}

/** Throws FORBIDDEN where it is of a merchant in which the caller changes nothing. */
async function refuseViewerOf(db: Queryable, id: string, scope: Scope): Promise<void> {
  if (scope.viewedIds === undefined || scope.viewedIds.length === 0) return
  const [row] = await db.query<{ merchantId: string | null }>(
    'SELECT merchant_id AS "merchantId" FROM webhook_endpoint WHERE id = $1 AND deleted_at IS NULL',
    [id],
  )
  refuseViewer(scope, row?.merchantId ?? undefined)
}

/** Newest first. The cursor is the id of the last one seen. */
export async function listEndpoints(
  db: Queryable,
  asked: EndpointView & { readonly merchantId?: string | undefined },
  page: PageRequest<string>,
): Promise<Page<StoredEndpoint>> {
  const values: unknown[] = [new Date(asked.nowMs)]
  const put = (value: unknown) => `$${values.push(value)}`
  const where = [
    'true',
    ...conditions(asked.scope, put),
    ...(asked.merchantId === undefined ? [] : [`w.merchant_id = ${put(asked.merchantId)}`]),
    ...(page.after === null ? [] : [`w.id < ${put(page.after)}`]),
  ].join(' AND ')
  const limit = put(page.limit + 1)
  const rows = await db.query<StoredEndpoint>(
    `${selectEndpoints(where)} ORDER BY w.id DESC LIMIT ${limit}`,
    values,
  )
  return pageOf(rows, page.limit)
}

/**
 * Forgets endpoints that were deleted longer ago than `olderThanMs`, `most` at most; returns how many. What the audit says of them stays
 * there; their secrets went with their end.
 */
export async function pruneEndpoints(db: Queryable, olderThanMs: number, most = 5_000): Promise<number> {
  const rows = await db.query<{ removed: number }>(
    `WITH gone AS (DELETE FROM webhook_endpoint WHERE id IN (
       SELECT id FROM webhook_endpoint w WHERE deleted_at < now() - $1 * interval '1 millisecond'
         AND NOT EXISTS (SELECT FROM webhook_delivery d WHERE d.endpoint_id = w.id) LIMIT $2)
       RETURNING 1) SELECT count(*) AS removed FROM gone`,
    [olderThanMs, most],
  )
  return rows[0]?.removed ?? 0
}
