// Rotation (contract 4): a second secret at once, the old one until its grace ends; two live secrets at most.

import { deny, DenialError } from '../../errors/denial.ts'
import { type ChangeOrigin, type Committed, commitChange } from '../commit-table.ts'
import { changeOf, insertSecret, type NewSecret, refuseRevoked } from './key-change-table.ts'
import { lockKey, mustGetKey, type StoredKey } from './key-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'

export interface Rotation {
  readonly id: string
  readonly secret: NewSecret
  /** Of the new secret. */
  readonly prefix: string
  /** How long the old secret still works; 0: not at all, nor does one that is in its grace. */
  readonly graceSeconds: number
}

/**
 * Gives a key a new current secret. Throws NOT_FOUND, KEY_REVOKED, and ROTATION_IN_PROGRESS during a grace, unless
 * the new grace is 0: that ends every older secret, so that there are never more than two.
 */
export async function rotateKey(
  db: Postgres,
  origin: ChangeOrigin,
  rotation: Rotation,
): Promise<Committed<StoredKey>> {
  const { nowMs } = origin
  return commitChange(db, origin, async (tx) => {
    const key = await lockKey(tx, rotation.id, origin)
    refuseRevoked(key)
    if (rotation.graceSeconds > 0 && key.secrets.length > 1) {
      throw new DenialError(deny('ROTATION_IN_PROGRESS', 'grace_running'))
    }
    return changeOf(key, 'key.rotate', async (tx, revision) => {
      if (rotation.graceSeconds === 0) await endSecrets(tx, key.id, { nowMs, isCurrentSpared: false })
      else await startGrace(tx, key.id, nowMs + rotation.graceSeconds * 1000)
      await insertSecret(tx, key.id, { ...rotation.secret, createdAtMs: nowMs })
      await tx.query('UPDATE api_key SET prefix = $2, revision = $3 WHERE id = $1', [
        key.id,
        rotation.prefix,
        revision,
      ])
      return mustGetKey(tx, key.id, origin)
    })
  })
}

/** Ends a running grace; without one nothing changes. Throws NOT_FOUND and KEY_REVOKED. */
export async function endRotation(
  db: Postgres,
  origin: ChangeOrigin,
  id: string,
): Promise<Committed<StoredKey>> {
  const { nowMs } = origin
  return commitChange(db, origin, async (tx) => {
    const key = await lockKey(tx, id, origin)
    refuseRevoked(key)
    if (key.secrets.length < 2) return { kind: 'unchanged', object: key }
    return changeOf(key, 'key.rotation_end', async (tx, revision) => {
      await endSecrets(tx, id, { nowMs, isCurrentSpared: true })
      await tx.query('UPDATE api_key SET revision = $2 WHERE id = $1', [id, revision])
      return mustGetKey(tx, id, origin)
    })
  })
}

export interface Grace {
  readonly id: string
  /** When the older secret ends, in place of the time that was said before. */
  readonly untilMs: number
}

/** Moves the end of a running grace. Throws KEY_REVOKED, and NOT_FOUND also where no grace runs: nothing comes back to life. */
export async function moveGrace(
  db: Postgres,
  origin: ChangeOrigin,
  { id, untilMs }: Grace,
): Promise<Committed<StoredKey>> {
  return commitChange(db, origin, async (tx) => {
    const key = await lockKey(tx, id, origin)
    refuseRevoked(key)
    if (key.secrets.length < 2) throw new DenialError(deny('NOT_FOUND', 'no_grace'))
    return changeOf(key, 'key.rotation_grace', async (tx, revision) => {
      await tx.query(
        'UPDATE key_secret SET expires_at = $2 WHERE key_id = $1 AND expires_at > $3 AND NOT is_ended',
        [id, new Date(untilMs), new Date(origin.nowMs)],
      )
      await tx.query('UPDATE api_key SET revision = $2 WHERE id = $1', [id, revision])
      return mustGetKey(tx, id, origin)
    })
  })
}

async function startGrace(tx: Queryable, keyId: string, untilMs: number): Promise<void> {
  await tx.query('UPDATE key_secret SET expires_at = $2 WHERE key_id = $1 AND expires_at IS NULL', [
    keyId,
    new Date(untilMs),
  ])
}

/** Ends live secrets by hand: over on every instance, even on one whose clock is late. */
async function endSecrets(
  tx: Queryable,
  keyId: string,
  how: { readonly nowMs: number; readonly isCurrentSpared: boolean },
): Promise<void> {
  await tx.query(
    `UPDATE key_secret SET expires_at = $2, is_ended = true
     WHERE key_id = $1 AND (expires_at > $2 OR (expires_at IS NULL AND NOT $3))`,
    [keyId, new Date(how.nowMs), how.isCurrentSpared],
  )
}
