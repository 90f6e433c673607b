// Rows that tests of the store begin with.

import { hash, randomBytes } from 'node:crypto'
import type { ChangeOrigin } from '../../src/store/commit-table.ts'
import { createKey, type NewKey } from '../../src/store/keys/key-change-table.ts'
import { createMerchant } from '../../src/store/keys/merchant-table.ts'
import type { Postgres } from '../../src/store/postgres.ts'
import { addRequests, type KeptRequest, prepareRequests } from '../../src/store/activity/request-table.ts'
import { everything } from '../../src/store/scope.ts'

export const nowMs = Date.UTC(2026, 0, 15, 12)

export function originAt(ms: number): ChangeOrigin {
  return { actor: 'ann', requestId: 'req_1', nowMs: ms, scope: everything }
}

/** All of the installation, at `nowMs`. */
export const view = { nowMs, scope: everything }

export const origin = originAt(nowMs)

let count = 0

/** Ids in the order in which they are made. */
export function newId(prefix: string): string {
  count += 1
  return `${prefix}_${String(count).padStart(12, '0')}`
}

export function secretOf(text: string) {
  return { id: newId('sec'), digest: hash('sha256', text, 'hex'), last4: text.slice(-4) }
}

export function keyOf(merchantId: string, secretText = randomBytes(8).toString('hex')): NewKey {
  return {
    id: newId('key'),
    merchantId,
    api: 'flintn',
    environment: 'live',
    name: 'Checkout',
    prefix: 'pk_live_',
    permissions: ['transaction.read'],
    expiresAtMs: null,
    secret: secretOf(secretText),
  }
}

export async function seedMerchant(db: Postgres): Promise<string> {
  const committed = await createMerchant(db, origin, { id: newId('mer'), name: 'Acme' })
  return committed.object.id
}

/** A refusal of a moment ago: by the database's clock, as what is older than 7 days is not shown. */
export function keptRequest(of: Partial<KeptRequest> = {}): KeptRequest {
  return {
    id: newId('req'),
    atMs: Date.now() - 1_000,
    method: 'GET',
    api: 'flintn',
    environment: 'live',
    route: 'GET /v1/transactions/{id}',
    merchantId: 'mer_000000000000',
    keyId: 'key_000000000000',
    decision: 'deny',
    code: 'INVALID_API_KEY',
    reason: 'revoked',
    required: [],
    cut: null,
    status: 401,
    upstreamStatus: null,
    totalMs: 1.5,
    gatewayMs: 1.25,
    upstreamMs: null,
    clientMs: 0.25,
    heldMs: 0,
    ...of,
  }
}

/** Keeps requests where no day is made yet. */
export async function seedRequests(
  db: Postgres,
  ...requests: readonly Partial<KeptRequest>[]
): Promise<void> {
  await prepareRequests(db)
  await addRequests(db, requests.map(keptRequest))
}

/** A merchant with one key; returns the key with its digest. */
export async function seedKey(db: Postgres): Promise<NewKey> {
  const key = keyOf(await seedMerchant(db))
  await createKey(db, origin, key)
  return key
}
