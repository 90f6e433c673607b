// Links that people get: to set a password, or to accept an invitation. Each works once; kept is its digest.

import { deny, DenialError } from '../../errors/denial.ts'
import type { MemberRole } from '../../credentials/role.ts'
import { endTokensOf } from '../oauth/access-token-table.ts'
import { writeAudit } from '../audit/audit-table.ts'
import { type ChangeOrigin, commitTraced, transactionOf } from '../commit-table.ts'
import { endSessionsOf, personColumns, type StoredPerson, writePersonAudit } from './person-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'

/** For whom a link is. */
export type LinkFor =
  | { readonly purpose: 'set_password' | 'reset'; readonly personId: string }
  | { readonly purpose: 'invitation'; readonly invitationId: string }

export interface NewLink {
  /** Lower-case hex SHA-256 of its secret. */
  readonly digest: string
  readonly expiresAtMs: number
  readonly of: LinkFor
}

/** What a link is about. Times in milliseconds since the epoch. */
export interface FoundLink {
  readonly purpose: LinkFor['purpose']
  readonly email: string
  readonly expiresAtMs: number
  readonly personId: string | null
  readonly invitation: {
    readonly id: string
    readonly merchantId: string
    readonly merchantName: string
    readonly role: MemberRole
  } | null
}

export async function addLink(db: Queryable, { digest, expiresAtMs, of }: NewLink): Promise<void> {
  await db.query(
    `INSERT INTO person_link (digest, purpose, person_id, invitation_id, expires_at) VALUES ($1, $2, $3, $4, $5)`,
    [
      ...[Buffer.from(digest, 'hex'), of.purpose, 'personId' in of ? of.personId : null],
      ...['invitationId' in of ? of.invitationId : null, new Date(expiresAtMs)],
    ],
  )
}

/** Ends the links that a person got for a password. */
export async function endLinksOf(db: Queryable, personId: string): Promise<void> {
  await db.query('DELETE FROM person_link WHERE person_id = $1', [personId])
}

/** What the link of that digest is about, while it works. Throws LINK_ENDED. */
export async function mustFindLink(
  db: Queryable,
  { digest, nowMs }: { readonly digest: string; readonly nowMs: number },
): Promise<FoundLink> {
  const rows = await db.query<FoundLink>(
    `SELECT l.purpose, coalesce(p.email, i.email) AS email, ${milliseconds('l.expires_at')} AS "expiresAtMs",
       l.person_id AS "personId", CASE WHEN i.id IS NOT NULL THEN jsonb_build_object('id', i.id, 'merchantId', i.merchant_id,
         'merchantName', c.name, 'role', i.role) END AS invitation
     FROM person_link l LEFT JOIN person p ON p.id = l.person_id
       LEFT JOIN invitation i ON i.id = l.invitation_id LEFT JOIN merchant c ON c.id = i.merchant_id
     WHERE l.digest = $1 AND l.expires_at > $2 AND p.disabled_at IS NULL`,
    [Buffer.from(digest, 'hex'), new Date(nowMs)],
  )
  const [found] = rows
  if (found === undefined) throw new DenialError(deny('LINK_ENDED', 'link_ended'))
  return found
}

export interface LinkUse {
  readonly digest: string
  /** Of the new password. */
  readonly password: string
}

/**
 * Sets the password that a link is for, and ends the link, all others of that person, its sessions and passkeys. Throws LINK_ENDED,
 * to whoever comes second too; as `commitTraced`.
 */
export async function usePasswordLink(
  db: Postgres,
  origin: ChangeOrigin,
  { digest, password }: LinkUse,
): Promise<StoredPerson> {
  return commitTraced(db, async (tx, trace) => {
    const bytes = Buffer.from(digest, 'hex')
    // The person first, as all do that change one.
    await tx.query(
      'SELECT FROM person WHERE id = (SELECT person_id FROM person_link WHERE digest = $1) FOR NO KEY UPDATE',
      [bytes],
    )
    const [link] = await tx.query<{ personId: string }>(
      `DELETE FROM person_link WHERE digest = $1 AND expires_at > $2 AND person_id IS NOT NULL
       RETURNING person_id AS "personId"`,
      [bytes, new Date(origin.nowMs)],
    )
    const person = link && (await setPassword(tx, origin, { personId: link.personId, password }))
    if (person === undefined) throw new DenialError(deny('LINK_ENDED', 'link_ended'))
    await endWaysOf(tx, person.id)
    await endTokensOf(tx, origin, { personId: person.id })
    return trace(await transactionOf(tx), person)
  })
}

/** Whoever was in the account may have made passkeys, or begun to. A second factor in force was confirmed, and stays. */
async function endWaysOf(tx: Queryable, personId: string): Promise<void> {
  for (const which of ['passkey', 'ceremony', 'totp'])
    await tx.query(
      `DELETE FROM ${which} WHERE person_id = $1${which === 'totp' ? ' AND confirmed_at IS NULL' : ''}`,
      [personId],
    )
}

export interface NewPassword {
  readonly personId: string
  /** A PHC string. */
  readonly password: string
  /** What the one before was compared with; absent: it need not be known. */
  readonly before?: string
}

/** Sets a password, which ends all links and sessions of the person; undefined: disabled, or another one by now. */
export async function setPassword(
  tx: Queryable,
  origin: ChangeOrigin,
  { personId, password, before }: NewPassword,
): Promise<StoredPerson | undefined> {
  const [was] = await tx.query<StoredPerson>(
    `SELECT ${personColumns} FROM person WHERE id = $1 AND disabled_at IS NULL AND ($2::text IS NULL OR password = $2)
     FOR NO KEY UPDATE`,
    [personId, before ?? null],
  )
  if (was === undefined) return undefined
  const [person] = await tx.query<StoredPerson>(
    `UPDATE person SET password = $2, password_at = $3 WHERE id = $1 RETURNING ${personColumns}`,
    [personId, password, new Date(origin.nowMs)],
  )
  await endSessionsOf(tx, personId)
  await endLinksOf(tx, personId)
  const after = person ?? was
  // Who has the link, or the password before, is that person.
  const who = origin.actor === '' ? { ...origin, actor: after.email } : origin
  await writePersonAudit(tx, who, { action: `${after.kind}.password`, before: was, after })
  return person
}

export interface Acceptance extends LinkUse {
  /** Of the account, where there is none yet. */
  readonly newId: string
  /** The account's password, which the one given was compared with; null: there was no account, and `password` is for one. */
  readonly verified: string | null
}

export interface Accepted {
  readonly email: string
  readonly merchantId: string
  readonly merchantName: string
  readonly role: MemberRole
}

/** Makes a member of who was invited, with an account where there is none, and ends the invitation. Throws LINK_ENDED; as `commitTraced`. */
export async function acceptInvitation(
  db: Postgres,
  origin: ChangeOrigin,
  asked: Acceptance,
): Promise<Accepted> {
  return commitTraced<Accepted>(db, async (tx, trace) => {
    const ended = new DenialError(deny('LINK_ENDED', 'link_ended'))
    const { invitation, email } = await mustFindLink(tx, { digest: asked.digest, nowMs: origin.nowMs })
    // The person first, as all do that change one.
    await tx.query('SELECT FROM person WHERE email = $1 FOR NO KEY UPDATE', [email])
    const rows = await tx.query<{ createdBy: string }>(
      'DELETE FROM invitation WHERE id = $1 AND expires_at > $2 RETURNING created_by AS "createdBy"',
      [invitation?.id ?? '', new Date(origin.nowMs)],
    )
    const [made] = rows
    if (invitation === null || made === undefined) throw ended
    const person = await memberOf(tx, origin, { ...asked, email, createdBy: made.createdBy })
    if (person === undefined) throw ended
    const { merchantId, merchantName, role } = invitation
    const at = new Date(origin.nowMs)
    const joined = await tx.query(
      `INSERT INTO membership (person_id, merchant_id, role, created_at, created_by) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (person_id, merchant_id) DO NOTHING RETURNING person_id`,
      [person.id, merchantId, role, at, made.createdBy],
    )
    if (joined.length === 0) {
      // A member already stays what it is.
      const [kept] = await tx.query<{ role: MemberRole }>(
        'SELECT role FROM membership WHERE person_id = $1 AND merchant_id = $2',
        [person.id, merchantId],
      )
      return trace(await transactionOf(tx), { email, merchantId, merchantName, role: kept?.role ?? role })
    }
    const { client = null, requestId } = origin
    await writeAudit(tx, {
      ...{ actor: email, tokenId: null, client, requestId, action: 'member.join', target: merchantId },
      ...{ before: null, after: { email, role }, atMs: origin.nowMs, revision: null },
    })
    return trace(await transactionOf(tx), { email, merchantId, merchantName, role })
  })
}

/** The account that accepts; undefined: what it was judged by is not so any more. */
async function memberOf(
  tx: Queryable,
  origin: ChangeOrigin,
  asked: Acceptance & { readonly email: string; readonly createdBy: string },
): Promise<Pick<StoredPerson, 'id'> | undefined> {
  const { email, verified, password } = asked
  const at = new Date(origin.nowMs)
  const [made] =
    verified === null
      ? await tx.query<{ id: string }>(
          `INSERT INTO person (id, email, kind, password, password_at, created_at, created_by)
           VALUES ($1, $2, 'member', $3, $4, $4, $5) ON CONFLICT (email) DO NOTHING RETURNING id`,
          [asked.newId, email, password, at, asked.createdBy],
        )
      : await tx.query<{ id: string }>(
          `SELECT id FROM person WHERE email = $1 AND password = $2 AND kind = 'member' AND disabled_at IS NULL
           FOR NO KEY UPDATE`,
          [email, verified],
        )
  return made
}

/** Forgets links that work no more, `most` at most; returns how many. */
export async function pruneLinks(db: Queryable, most: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM person_link WHERE digest IN (SELECT digest FROM person_link WHERE expires_at < now() LIMIT $1)
     RETURNING digest`,
    [most],
  )
  return rows.length
}
