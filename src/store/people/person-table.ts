// People: operators of the platform, and members of merchants. An address is one person's, whatever that one is.

import type { MemberRole, TokenRole } from '../../credentials/role.ts'
import { DenialError, deny } from '../../errors/denial.ts'
import { entryOf, writeAudit } from '../audit/audit-table.ts'
import { type ChangeOrigin, commitTraced, transactionOf } from '../commit-table.ts'
import { endTokensOf } from '../oauth/access-token-table.ts'
import { type Page, type PageRequest, pageOf } from '../page.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'

/** Times in milliseconds since the epoch. */
export interface StoredPerson {
  readonly id: string
  readonly email: string
  readonly kind: 'operator' | 'member'
  /** Of an operator; null: a member. */
  readonly role: TokenRole | null
  readonly status: 'invited' | 'active' | 'disabled'
  readonly createdAtMs: number
  readonly createdBy: string
  readonly signedInAtMs: number | null
}

/** What a person is in a merchant. */
export interface Membership {
  readonly id: string
  readonly name: string
  readonly status: 'active' | 'suspended'
  readonly role: MemberRole
}

export const personColumns = `id, email, kind, role,
  CASE WHEN disabled_at IS NOT NULL THEN 'disabled' WHEN password_at IS NULL THEN 'invited' ELSE 'active' END AS status,
  ${milliseconds('created_at')} AS "createdAtMs", created_by AS "createdBy", ${milliseconds('signed_in_at')} AS "signedInAtMs"`

/** A person's merchants, by name; `person` is an expression for the id. */
export function membershipsOf(person: string): string {
  return `(SELECT coalesce(jsonb_agg(jsonb_build_object('id', m.merchant_id, 'name', c.name, 'status', c.status, 'role', m.role)
      ORDER BY c.name, c.id), '[]')
    FROM membership m JOIN merchant c ON c.id = m.merchant_id WHERE m.person_id = ${person})`
}

/** What signing in is judged by. */
export interface Credentials extends StoredPerson {
  /** A PHC string; null: none was set. */
  readonly password: string | null
}

/** Who has the address. */
export async function findCredentials(db: Queryable, email: string): Promise<Credentials | undefined> {
  const rows = await db.query<Credentials>(`SELECT ${personColumns}, password FROM person WHERE email = $1`, [
    email,
  ])
  return rows[0]
}

/** As `findCredentials`, by id. */
export async function credentialsOf(db: Queryable, id: string): Promise<Credentials | undefined> {
  const rows = await db.query<Credentials>(`SELECT ${personColumns}, password FROM person WHERE id = $1`, [
    id,
  ])
  return rows[0]
}

/** Operators, newest first; `email`: that one alone. The cursor is the id of the last one seen. */
export async function listOperators(
  db: Queryable,
  email: string | undefined,
  page: PageRequest<string>,
): Promise<Page<StoredPerson>> {
  const rows = await db.query<StoredPerson>(
    `SELECT ${personColumns} FROM person WHERE kind = 'operator' AND ($1::text IS NULL OR id < $1)
       AND ($3::text IS NULL OR email = $3) ORDER BY id DESC LIMIT $2`,
    [page.after, page.limit + 1, email ?? null],
  )
  return pageOf(rows, page.limit)
}

/** Throws ACCOUNT_EXISTS; as `commitTraced`. */
export async function createOperator(
  db: Postgres,
  origin: ChangeOrigin,
  asked: { readonly id: string; readonly email: string; readonly role: TokenRole },
): Promise<StoredPerson> {
  return commitTraced(db, async (tx, trace) => {
    const [person] = await tx.query<StoredPerson>(
      `INSERT INTO person (id, email, kind, role, created_at, created_by) VALUES ($1, $2, 'operator', $3, $4, $5)
       ON CONFLICT (email) DO NOTHING RETURNING ${personColumns}`,
      [asked.id, asked.email, asked.role, new Date(origin.nowMs), origin.actor],
    )
    if (person === undefined) throw new DenialError(deny('ACCOUNT_EXISTS', 'account_exists'))
    await writePersonAudit(tx, origin, { action: 'operator.create', before: null, after: person })
    return trace(await transactionOf(tx), person)
  })
}

/** Which account is meant. */
export interface PersonOf {
  readonly id: string
  readonly kind: StoredPerson['kind']
}

/**
 * Disables an account, which ends its sessions, its access tokens, its links and the invitations that it made, or enables it again; a repeat changes
 * nothing. Throws NOT_FOUND; as `commitTraced`.
 */
export async function switchPerson(
  db: Postgres,
  origin: ChangeOrigin,
  { id, kind, isDisabled }: PersonOf & { readonly isDisabled: boolean },
): Promise<StoredPerson> {
  return commitTraced(db, async (tx, trace) => {
    const before = await lockPerson(tx, { id, kind })
    if ((before.status === 'disabled') === isDisabled) return before
    const after = await updatePerson(
      tx,
      `UPDATE person SET disabled_at = $2 WHERE id = $1 RETURNING ${personColumns}`,
      [id, isDisabled ? new Date(origin.nowMs) : null],
    )
    if (isDisabled) {
      await endSessionsOf(tx, id)
      await tx.query('DELETE FROM person_link WHERE person_id = $1', [id])
      await tx.query('DELETE FROM invitation WHERE created_by = $1', [before.email])
    }
    const action = `${kind}.${isDisabled ? 'disable' : 'enable'}`
    await writePersonAudit(tx, origin, { action, before, after })
    if (isDisabled) await endTokensOf(tx, origin, { personId: id })
    return trace(await transactionOf(tx), after)
  })
}

/** Gives an operator another role, which ends its sessions. Throws NOT_FOUND; as `commitTraced`. */
export async function changeOperatorRole(
  db: Postgres,
  origin: ChangeOrigin,
  { id, role }: { readonly id: string; readonly role: TokenRole },
): Promise<StoredPerson> {
  return commitTraced(db, async (tx, trace) => {
    const before = await lockPerson(tx, { id, kind: 'operator' })
    if (before.role === role) return before
    const after = await updatePerson(
      tx,
      `UPDATE person SET role = $2 WHERE id = $1 RETURNING ${personColumns}`,
      [id, role],
    )
    await endSessionsOf(tx, id)
    await writePersonAudit(tx, origin, { action: 'operator.role', before, after })
    return trace(await transactionOf(tx), after)
  })
}

/** Locks a person until the transaction ends and reads it. Throws NOT_FOUND. */
export async function lockPerson(tx: Queryable, { id, kind }: PersonOf): Promise<StoredPerson> {
  const [person] = await tx.query<StoredPerson>(
    `SELECT ${personColumns} FROM person WHERE id = $1 AND kind = $2 FOR NO KEY UPDATE`,
    [id, kind],
  )
  if (person === undefined) throw new DenialError(deny('NOT_FOUND', 'unknown_person'))
  return person
}

/** Ends all of a person's sessions but `except`; returns how many. */
export async function endSessionsOf(tx: Queryable, personId: string, except?: string): Promise<number> {
  const rows = await tx.query(
    'DELETE FROM hub_session WHERE person_id = $1 AND ($2::text IS NULL OR id <> $2) RETURNING id',
    [personId, except ?? null],
  )
  return rows.length
}

async function updatePerson(
  tx: Queryable,
  statement: string,
  values: readonly unknown[],
): Promise<StoredPerson> {
  const [person] = await tx.query<StoredPerson>(statement, values)
  if (person === undefined) throw new Error('A person that is locked is not there')
  return person
}

export interface PersonChange {
  /** Such as `operator.disable`. */
  readonly action: string
  readonly before: StoredPerson | null
  readonly after: StoredPerson
}

/** No change of a key or merchant: it stands beside the last one. */
export async function writePersonAudit(
  tx: Queryable,
  origin: ChangeOrigin,
  { action, before, after }: PersonChange,
): Promise<void> {
  const states = { before: before && snapshot(before), after: snapshot(after) }
  await writeAudit(tx, entryOf(origin, { action, target: after.id, ...states }))
}

function snapshot({ email, kind, role, status }: StoredPerson): object {
  return { email, kind, ...(role !== null && { role }), status }
}

/** Whether somebody is signed in from an address. */
export async function isKnownPlace(db: Queryable, personId: string, client: string): Promise<boolean> {
  const rows = await db.query(
    'SELECT FROM hub_session WHERE person_id = $1 AND client = $2 AND ends_at > now() LIMIT 1',
    [personId, client],
  )
  return rows.length > 0
}
