import t from 'tap'
import { databaseRoles, grants, grantStatements } from '../../src/store/grants-table.ts'
import { createDatabase } from '../support/database.ts'

/** Read by functions with their owner's rights. */
const ofNobody = ['installation']

t.test('every table is some role’s, and every right is of a table that is there', async (t) => {
  const { db } = await createDatabase(t)
  const rows = await db.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()`,
  )
  const granted = new Set(databaseRoles.flatMap((role) => Object.keys(grants[role])))
  t.same(rows.map(({ name }) => name).toSorted(), [...granted, ...ofNobody].toSorted())
})

t.test('nobody changes the audit, and the gateway writes nothing that a key rests on', async (t) => {
  t.match(grants.control['audit'], /^SELECT, INSERT \((?!id\b)[a-z_]+(, (?!id\b)[a-z_]+)*\)$/)
  t.equal(grants.gateway['audit'], undefined)
  for (const table of ['merchant', 'api_key', 'outbox']) t.equal(grants.gateway[table], 'SELECT')
  t.match(grantStatements(), /REVOKE CREATE ON SCHEMA %I FROM PUBLIC/)
  t.match(grantStatements(), /^REVOKE ALL ON .*\baudit\b/m)
})
