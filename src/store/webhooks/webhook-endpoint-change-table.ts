// How webhooks come to be, change and end: each with its line in the audit.

import { entryOf, writeAudit } from '../audit/audit-table.ts'
import { secretSnapshots } from '../audit/secret-snapshot.ts'
import {
  type ChangeOrigin,
  type Committed,
  commitOnce,
  commitTraced,
  transactionOf,
} from '../commit-table.ts'
import { invalidPart, mustReachPart } from '../part-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import {
  type DisabledReason,
  type EndpointStatus,
  type EndpointView,
  mustGetEndpoint,
  type StoredEndpoint,
  type StoredWebhookSecret,
} from './webhook-endpoint-table.ts'
import { lockWebhookHead } from './webhook-event-table.ts'

export interface NewWebhookSecret extends Pick<StoredWebhookSecret, 'id' | 'sealed' | 'last4'> {}

export interface NewEndpoint
  extends Pick<StoredEndpoint, 'id' | 'merchantId' | 'api' | 'name' | 'url' | 'events'> {
  readonly secret: NewWebhookSecret
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
    await mustReachPart(tx, origin.scope, endpoint)
    const { seq } = await lockWebhookHead(tx)
    const [count] = await tx.query<{ count: number }>(
      'SELECT count(*) AS count FROM webhook_endpoint WHERE deleted_at IS NULL AND merchant_id IS NOT DISTINCT FROM $1',
      [merchantId],
    )
    if ((count?.count ?? 0) >= mostEndpoints)
      throw invalidPart('', `there are ${mostEndpoints} already: delete one first`)
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
  const states = { before: before && snapshot(before), after: after && snapshot(after) }
  await writeAudit(tx, entryOf(origin, { action, target: (after ?? before)?.id ?? '', ...states }))
}

function snapshot(endpoint: StoredEndpoint): object {
  const { merchantId, api, name, url, events, status, disabledReason, secrets } = endpoint
  return {
    ...{ merchant_id: merchantId, api, name, url, events, status, disabled_reason: disabledReason },
    secrets: secretSnapshots(secrets),
  }
}
