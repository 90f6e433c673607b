// People in a test's database, and signed in without a password.

import type { MemberRole, TokenRole } from '../../../src/credentials/role.ts'
import { commandLinePrefix, sessionPrefix } from '../../../src/credentials/role.ts'
import { digestOf, generateSecret, type Secret } from '../../../src/credentials/secret.ts'
import { cookieName, csrfOf, sessionCookie } from '../../../src/control/people/session-secret.ts'
import { shownSecret } from '../../../src/control/people/device/codes.ts'
import { openSession } from '../../../src/store/people/hub-session-table.ts'
import type { Postgres } from '../../../src/store/postgres.ts'
import { startMs } from '../subject.ts'

export const origin = 'http://hub.test:8081'

let count = 0

export interface PersonWanted {
  readonly operator?: TokenRole
  /** By merchant. */
  readonly roles?: Readonly<Record<string, MemberRole>>
  readonly email?: string
  /** A PHC string. */
  readonly password?: string
}

/** A person's id. */
export async function makePerson(db: Postgres, wanted: PersonWanted): Promise<string> {
  count += 1
  const id = `usr_p${String(count).padStart(11, '0')}`
  const { operator = null, roles = {}, email = `p${count}@people.test`, password = 'none' } = wanted
  await db.query(
    `INSERT INTO person (id, email, kind, role, password, password_at, created_at, created_by)
     VALUES ($1, $2, $3, $4, $5, now(), now(), 'ann')`,
    [id, email, operator === null ? 'member' : 'operator', operator, password],
  )
  for (const [merchant, role] of Object.entries(roles)) {
    await db.query('INSERT INTO membership VALUES ($1, $2, $3, now(), $4)', [id, merchant, role, 'ann'])
  }
  return id
}

/** What a page of the hub sends for somebody who is signed in. */
export async function sessionOf(
  { db }: { readonly db: Postgres },
  personId: string,
): Promise<Readonly<Record<string, string>>> {
  count += 1
  const secret = generateSecret(sessionPrefix)
  await openSession(db, {
    ...{ id: `ses_p${String(count).padStart(11, '0')}`, digest: digestOf(secret), personId, password: null },
    ...{ proofs: ['password'], nowMs: startMs, endsAtMs: startMs + 7 * 24 * 3_600_000 },
    ...{ client: '127.0.0.1', userAgent: 'test', requestId: 'req_sign_in' },
  })
  return headersOf(secret)
}

function headersOf(secret: Secret): Readonly<Record<string, string>> {
  const [pair = ''] = sessionCookie(secret, false, 60).split(';')
  if (!pair.startsWith(`${cookieName(false)}=lk_ses_`)) throw new Error('The cookie has another form')
  return { cookie: pair, 'x-csrf-token': csrfOf(secret), origin }
}

/** What `latchkey login` shows for somebody who has allowed it. */
export async function commandLineOf(
  { db }: { readonly db: Postgres },
  personId: string,
): Promise<Readonly<Record<string, string>>> {
  count += 1
  const secret = generateSecret(commandLinePrefix)
  await openSession(db, {
    ...{ id: `ses_p${String(count).padStart(11, '0')}`, digest: digestOf(secret), personId, password: null },
    ...{ proofs: ['password', 'device'], nowMs: startMs, endsAtMs: startMs + 12 * 3_600_000 },
    ...{ client: '127.0.0.1', userAgent: 'latchkey login, test', requestId: 'req_login' },
  })
  return { authorization: `Bearer ${shownSecret(secret)}` }
}
