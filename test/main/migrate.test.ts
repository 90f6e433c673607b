import t from 'tap'
import { createEmptyDatabase } from '../support/database.ts'
import { latchkey, writeConfig } from './process.ts'

t.setTimeout(300_000)

type Test = Pick<typeof t, 'teardown'>

async function migrate(t: Test, postgres: string, ...words: string[]) {
  const running = latchkey(t, ['migrate', '--config', await writeConfig(t, { postgres }), ...words])
  const { code } = await running.ended
  return { code, stdout: running.stdout(), stderr: running.stderr() }
}

t.test('pending migrations are applied and named, once', async (t) => {
  const { url, db } = await createEmptyDatabase(t)
  t.match(await migrate(t, url), { code: 0, stdout: /^Applied 0001_\S+\.sql, .*\.\n$/, stderr: '' })
  t.equal((await db.query(`SELECT 1 FROM pg_tables WHERE tablename = 'api_key'`)).length, 1)
  t.same(await migrate(t, url), { code: 0, stdout: 'Nothing to do.\n', stderr: '' })
})

t.test('--dry-run lists what would run, and changes nothing', async (t) => {
  const { url, db } = await createEmptyDatabase(t)
  const dry = await migrate(t, url, '--dry-run')
  t.match(dry, { code: 0, stdout: /^Would apply 0001_\S+\.sql, .*\. Would build api_key_search, .*\.\n$/ })
  t.same(await db.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`), [])
  await migrate(t, url)
  t.same(await migrate(t, url, '--dry-run'), { code: 0, stdout: 'Nothing to do.\n', stderr: '' })
  t.same(JSON.parse((await migrate(t, url, '--dry-run', '--json')).stdout), { pending: [], indexes: [] })
})

t.test('with --json it says the same as data', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const { stdout } = await migrate(t, url, '--json')
  const { applied }: { applied: unknown } = JSON.parse(stdout)
  t.match(applied, ['0001_keys.sql'])
  t.same(JSON.parse((await migrate(t, url, '--json')).stdout), { applied: [] })
})

t.test(
  'a database that is away: exit code 1, and where it was looked for, without the password',
  async (t) => {
    const outcome = await migrate(t, 'postgres://user:hidden-password@127.0.0.1:1/none')
    t.match(outcome, {
      code: 1,
      stdout: '',
      stderr: /^error: Postgres at 127\.0\.0\.1:1\/none cannot be used/,
    })
    t.match(outcome.stderr, /DATABASE_URL/)
    t.notMatch(outcome.stderr, 'hidden-password')
  },
)

t.test('a database of a newer program is left alone: exit code 1', async (t) => {
  const { url, db } = await createEmptyDatabase(t)
  await migrate(t, url)
  const [table] = await db.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE tablename LIKE '%migration%'`,
  )
  t.ok(table)
  await db.query(`INSERT INTO ${table?.name ?? ''} SELECT (SELECT 9999), '9999_future.sql', repeat('0', 64)`)
  t.match(await migrate(t, url), { code: 1, stdout: '', stderr: /^error: .*9999/ })
})

t.test('--grants prints SQL for psql, and asks no database', async (t) => {
  const running = latchkey(t, ['migrate', '--grants'])
  t.equal((await running.ended).code, 0)
  const sql = running.stdout()
  t.match(sql, /^GRANT SELECT, INSERT \([a-z_, ]+\) ON audit TO latchkey_control;$/m)
  t.notMatch(sql, /INSERT[^;]*\bid\b[^;]* ON audit TO/)
  t.notMatch(sql, /audit TO latchkey_gateway/)
  const asData = latchkey(t, ['migrate', '--grants', '--json'])
  await asData.ended
  t.same(JSON.parse(asData.stdout()), { sql })
})
