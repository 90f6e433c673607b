// Contract 11: a brake over the whole program: pulled for what the activity tells, refused on the wire, released by one call.

import t from 'tap'
import { createPostgres } from '../../src/store/postgres.ts'
import { host, withKey } from '../support/keyed-program.ts'
import { prepareTestProgram, startPrepared } from '../support/program.ts'
import { codeOf, exchange, request } from '../support/wire.ts'
import { until } from './process.ts'

t.test('a brake is pulled and released', async (t) => {
  const prepared = await prepareTestProgram(t, {
    api: `    brakes:
      refund_burst: { permission: transaction.refund, action: disable }
      read_burst: { permission: transaction.read, action: require_ip }`,
  })
  const before = await withKey(await startPrepared(t, prepared))
  t.equal((await before.send('GET /v1/transactions/a')).status, 200)
  const { id } = before.key
  await before.stop()

  const db = createPostgres({ url: prepared.databaseUrl, applicationName: 'latchkey-test' })
  t.teardown(() => db.close())
  t.match(await db.query('SELECT key_id, address FROM key_address'), [{ key_id: id, address: '127.0.0.1' }])
  await db.query(`UPDATE api_key SET created_at = now() - interval '60 days'`)
  await db.query(
    `INSERT INTO activity (key_id, minute, secret_id, api, environment, route, outcome, count)
     VALUES ($1, date_trunc('minute', now(), 'UTC'), 'sec', 'flintn', 'live', 'POST /v1/transactions/{id}/refund', 'allow', 25)`,
    [id],
  )

  const program = await startPrepared(t, prepared)
  const { admin } = program
  const read = () => exchange(program.gatewayPort, request('GET /v1/transactions/a', [host, before.auth]))
  await until(() => program.log.some(({ msg }) => msg === 'A brake is pulled'))
  t.match(
    program.log.find(({ msg }) => msg === 'A brake is pulled'),
    { key: id, brake: 'refund_burst', action: 'disable', requests: 25, usual: 0 },
  )
  t.match(await admin.call('GET', `/keys/${id}`), { body: { status: 'disabled' } })
  const metrics = async () => (await fetch(`http://127.0.0.1:${program.controlPort}/metrics`)).text()
  t.match(await metrics(), /^latchkey_brakes_pulled_total(?:\{[^}]*\})? 1$/m)
  const refused = await read()
  t.same([refused.status, codeOf(refused)], [401, 'INVALID_API_KEY'])
  t.match(await admin.call('POST', `/keys/${id}/brakes/release?wait=all`, { reason: 'a sale' }), {
    status: 200,
    body: { status: 'active', pending: [] },
  })
  t.equal((await read()).status, 200)
})
