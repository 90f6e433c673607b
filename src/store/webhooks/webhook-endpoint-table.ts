// Where webhooks go to. Of the secrets only what is sealed is known here.

import { deny, DenialError } from '../../errors/denial.ts'
import type { Reason } from '../../errors/reasons.ts'
import { type Who, writeAudit } from '../audit/audit-table.ts'
import {
  type ChangeOrigin,
  type Committed,
  commitOnce,
  commitTraced,
  transactionOf,
} from '../commit-table.ts'
import { type Page, type PageRequest, pageOf } from '../page.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { refuseViewer, type Scope, seesApi, seesMerchant } from '../scope.ts'
import { milliseconds } from '../session.ts'
import { lockWebhookHead } from './webhook-event-table.ts'

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

export interface NewWebhookSecret extends Pick<StoredWebhookSecret, 'id' | 'sealed' | 'last4'> {}

export interface NewEndpoint
  extends Pick<StoredEndpoint, 'id' | 'merchantId' | 'api' | 'name' | 'url' | 'events'> {
  readonly secret: NewWebhookSecret
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

/** For one merchant, or for those of no merchant. */
export const mostEndpoints = 20

/** Is told of what happens from now on. Throws VALIDATION_FAILED; as `commitOnce`. */
export async function createEndpoint(
  db: Postgres,
  origin: ChangeOrigin,
  endpoint: NewEndpoint,
): Promise<Committed<StoredEndpoint>> {
  return commitOnce(db, origin, async (tx) => {
    const { id, merchantId, api, name, url, events } = endpoint
    await refuseForeign(tx, origin.scope, { merchantId, api })
    const { seq } = await lockWebhookHead(tx)
    const [count] = await tx.query<{ count: number }>(
      'SELECT count(*) AS count FROM webhook_endpoint WHERE deleted_at IS NULL AND merchant_id IS NOT DISTINCT FROM $1',
      [merchantId],
    )
    if ((count?.count ?? 0) >= mostEndpoints)
      throw invalid('', 'invalid_field', `there are ${mostEndpoints} already: delete one first`)
    await tx.query(
      `INSERT INTO webhook_endpoint (id, merchant_id, api, name, url, events, status, created_at, created_by, cursor_seq, first_revision)
       SELECT $1, $2, $3, $4, $5, $6::text[], 'enabled', $7::timestamptz, $8, $9::bigint, revision FROM head`,
      [id, merchantId, api, name, url, events, new Date(origin.nowMs), origin.actor, seq],
    )
    await insertSecret(tx, id, { ...endpoint.secret, nowMs: origin.nowMs })
    const created = await mustGetEndpoint(tx, id, origin)
    await writeEndpointAudit(tx, origin, { action: 'webhook.create', before: null, after: created })
    return created
  })
}

async function refuseForeign(
  tx: Queryable,
  scope: Scope,
  { merchantId, api }: Pick<NewEndpoint, 'merchantId' | 'api'>,
): Promise<void> {
  refuseViewer(scope, merchantId ?? undefined)
  const isSeen = merchantId === null ? scope.merchantIds === null : seesMerchant(scope, merchantId)
  const merchants =
    merchantId === null || !isSeen
      ? []
      : await tx.query('SELECT FROM merchant WHERE id = $1 FOR KEY SHARE', [merchantId])
  if (!isSeen || (merchantId !== null && merchants.length === 0))
    throw invalid('/merchant_id', 'unknown_merchant', 'no such merchant')
  if (api === null ? scope.apis !== null : !seesApi(scope, api))
    throw invalid('/api', 'invalid_field', 'no such API')
}

function invalid(path: string, reason: Reason<'VALIDATION_FAILED'>, message: string): DenialError {
  return new DenialError(deny('VALIDATION_FAILED', reason, { details: [{ path, message }] }))
}

export interface EndpointPatch {
  readonly url?: string | undefined
  readonly name?: string | null | undefined
  readonly events?: readonly string[] | undefined
  readonly status?: EndpointStatus | undefined
}

/** What is not named stays. Enabled again, it goes on where it stood. Throws NOT_FOUND; as `commitTraced`. */
export async function patchEndpoint(
  db: Postgres,
  origin: ChangeOrigin,
  { id, patch }: { readonly id: string; readonly patch: EndpointPatch },
): Promise<StoredEndpoint> {
  return changed(db, origin, { id, action: 'webhook.update' }, async (tx, before) => {
    const { url = before.url, name = before.name, events = before.events, status = before.status } = patch
    const isSame = url === before.url && name === before.name && events.join() === before.events.join()
    if (isSame && status === before.status) return false
    await tx.query(
      `UPDATE webhook_endpoint SET url = $2, name = $3, events = $4, status = $5,
         disabled_reason = CASE WHEN $5 = 'enabled' THEN NULL ELSE coalesce(disabled_reason, 'by_hand') END,
         failures = 0, failing_since = NULL, next_attempt_at = NULL
       WHERE id = $1`,
      [id, url, name, events, status],
    )
    return true
  })
}

/**
 * Ends an endpoint of which the sender has found that it takes nothing; whether it did: not where it is disabled already, nor where it is another
 * than the one that was tried, as somebody has mended it meanwhile.
 */
export async function disableEndpoint(
  db: Postgres,
  origin: ChangeOrigin,
  tried: Pick<StoredEndpoint, 'id' | 'url' | 'failingSinceMs'> & { readonly reason: DisabledReason },
): Promise<boolean> {
  const { id, url, failingSinceMs, reason } = tried
  let isDisabled = false
  await changed(db, origin, { id, action: 'webhook.disable' }, async (tx, before) => {
    const isMended =
      before.url !== url || (failingSinceMs !== null && before.failingSinceMs !== failingSinceMs)
    if (before.status === 'disabled' || isMended) return false
    await tx.query(
      `UPDATE webhook_endpoint SET status = 'disabled', disabled_reason = $2, next_attempt_at = NULL WHERE id = $1`,
      [id, reason],
    )
    isDisabled = true
    return true
  })
  return isDisabled
}

/** Throws NOT_FOUND; as `commitTraced`. Returns it as it was. */
export async function deleteEndpoint(
  db: Postgres,
  origin: ChangeOrigin,
  id: string,
): Promise<StoredEndpoint> {
  return commitTraced(db, async (tx, trace) => {
    const before = await lockEndpoint(tx, id, origin)
    await tx.query('UPDATE webhook_endpoint SET deleted_at = $2 WHERE id = $1', [id, new Date(origin.nowMs)])
    // Nobody signs with them any more.
    await tx.query('DELETE FROM webhook_secret WHERE endpoint_id = $1', [id])
    await writeEndpointAudit(tx, origin, { action: 'webhook.delete', before, after: null })
    return trace(await transactionOf(tx), before)
  })
}

/** A second secret beside the one until `graceSeconds` are over; older ones end at once. Throws NOT_FOUND; as `commitTraced`. */
export async function rotateWebhookSecret(
  db: Postgres,
  origin: ChangeOrigin,
  asked: { readonly id: string; readonly secret: NewWebhookSecret; readonly graceSeconds: number },
): Promise<StoredEndpoint> {
  const { id, secret, graceSeconds } = asked
  return changed(db, origin, { id, action: 'webhook.rotate_secret' }, async (tx) => {
    await tx.query('DELETE FROM webhook_secret WHERE endpoint_id = $1 AND expires_at IS NOT NULL', [id])
    if (graceSeconds === 0) await tx.query('DELETE FROM webhook_secret WHERE endpoint_id = $1', [id])
    else
      await tx.query('UPDATE webhook_secret SET expires_at = $2 WHERE endpoint_id = $1', [
        id,
        new Date(origin.nowMs + graceSeconds * 1000),
      ])
    await insertSecret(tx, id, { ...secret, nowMs: origin.nowMs })
    return true
  })
}

async function insertSecret(
  tx: Queryable,
  endpointId: string,
  { id, sealed, last4, nowMs }: NewWebhookSecret & { readonly nowMs: number },
): Promise<void> {
  await tx.query(
    'INSERT INTO webhook_secret (id, endpoint_id, sealed, last4, created_at) VALUES ($1, $2, $3, $4, $5)',
    [id, endpointId, sealed, last4, new Date(nowMs)],
  )
}

async function lockEndpoint(tx: Queryable, id: string, view: EndpointView): Promise<StoredEndpoint> {
  await tx.query('SELECT FROM webhook_endpoint WHERE id = $1 FOR NO KEY UPDATE', [id])
  return mustGetEndpoint(tx, id, view)
}

async function changed(
  db: Postgres,
  origin: ChangeOrigin,
  { id, action }: { readonly id: string; readonly action: string },
  write: (tx: Queryable, before: StoredEndpoint) => Promise<boolean>,
): Promise<StoredEndpoint> {
  return commitTraced(db, async (tx, trace) => {
    const before = await lockEndpoint(tx, id, origin)
    if (!(await write(tx, before))) return before
    const after = await mustGetEndpoint(tx, id, origin)
    await writeEndpointAudit(tx, origin, { action, before, after })
    return trace(await transactionOf(tx), after)
  })
}

interface EndpointChange {
  readonly action: string
  readonly before: StoredEndpoint | null
  readonly after: StoredEndpoint | null
}

async function writeEndpointAudit(
  tx: Queryable,
  origin: ChangeOrigin,
  change: EndpointChange,
): Promise<void> {
  const { action, before, after } = change
  const { actor, tokenId = null, client = null, requestId, reason } = origin
  const who: Who = { actor, tokenId, client, requestId, reason }
  await writeAudit(tx, {
    ...{ ...who, action, target: (after ?? before)?.id ?? '' },
    ...{ before: before && snapshot(before), after: after && snapshot(after) },
    ...{ atMs: origin.nowMs, revision: null },
  })
}

function snapshot(endpoint: StoredEndpoint): object {
  const { merchantId, api, name, url, events, status, disabledReason, secrets } = endpoint
  return {
    ...{ merchant_id: merchantId, api, name, url, events, status, disabled_reason: disabledReason },
    secrets: secrets.map(({ id, last4, expiresAtMs }) => ({
      ...{ id, last4, expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString() },
    })),
  }
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
