// Every column that holds what was sealed is among those that are sealed anew.

import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { sealedColumns, sealedOtherwise } from '../../src/store/sealed-table.ts'
import { createDatabase } from '../support/database.ts'

t.test('those that are named are there, and read by their ids', async (t) => {
  const { db } = await createDatabase(t)
  for (const id of ['usr_1', 'usr_2', 'usr_3'])
    await db.query('INSERT INTO totp (person_id, secret, created_at) VALUES ($1, $2, now())', [
      id,
      `v1.${id}.x`,
    ])
  for (const column of sealedColumns) {
    const asked = { mark: 'v1.usr_2.', after: '', most: 10 }
    const ids = (await sealedOtherwise(db, column, asked)).map(({ id }) => id)
    t.same(ids, column.table === 'totp' ? ['usr_1', 'usr_3'] : [])
    t.same(await sealedOtherwise(db, column, { ...asked, after: 'usr_3' }), [])
  }
})

t.test('a table whose migration says that something is sealed is among them', async (t) => {
  const directory = new URL('../../../src/store/migrations/', import.meta.url)
  const tables = readdirSync(directory)
    .filter((name) => name.endsWith('.sql'))
    .flatMap((name) => readFileSync(new URL(name, directory), 'utf8').split(/(?=CREATE TABLE)/))
    .filter((text) => /^ {2}-- Sealed|^ {2}sealed text/m.test(text))
    .map((text) => /CREATE TABLE IF NOT EXISTS (\w+)/.exec(text)?.[1])
  // Those of the authorization server are sealed anew by what uses them.
  const own = tables.filter((table) => !table?.startsWith('oauth_'))
  t.same(new Set(own), new Set(sealedColumns.map(({ table }) => table)))
})
