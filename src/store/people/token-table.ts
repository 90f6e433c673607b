// Tokens of the admin API that it made itself: digests only. Whoever calls is looked up anew each time, so that a revoked
// token is one on every instance from the commit on.

import type { TokenRole } from '../../credentials/role.ts'
import { DenialError, deny } from '../../errors/denial.ts'
import { entryOf, writeAudit } from '../audit/audit-table.ts'
import {
  type ChangeOrigin,
  type Committed,
  commitOnce,
  commitTraced,
  transactionOf,
} from '../commit-table.ts'
import { type Page, type PageRequest, pageOf } from '../page.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'

/** Times in milliseconds since the epoch. */
export interface StoredToken {
  readonly id: string
  readonly name: string
  readonly role: TokenRole
  /** null: all of them. */
  readonly merchantId: string | null
  readonly api: string | null
  readonly last4: string
  readonly createdAtMs: number
  readonly createdBy: string
  /** Id of the token that made it; null: one of LATCHKEY_ADMIN_TOKEN. */
  readonly createdByToken: string | null
  readonly expiresAtMs: number | null
  readonly revokedAtMs: number | null
  readonly lastUsedAtMs: number | null
}

export interface NewToken
  extends Pick<StoredToken, 'id' | 'name' | 'role' | 'merchantId' | 'api' | 'last4' | 'expiresAtMs'> {
  /** Lower-case hex SHA-256 of the whole token. */
  readonly digest: string
}

const columns = `id, name, role, merchant_id AS "merchantId", api, last4, ${milliseconds('created_at')} AS "createdAtMs",
  created_by AS "createdBy", created_by_token AS "createdByToken", ${milliseconds('expires_at')} AS "expiresAtMs",
  ${milliseconds('revoked_at')} AS "revokedAtMs", ${milliseconds('last_used_at')} AS "lastUsedAtMs"`

/** The token of that digest, revoked and expired ones too. */
export async function findToken(db: Queryable, digest: string): Promise<StoredToken | undefined> {
  const rows = await db.query<StoredToken>(`SELECT ${columns} FROM admin_token WHERE digest = $1`, [
    Buffer.from(digest, 'hex'),
  ])
  return rows[0]
}

/** Those that are not revoked, newest first. The cursor is the id of the last one seen. */
export async function listTokens(db: Queryable, page: PageRequest<string>): Promise<Page<StoredToken>> {
  const rows = await db.query<StoredToken>(
    `SELECT ${columns} FROM admin_token WHERE revoked_at IS NULL AND ($1::text IS NULL OR id < $1)
     ORDER BY id DESC LIMIT $2`,
    [page.after, page.limit + 1],
  )
  return pageOf(rows, page.limit)
}

/** Throws VALIDATION_FAILED where there is no such merchant; as `commitOnce`. */
export async function createToken(
  db: Postgres,
  origin: ChangeOrigin,
  token: NewToken,
): Promise<Committed<StoredToken>> {
  return commitOnce(db, origin, async (tx) => {
    const { merchantId } = token
    if (merchantId !== null) {
      const merchants = await tx.query('SELECT FROM merchant WHERE id = $1 FOR KEY SHARE', [merchantId])
      if (merchants.length === 0) {
        const details = [{ path: '/merchant_id', message: 'no such merchant' }]
        throw new DenialError(deny('VALIDATION_FAILED', 'unknown_merchant', { details }))
      }
    }
    const rows = await tx.query<StoredToken>(
      `INSERT INTO admin_token (id, name, role, merchant_id, api, digest, last4, created_at, created_by, expires_at,
         created_by_token)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING ${columns}`,
      [
        ...[token.id, token.name, token.role, merchantId, token.api, Buffer.from(token.digest, 'hex')],
        ...[token.last4, new Date(origin.nowMs), origin.actor],
        ...[token.expiresAtMs === null ? null : new Date(token.expiresAtMs), origin.tokenId ?? null],
      ],
    )
    const created = mustHave(rows)
    await writeTokenAudit(tx, origin, { action: 'token.create', before: null, after: created })
    return created
  })
}

/** Ends a token; a repeat changes nothing. Throws NOT_FOUND; as `commitTraced`. */
export async function revokeToken(db: Postgres, origin: ChangeOrigin, id: string): Promise<StoredToken> {
  return commitTraced(db, async (tx, trace) => {
    const [before] = await tx.query<StoredToken>(
      `SELECT ${columns} FROM admin_token WHERE id = $1 FOR NO KEY UPDATE`,
      [id],
    )
    if (!before) throw new DenialError(deny('NOT_FOUND', 'unknown_token'))
    if (before.revokedAtMs !== null) return before
    const rows = await tx.query<StoredToken>(
      `UPDATE admin_token SET revoked_at = $2 WHERE id = $1 RETURNING ${columns}`,
      [id, new Date(origin.nowMs)],
    )
    const after = mustHave(rows)
    await writeTokenAudit(tx, origin, { action: 'token.revoke', before, after })
    return trace(await transactionOf(tx), after)
  })
}

/** Says when a token was last used, by the minute: what calls often is not written each time. */
export async function touchToken(db: Queryable, id: string, nowMs: number): Promise<void> {
  await db.query(
    `UPDATE admin_token SET last_used_at = $2
     WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2::timestamptz - interval '1 minute')`,
    [id, new Date(nowMs)],
  )
}

interface TokenChange {
  readonly action: 'token.create' | 'token.revoke'
  readonly before: StoredToken | null
  readonly after: StoredToken
}

/** No change of a key or merchant: it stands beside the last one. */
async function writeTokenAudit(tx: Queryable, origin: ChangeOrigin, change: TokenChange): Promise<void> {
  const { action, before, after } = change
  const states = { before: before && snapshot(before), after: snapshot(after) }
  await writeAudit(tx, entryOf(origin, { action, target: after.id, ...states }))
}

function snapshot(token: StoredToken): object {
  const { name, role, merchantId, api, expiresAtMs, revokedAtMs } = token
  return {
    ...{ name, role, merchant_id: merchantId, api },
    expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
    status: revokedAtMs === null ? 'active' : 'revoked',
  }
}

function mustHave(rows: readonly StoredToken[]): StoredToken {
  const [row] = rows
  if (!row) throw new Error('A token that was written is not there')
  return row
}
