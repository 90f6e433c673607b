// Brakes that are pulled: what was done to a key that did far more than it usually does, and undone by one call.

import type { BrakeAction } from '../../config/brake-schema.ts'
import type { Brake } from '../../config/brakes.ts'
import { matchesAny } from '../../config/request/addresses.ts'
import type { Burst } from '../activity/burst-table.ts'
import { type AuditEntry, entryOf, writeEntry } from '../audit/audit-table.ts'
import { type ChangeOrigin, type Committed, commitChange, type Plan } from '../commit-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { addressesOfKey, mostAddresses } from './key-address-table.ts'
import { changeOf } from './key-change-table.ts'
import { keySnapshot, lockKey, mustGetKey, type StoredKey } from './key-table.ts'
import { noKeyLimits, writeKeyLimits } from './limit-table.ts'

/** What is to be done, and to what it is restricted. */
interface Pull {
  readonly action: BrakeAction
  /** Of require_ip. */
  readonly ips: readonly string[] | null
  /** Why it is not what the file says; null: it is. */
  readonly instead: 'new_key' | 'no_addresses' | 'many_addresses' | null
}

export interface Pulled {
  readonly key: StoredKey
  readonly action: BrakeAction
  readonly instead: Pull['instead']
}

/** A brake that only tells does not tell again for so long. */
const toldMs = 24 * 60 * 60_000

/**
 * Pulls a brake: entries of the audit tell of it, the first one that it was pulled. `beside` is done in the same transaction. Where somebody
 * has done it, or ended the key, meanwhile, nothing is. Throws as `commitChange` does.
 */
export async function pullBrake(
  db: Postgres,
  origin: ChangeOrigin,
  asked: {
    readonly brake: Brake
    readonly burst: Burst
    readonly beside: (tx: Queryable, pulled: Pulled) => Promise<void>
  },
): Promise<Committed<StoredKey>> {
  const { brake, burst } = asked
  return commitChange<StoredKey>(db, origin, async (tx) => {
    const key = await lockKey(tx, burst.keyId, origin)
    const pull = await pullOf(tx, key, { brake, burst, nowMs: origin.nowMs })
    const isNew = key.status === 'active' && (await keepPull(tx, key, { brake, pull, nowMs: origin.nowMs }))
    if (!isNew) return { kind: 'unchanged', object: key }
    await asked.beside(tx, { key, action: pull.action, instead: pull.instead })
    return planOf(key, { brake, burst, pull, origin })
  })
}

async function pullOf(
  tx: Queryable,
  key: StoredKey,
  { brake, burst, nowMs }: { readonly brake: Brake; readonly burst: Burst; readonly nowMs: number },
): Promise<Pull> {
  const only = (instead: Pull['instead']): Pull => ({ action: 'notify', ips: null, instead })
  if (brake.action === 'notify') return only(null)
  // Of its first days nobody knows what is usual.
  if (burst.isNew) return only('new_key')
  if (brake.action === 'disable') return { action: 'disable', ips: null, instead: null }
  const { allowedIps } = key.limits ?? noKeyLimits
  const used = await addressesOfKey(tx, key.id, nowMs)
  const ips = used.filter((block) => allowedIps.length === 0 || matchesAny(allowedIps, firstOf(block)))
  if (ips.length === 0) return only('no_addresses')
  if (ips.length > mostAddresses) return only('many_addresses')
  return { action: 'require_ip', ips, instead: null }
}

/** An address of a block. */
function firstOf(block: string): string {
  return block.split('/', 1)[0] ?? block
}

interface Keeping {
  readonly brake: Brake
  readonly pull: Pull
  readonly nowMs: number
}

/** Whether it was not pulled before, or is released since. */
async function keepPull(tx: Queryable, key: StoredKey, { brake, pull, nowMs }: Keeping): Promise<boolean> {
  const releasedAt = pull.action === 'notify' ? new Date(nowMs + toldMs) : null
  const before = pull.action === 'require_ip' ? (key.limits ?? noKeyLimits).allowedIps : null
  const rows = await tx.query(
    `INSERT INTO key_brake AS b (key_id, brake, action, pulled_at, released_at, ips_before, ips)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (key_id, brake) DO UPDATE SET action = excluded.action, pulled_at = excluded.pulled_at,
       released_at = excluded.released_at, ips_before = excluded.ips_before, ips = excluded.ips
       WHERE b.released_at <= excluded.pulled_at
     RETURNING key_id`,
    [key.id, brake.name, pull.action, new Date(nowMs), releasedAt, before, pull.ips],
  )
  return rows.length > 0
}

interface Pulling {
  readonly brake: Brake
  readonly burst: Burst
  readonly pull: Pull
  readonly origin: ChangeOrigin
}

/** The report first, then what it has led to: two entries of one revision. */
function planOf(key: StoredKey, pulling: Pulling): Plan<StoredKey> {
  const { pull, origin } = pulling
  const limits = key.limits ?? noKeyLimits
  const entry = brakeEntry(key, pulling)
  if (pull.action === 'notify') {
    return {
      ...{ kind: 'change', action: entry.action, keyId: key.id, merchantId: key.merchantId, before: null },
      async write(tx, revision) {
        await tx.query('UPDATE api_key SET revision = $2 WHERE id = $1', [key.id, revision])
        return mustGetKey(tx, key.id, origin)
      },
      snapshot: () => entry.after ?? {},
    }
  }
  const action = pull.action === 'disable' ? 'key.disable' : 'key.update'
  return changeOf(key, action, async (tx, revision) => {
    await writeEntry(tx, { ...entry, revision })
    const status = pull.action === 'disable' ? 'disabled' : key.status
    await tx.query('UPDATE api_key SET status = $2, revision = $3 WHERE id = $1', [key.id, status, revision])
    if (pull.ips !== null) await writeKeyLimits(tx, key.id, { ...limits, allowedIps: pull.ips })
    return mustGetKey(tx, key.id, origin)
  })
}

function brakeEntry(key: StoredKey, { brake, burst, pull, origin }: Pulling): AuditEntry {
  return entryOf(origin, {
    ...{ action: 'key.braked', target: key.id, before: null },
    after: {
      ...keySnapshot(key),
      brake: {
        ...{ name: brake.name, permission: brake.permission, action: pull.action },
        ...(pull.instead !== null && { instead_of: brake.action, because: pull.instead }),
        ...{ requests: burst.count, usual: burst.usual },
      },
    },
  })
}

interface HeldRow {
  readonly brake: string
  readonly action: BrakeAction
  readonly before: readonly string[] | null
  readonly ips: readonly string[] | null
}

/**
 * Undoes what brakes have done to a key, but for what somebody has changed since. A repeat changes nothing. Throws NOT_FOUND, and as
 * `commitChange` does.
 */
export async function releaseBrakes(
  db: Postgres,
  origin: ChangeOrigin,
  id: string,
): Promise<Committed<StoredKey>> {
  return commitChange<StoredKey>(db, origin, async (tx) => {
    const key = await lockKey(tx, id, origin)
    const held = await tx.query<HeldRow>(
      `UPDATE key_brake SET released_at = $2 WHERE key_id = $1 AND released_at IS NULL
       RETURNING brake, action, ips_before AS before, ips`,
      [id, new Date(origin.nowMs)],
    )
    const undone = undoneOf(key, held)
    if (undone === undefined) return { kind: 'unchanged', object: key }
    const { status, allowedIps } = undone
    return changeOf(key, status === key.status ? 'key.update' : 'key.enable', async (tx, revision) => {
      await tx.query('UPDATE api_key SET status = $2, revision = $3 WHERE id = $1', [id, status, revision])
      await writeKeyLimits(tx, id, { ...(key.limits ?? noKeyLimits), allowedIps })
      return mustGetKey(tx, id, origin)
    })
  })
}

/** What the key is to be; undefined: as it is. */
function undoneOf(
  key: StoredKey,
  held: readonly HeldRow[],
): { readonly status: StoredKey['status']; readonly allowedIps: readonly string[] } | undefined {
  const now = (key.limits ?? noKeyLimits).allowedIps
  let allowedIps = now
  // The last one that was pulled was pulled over the others.
  for (let left = held.length; left > 0; left--) {
    const row = held.find(({ action, ips }) => action === 'require_ip' && isSame(ips, allowedIps))
    if (row === undefined || isSame(row.before, allowedIps)) break
    allowedIps = row.before ?? []
  }
  const wasDisabled = held.some(({ action }) => action === 'disable') && key.status === 'disabled'
  if (!wasDisabled && isSame(allowedIps, now)) return undefined
  return { status: wasDisabled ? 'active' : key.status, allowedIps }
}

function isSame(a: readonly string[] | null, b: readonly string[]): boolean {
  return a !== null && a.length === b.length && a.every((block, index) => block === b[index])
}

/**
 * Brakes whose work somebody has undone without a word to them: the key was enabled, or may be used from elsewhere. From now on they are
 * released. Returns how many keys are held by the others.
 */
export async function settleBrakes(db: Queryable, nowMs: number): Promise<number> {
  await db.query(
    `UPDATE key_brake b SET released_at = $1 FROM api_key k LEFT JOIN key_limit l ON l.key_id = k.id
     WHERE k.id = b.key_id AND b.released_at IS NULL AND (
       b.action = 'disable' AND k.status <> 'disabled'
       OR b.action = 'require_ip' AND coalesce(l.allowed_ips, '{}') <> coalesce(b.ips, '{}') AND NOT EXISTS (
         SELECT FROM key_brake o WHERE o.key_id = b.key_id AND o.released_at IS NULL AND o.ips_before = b.ips))`,
    [new Date(nowMs)],
  )
  const [row] = await db.query<{ held: number }>(
    'SELECT count(DISTINCT key_id) AS held FROM key_brake WHERE released_at IS NULL',
  )
  return row?.held ?? 0
}

/** Forgets brakes that were released so long ago, `most` at most; returns how many. */
export async function pruneBrakes(db: Queryable, olderThanMs: number, most: number): Promise<number> {
  const [row] = await db.query<{ removed: number }>(
    `WITH gone AS (DELETE FROM key_brake WHERE ctid IN (
       SELECT ctid FROM key_brake WHERE released_at < now() - $1 * interval '1 millisecond' LIMIT $2)
       RETURNING 1) SELECT count(*) AS removed FROM gone`,
    [olderThanMs, most],
  )
  return row?.removed ?? 0
}
