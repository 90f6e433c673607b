// The end of people's sessions by another's hand, which the audit keeps.

import { deny, DenialError } from '../../errors/denial.ts'
import { type ChangeOrigin, commitTraced, transactionOf } from '../commit-table.ts'
import { endSessionsOf, personColumns, type StoredPerson, writePersonAudit } from './person-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'

/** All of whoever has the address; returns how many there were. Throws NOT_FOUND where nobody has it; as `commitTraced`. */
export async function endAllSessions(db: Postgres, origin: ChangeOrigin, email: string): Promise<number> {
  return commitTraced(db, async (tx, trace) => {
    const person = await locked(tx, 'email = $1', email)
    if (person === undefined) throw new DenialError(deny('NOT_FOUND', 'unknown_person'))
    const ended = await endSessionsOf(tx, person.id)
    if (ended === 0) return ended
    await writeEnd(tx, origin, person)
    return trace(await transactionOf(tx), ended)
  })
}

/** One of them: returns 1. Throws NOT_FOUND where there is none of that id any more; as `commitTraced`. */
export async function endOneSession(db: Postgres, origin: ChangeOrigin, id: string): Promise<number> {
  return commitTraced(db, async (tx, trace) => {
    const person = await locked(tx, 'id = (SELECT person_id FROM hub_session WHERE id = $1)', id)
    const rows = await tx.query('DELETE FROM hub_session WHERE id = $1 RETURNING id', [id])
    if (person === undefined || rows.length === 0) throw new DenialError(deny('NOT_FOUND', 'unknown_session'))
    await writeEnd(tx, origin, person)
    return trace(await transactionOf(tx), rows.length)
  })
}

/** The person before its sessions, as whatever else ends some. */
async function locked(tx: Queryable, where: string, value: string): Promise<StoredPerson | undefined> {
  const rows = await tx.query<StoredPerson>(
    `SELECT ${personColumns} FROM person WHERE ${where} FOR NO KEY UPDATE`,
    [value],
  )
  return rows[0]
}

async function writeEnd(tx: Queryable, origin: ChangeOrigin, person: StoredPerson): Promise<void> {
  const action = `${person.kind}.sessions_end`
  await writePersonAudit(tx, origin, { action, before: person, after: person })
}
