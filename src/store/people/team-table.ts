// Who belongs to a merchant, and who was invited to. Whoever calls sees the merchants of its scope, and no others.

import type { MemberRole } from '../../credentials/role.ts'
import { DenialError, deny } from '../../errors/denial.ts'
import { entryOf, writeAudit } from '../audit/audit-table.ts'
import { type ChangeOrigin, commitTraced, transactionOf } from '../commit-table.ts'
import { mustSeeMerchant } from '../keys/merchant-table.ts'
import { endTokensOf } from '../oauth/access-token-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import type { Scope } from '../scope.ts'
import { milliseconds } from '../session.ts'
import { endSessionsOf } from './person-table.ts'

/** Times in milliseconds since the epoch. */
export interface StoredMember {
  /** Of the person. */
  readonly id: string
  readonly email: string
  readonly role: MemberRole
  readonly status: 'active' | 'disabled'
  readonly createdAtMs: number
  readonly signedInAtMs: number | null
}

export interface StoredInvitation {
  readonly id: string
  readonly email: string
  readonly role: MemberRole
  readonly createdAtMs: number
  readonly createdBy: string
  readonly expiresAtMs: number
  /** What became of its mail; null: none was to be sent. */
  readonly mail: 'queued' | 'failing' | null
}

/** A merchant holds no more people than this, nor open invitations. */
export const mostOfTeam = 500

const memberColumns = `p.id, p.email, m.role, CASE WHEN p.disabled_at IS NULL THEN 'active' ELSE 'disabled' END AS status,
  ${milliseconds('m.created_at')} AS "createdAtMs", ${milliseconds('p.signed_in_at')} AS "signedInAtMs"`

const invitationColumns = `i.id, i.email, i.role, ${milliseconds('i.created_at')} AS "createdAtMs",
  i.created_by AS "createdBy", ${milliseconds('i.expires_at')} AS "expiresAtMs",
  (SELECT CASE WHEN l.failure IS NULL THEN 'queued' ELSE 'failing' END FROM mail l WHERE l.invitation_id = i.id
    ORDER BY l.id DESC LIMIT 1) AS mail`

/** By address. Throws NOT_FOUND. */
export async function listMembers(
  db: Queryable,
  merchantId: string,
  scope: Scope,
): Promise<readonly StoredMember[]> {
  await mustSeeMerchant(db, merchantId, scope)
  return db.query<StoredMember>(
    `SELECT ${memberColumns} FROM membership m JOIN person p ON p.id = m.person_id WHERE m.merchant_id = $1
     ORDER BY p.email`,
    [merchantId],
  )
}

/** Those that can still be accepted, by address. Throws NOT_FOUND. */
export async function listInvitations(
  db: Queryable,
  asked: { readonly merchantId: string; readonly nowMs: number },
  scope: Scope,
): Promise<readonly StoredInvitation[]> {
  await mustSeeMerchant(db, asked.merchantId, scope)
  return db.query<StoredInvitation>(
    `SELECT ${invitationColumns} FROM invitation i WHERE i.merchant_id = $1 AND i.expires_at > $2 ORDER BY i.email`,
    [asked.merchantId, new Date(asked.nowMs)],
  )
}

export interface NewInvitation {
  readonly id: string
  readonly merchantId: string
  readonly email: string
  readonly role: MemberRole
  readonly expiresAtMs: number
  /** Also done in the same transaction: its link, its mail. */
  readonly beside: (tx: Queryable, invitationId: string) => Promise<void>
}

/**
 * Invites an address, whether or not it has an account; an open invitation of the same address is replaced, and its links end.
 * Throws NOT_FOUND, TOO_MANY_ATTEMPTS; as `commitTraced`.
 */
export async function createInvitation(
  db: Postgres,
  origin: ChangeOrigin,
  asked: NewInvitation,
): Promise<StoredInvitation> {
  return commitTraced(db, async (tx, trace) => {
    const { merchantId, email, role } = asked
    await mustSeeMerchant(tx, merchantId, origin.scope)
    await lockTeam(tx, merchantId)
    await tx.query('DELETE FROM invitation WHERE merchant_id = $1 AND (email = $2 OR expires_at <= $3)', [
      ...[merchantId, email, new Date(origin.nowMs)],
    ])
    const [count] = await tx.query<{ all: number }>(
      `SELECT (SELECT count(*) FROM invitation WHERE merchant_id = $1)
         + (SELECT count(*) FROM membership WHERE merchant_id = $1) AS all`,
      [merchantId],
    )
    if ((count?.all ?? 0) >= mostOfTeam) throw new DenialError(deny('TOO_MANY_ATTEMPTS', 'pace_of_mails'))
    await tx.query(
      `INSERT INTO invitation (id, merchant_id, email, role, created_at, created_by, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [
        ...[asked.id, merchantId, email, role, new Date(origin.nowMs), origin.actor],
        new Date(asked.expiresAtMs),
      ],
    )
    await asked.beside(tx, asked.id)
    await writeTeamAudit(tx, origin, {
      action: 'member.invite',
      merchantId,
      before: null,
      after: { email, role },
    })
    const [made] = await tx.query<StoredInvitation>(
      `SELECT ${invitationColumns} FROM invitation i WHERE i.id = $1`,
      [asked.id],
    )
    if (made === undefined) throw new Error('An invitation that was written is not there')
    return trace(await transactionOf(tx), made)
  })
}

/** Throws NOT_FOUND; as `commitTraced`. */
export async function withdrawInvitation(
  db: Postgres,
  origin: ChangeOrigin,
  { id, merchantId }: { readonly id: string; readonly merchantId: string },
): Promise<StoredInvitation> {
  return commitTraced(db, async (tx, trace) => {
    await mustSeeMerchant(tx, merchantId, origin.scope)
    const [found] = await tx.query<StoredInvitation>(
      `SELECT ${invitationColumns} FROM invitation i WHERE i.id = $1 AND i.merchant_id = $2 FOR UPDATE`,
      [id, merchantId],
    )
    if (found === undefined) throw new DenialError(deny('NOT_FOUND', 'unknown_invitation'))
    await tx.query('DELETE FROM invitation WHERE id = $1', [id])
    const { email, role } = found
    const change = { action: 'member.uninvite', merchantId, before: { email, role }, after: null }
    await writeTeamAudit(tx, origin, change)
    return trace(await transactionOf(tx), found)
  })
}

/** One after another: there is one invitation of an address, a bound to all, and none is made while its maker goes. */
async function lockTeam(tx: Queryable, merchantId: string): Promise<void> {
  await tx.query('SELECT FROM merchant WHERE id = $1 FOR NO KEY UPDATE', [merchantId])
}

export interface MemberChange {
  readonly personId: string
  readonly merchantId: string
  /** null: is a member no longer. */
  readonly role: MemberRole | null
}

/**
 * Gives a member another role, or none, which ends its sessions, its access tokens for the merchant, and what it could come back by: its open invitations, and those that
 * it made. Throws NOT_FOUND; as `commitTraced`.
 */
export async function changeMember(
  db: Postgres,
  origin: ChangeOrigin,
  { personId, merchantId, role }: MemberChange,
): Promise<StoredMember> {
  return commitTraced(db, async (tx, trace) => {
    await mustSeeMerchant(tx, merchantId, origin.scope)
    await lockTeam(tx, merchantId)
    const [before] = await tx.query<StoredMember>(
      `SELECT ${memberColumns} FROM membership m JOIN person p ON p.id = m.person_id
       WHERE m.merchant_id = $1 AND m.person_id = $2 FOR NO KEY UPDATE OF m`,
      [merchantId, personId],
    )
    if (before === undefined) throw new DenialError(deny('NOT_FOUND', 'unknown_person'))
    if (before.role === role) return before
    const { email } = before
    // Before the membership, as whoever accepts does it.
    await tx.query('DELETE FROM invitation WHERE merchant_id = $1 AND (email = $2 OR created_by = $2)', [
      ...[merchantId, email],
    ])
    const values = [merchantId, personId]
    if (role === null)
      await tx.query('DELETE FROM membership WHERE merchant_id = $1 AND person_id = $2', values)
    else
      await tx.query('UPDATE membership SET role = $3 WHERE merchant_id = $1 AND person_id = $2', [
        ...[...values, role],
      ])
    await endSessionsOf(tx, personId)
    await writeTeamAudit(tx, origin, {
      ...{ action: role === null ? 'member.remove' : 'member.role', merchantId },
      ...{ before: { email, role: before.role }, after: role === null ? null : { email, role } },
    })
    await endTokensOf(tx, origin, { personId, merchantId })
    return trace(await transactionOf(tx), { ...before, role: role ?? before.role })
  })
}

interface TeamChange {
  readonly action: string
  readonly merchantId: string
  readonly before: object | null
  readonly after: object | null
}

/** Under the merchant's name, so that whoever sees it sees who came and went. */
async function writeTeamAudit(tx: Queryable, origin: ChangeOrigin, change: TeamChange): Promise<void> {
  await writeAudit(tx, entryOf(origin, { ...change, target: change.merchantId }))
}

/** Forgets invitations that nobody can accept any more, `most` at most; returns how many. */
export async function pruneInvitations(db: Queryable, most: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM invitation WHERE id IN (SELECT id FROM invitation WHERE expires_at < now() LIMIT $1) RETURNING id`,
    [most],
  )
  return rows.length
}
