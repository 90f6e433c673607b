// Whose account it is that somebody comes to by an identity provider: known by issuer and subject, which never are another's; the first
// time by a verified address.

import type { TokenRole } from '../../credentials/role.ts'
import { deny, DenialError } from '../../errors/denial.ts'
import type { ChangeOrigin } from '../commit-table.ts'
import { told } from './factor-table.ts'
import { personColumns, type StoredPerson, writePersonAudit } from './person-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'

export interface Identified {
  readonly issuer: string
  readonly subject: string
  /** Verified, and in the form that accounts have; null: none. */
  readonly email: string | null
  readonly isOperator: boolean
  /** Of an operator's account that is made; and its id. */
  readonly role: TokenRole
  readonly newId: string
}

/** The account. Throws SIGN_IN_FAILED with why there is none. */
export async function personByOidc(
  db: Postgres,
  origin: ChangeOrigin,
  who: Identified,
): Promise<StoredPerson> {
  return db.transaction(async (tx) => {
    const known = await findLinked(tx, who)
    if (known !== undefined) return judged(known, who)
    if (who.email === null) throw failed('oidc_no_email')
    const person = (await findByEmail(tx, who.email)) ?? (await makeOperator(tx, origin, who))
    judged(person, who)
    if (await hasFactors(tx, person.id)) throw failed('oidc_no_link')
    const linked = await tx.query(
      `INSERT INTO person_oidc (issuer, subject, person_id, created_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT DO NOTHING RETURNING person_id`,
      [who.issuer, who.subject, person.id, new Date(origin.nowMs)],
    )
    // The account is another subject's of this provider: the address has gone on to somebody else there.
    if (linked.length === 0) throw failed('oidc_other_subject')
    await told(tx, { ...origin, actor: person.email }, person, 'oidc_link')
    return person
  })
}

/** Whoever has set something up that is more than a password is not entered by an address alone. */
async function hasFactors(tx: Queryable, personId: string): Promise<boolean> {
  const rows = await tx.query(
    `SELECT FROM totp WHERE person_id = $1 AND confirmed_at IS NOT NULL
     UNION ALL SELECT FROM passkey WHERE person_id = $1`,
    [personId],
  )
  return rows.length > 0
}

/** What the provider says now counts, whatever it said the first time. */
function judged(person: StoredPerson, { isOperator }: Identified): StoredPerson {
  if (person.status === 'disabled') throw failed('account_disabled')
  if (person.kind === 'operator' && !isOperator) throw failed('oidc_no_operator')
  return person
}

async function findLinked(tx: Queryable, { issuer, subject }: Identified): Promise<StoredPerson | undefined> {
  const rows = await tx.query<StoredPerson>(
    `SELECT ${personColumns} FROM person
     WHERE id = (SELECT person_id FROM person_oidc WHERE issuer = $1 AND subject = $2)`,
    [issuer, subject],
  )
  return rows[0]
}

async function findByEmail(tx: Queryable, email: string): Promise<StoredPerson | undefined> {
  const rows = await tx.query<StoredPerson>(`SELECT ${personColumns} FROM person WHERE email = $1`, [email])
  return rows[0]
}

/** Whom the provider calls an operator has an account from then on; members are invited. */
async function makeOperator(tx: Queryable, origin: ChangeOrigin, who: Identified): Promise<StoredPerson> {
  if (!who.isOperator) throw failed('unknown_account')
  const [person] = await tx.query<StoredPerson>(
    // Active at once, without a password.
    `INSERT INTO person (id, email, kind, role, password_at, created_at, created_by)
     VALUES ($1, $2, 'operator', $3, $4, $4, $5) ON CONFLICT (email) DO NOTHING RETURNING ${personColumns}`,
    [who.newId, who.email, who.role, new Date(origin.nowMs), who.issuer],
  )
  if (person === undefined) throw failed('changed_meanwhile')
  const change = { action: 'operator.create', before: null, after: person }
  await writePersonAudit(tx, { ...origin, actor: person.email }, change)
  return person
}

function failed(reason: Parameters<typeof deny<'SIGN_IN_FAILED'>>[1]): DenialError {
  return new DenialError(deny('SIGN_IN_FAILED', reason))
}

export interface LinkedProvider {
  readonly issuer: string
  readonly createdAtMs: number
}

export async function listLinked(db: Queryable, personId: string): Promise<readonly LinkedProvider[]> {
  return db.query<LinkedProvider>(
    `SELECT issuer, ${milliseconds('created_at')} AS "createdAtMs" FROM person_oidc WHERE person_id = $1 ORDER BY issuer`,
    [personId],
  )
}
