// Making a key, changing what it says, and its way through its states.

import { isDeepStrictEqual } from 'node:util'
import { type KeyAction, keyTransition } from '../../credentials/lifecycle.ts'
import { deny, DenialError } from '../../errors/denial.ts'
import { type ChangeOrigin, type Committed, commitChange, type Plan } from '../commit-table.ts'
import { insertAbout, isSameAbout, updateAbout } from './key-about-table.ts'
import { type KeyMetadata, keySnapshot, lockKey, mustGetKey, type StoredKey } from './key-table.ts'
import { noKeyLimits, type StoredKeyLimits, writeKeyLimits } from './limit-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { everything, refuseViewer, seesApi, seesMerchant } from '../scope.ts'

export interface NewSecret {
  readonly id: string
  /** Lower-case hex SHA-256 of the whole secret. */
  readonly digest: string
  readonly last4: string
}

export interface NewKey
  extends Pick<
    StoredKey,
    'id' | 'merchantId' | 'api' | 'environment' | 'name' | 'prefix' | 'permissions' | 'expiresAtMs'
  > {
  readonly secret: NewSecret
  /** Absent: no pairs. */
  readonly metadata?: KeyMetadata | undefined
  /** Absent: nobody. */
  readonly owner?: string | null | undefined
}

/** And what is said of it beside what the file says of all. */
export interface NewLimitedKey extends NewKey {
  readonly limits?: Partial<StoredKeyLimits> | undefined
}

/** What is not named stays as it is. */
export interface KeyPatch {
  readonly name?: string | undefined
  readonly permissions?: readonly string[] | undefined
  readonly expiresAtMs?: number | null | undefined
  readonly limits?: Partial<StoredKeyLimits> | undefined
  /** All pairs, in place of those before. */
  readonly metadata?: KeyMetadata | undefined
  readonly owner?: string | null | undefined
}

/** Makes an active key. Throws VALIDATION_FAILED where there is no such merchant. */
export async function createKey(
  db: Postgres,
  origin: ChangeOrigin,
  key: NewLimitedKey,
): Promise<Committed<StoredKey>> {
  return commitChange<StoredKey>(db, origin, async (tx) => {
    refuseViewer(origin.scope, key.merchantId)
    if (!seesApi(origin.scope, key.api)) throw new DenialError(deny('NOT_FOUND', 'unknown_key'))
    const merchants = seesMerchant(origin.scope, key.merchantId)
      ? await tx.query('SELECT FROM merchant WHERE id = $1 FOR KEY SHARE', [key.merchantId])
      : []
    if (merchants.length === 0) {
      const details = [{ path: '/merchant_id', message: 'no such merchant' }]
      throw new DenialError(deny('VALIDATION_FAILED', 'unknown_merchant', { details }))
    }
    return {
      kind: 'change',
      action: 'key.create',
      keyId: key.id,
      merchantId: key.merchantId,
      before: null,
      write: (tx, revision) => insertKey(tx, { ...key, revision, origin }),
      snapshot: keySnapshot,
    }
  })
}

/**
 * Changes name, permissions, expiry, limits, and what is said of the key. Throws NOT_FOUND, KEY_REVOKED, and REVISION_CONFLICT where `ifRevision`
 * (null: any) is not the key's.
 */
export async function patchKey(
  db: Postgres,
  origin: ChangeOrigin,
  request: { readonly id: string; readonly patch: KeyPatch; readonly ifRevision: number | null },
): Promise<Committed<StoredKey>> {
  return commitChange(db, origin, async (tx) => {
    const key = await lockKey(tx, request.id, origin)
    if (request.ifRevision !== null && request.ifRevision !== key.revision) {
      throw new DenialError(deny('REVISION_CONFLICT', 'if_match'))
    }
    refuseRevoked(key)
    const { name = key.name, permissions = key.permissions, expiresAtMs = key.expiresAtMs } = request.patch
    const { metadata = key.metadata, owner = key.owner } = request.patch
    const about = { metadata, owner }
    const isSameKey =
      name === key.name && expiresAtMs === key.expiresAtMs && isSame(permissions, key.permissions)
    const before = key.limits ?? noKeyLimits
    const limits = { ...before, ...request.patch.limits }
    const areSame = isDeepStrictEqual(limits, before)
    if (isSameKey && areSame && isSameAbout(about, key)) return { kind: 'unchanged', object: key }
    return changeOf(key, 'key.update', async (tx, revision) => {
      await tx.query(
        'UPDATE api_key SET name = $2, permissions = $3, expires_at = $4, revision = $5 WHERE id = $1',
        [key.id, name, permissions, expiresAtMs === null ? null : new Date(expiresAtMs), revision],
      )
      if (!areSame) await writeKeyLimits(tx, key.id, limits)
      if (!isSameAbout(about, key)) await updateAbout(tx, key.id, about)
      return mustGetKey(tx, key.id, origin)
    })
  })
}

/** disable, enable, revoke; a repeat changes nothing. Throws NOT_FOUND and KEY_REVOKED. */
export async function transitionKey(
  db: Postgres,
  origin: ChangeOrigin,
  request: { readonly id: string; readonly action: KeyAction },
): Promise<Committed<StoredKey>> {
  return commitChange(db, origin, async (tx) => {
    const key = await lockKey(tx, request.id, origin)
    const transition = keyTransition(key.status, request.action)
    if (transition.kind === 'refused') throw new DenialError(deny('KEY_REVOKED', 'revoked'))
    if (transition.kind === 'unchanged') return { kind: 'unchanged', object: key }
    return changeOf(key, `key.${request.action}`, async (tx, revision) => {
      await tx.query('UPDATE api_key SET status = $2, revision = $3 WHERE id = $1', [
        key.id,
        transition.to,
        revision,
      ])
      return mustGetKey(tx, key.id, origin)
    })
  })
}

/** Throws KEY_REVOKED for a revoked key: revoke is final. */
export function refuseRevoked(key: StoredKey): void {
  if (key.status === 'revoked') throw new DenialError(deny('KEY_REVOKED', 'revoked'))
}

/** The plan of a change to an existing key. */
export function changeOf(
  key: StoredKey,
  action: string,
  write: (tx: Queryable, revision: number) => Promise<StoredKey>,
): Plan<StoredKey> {
  return {
    kind: 'change',
    action,
    keyId: key.id,
    merchantId: key.merchantId,
    before: key,
    write,
    snapshot: keySnapshot,
  }
}

/** Writes a key's new current secret. */
export async function insertSecret(
  tx: Queryable,
  keyId: string,
  secret: NewSecret & { readonly createdAtMs: number },
): Promise<void> {
  await tx.query(
    'INSERT INTO key_secret (id, key_id, digest, last4, created_at) VALUES ($1, $2, $3, $4, $5)',
    [secret.id, keyId, Buffer.from(secret.digest, 'hex'), secret.last4, new Date(secret.createdAtMs)],
  )
}

async function insertKey(
  tx: Queryable,
  key: NewLimitedKey & { readonly revision: number; readonly origin: ChangeOrigin },
): Promise<StoredKey> {
  const { nowMs, actor } = key.origin
  await tx.query(
    `INSERT INTO api_key (id, merchant_id, api, environment, name, status, prefix, permissions, created_at,
       expires_at, revision)
     VALUES ($1, $2, $3, $4, $5, 'active', $6, $7, $8, $9, $10)`,
    [
      key.id,
      key.merchantId,
      key.api,
      key.environment,
      key.name,
      key.prefix,
      key.permissions,
      new Date(nowMs),
      key.expiresAtMs === null ? null : new Date(key.expiresAtMs),
      key.revision,
    ],
  )
  await insertSecret(tx, key.id, { ...key.secret, createdAtMs: nowMs })
  await insertAbout(tx, key.id, {
    metadata: key.metadata ?? {},
    owner: key.owner ?? null,
    createdBy: actor,
  })
  if (key.limits !== undefined) await writeKeyLimits(tx, key.id, { ...noKeyLimits, ...key.limits })
  return mustGetKey(tx, key.id, { nowMs, scope: everything })
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index])
}
