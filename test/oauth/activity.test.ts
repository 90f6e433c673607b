// What access tokens were used for is among the activity of the client's merchant, from rows and from sums, and of no other.

import * as client from 'openid-client'
import t from 'tap'
import { sumForward } from '../../src/store/activity/activity-sum-table.ts'
import { until } from '../support/until.ts'
import { exchange, request } from '../support/wire.ts'
import { discover } from './flow.ts'
import { startOauthProgram } from './server-program.ts'

t.setTimeout(120_000)

void t.test('the activity of access tokens', async (t) => {
  const program = await startOauthProgram(t)
  const { db, merchant } = program
  const about = { grants: ['client_credentials'], permissions: ['transaction.read'] }
  const made = await program.makeClient(about)
  const { access_token: token } = await client.clientCredentialsGrant(await discover(program, made))
  const fields = ['Host: api.flintn.com', `Authorization: Bearer ${token}`]
  const answer = await exchange(program.gatewayPort, request('GET /v1/transactions/1', fields))
  t.equal(answer.status, 200)
  await until(
    async () => (await db.query(`SELECT FROM activity WHERE key_id = $1`, [made.id])).length > 0,
    'its row',
  )
  const other = await program.admin.makeMerchant()

  const listed = async (path: string) => (await program.call('GET', `/activity?${path}`)).body['data']
  t.match(await listed(`by=merchant`), [{ merchant_id: merchant, allowed: 1 }])
  t.match(await listed(`by=key&merchant_id=${merchant}`), [{ key_id: made.id, allowed: 1 }])
  t.same(await listed(`by=merchant&merchant_id=${other}`), [])

  await db.query(`UPDATE activity SET minute = minute - interval '2 hours'`)
  await db.query(
    `UPDATE activity_summed SET since = now() - interval '4 hours', until = date_trunc('hour', now()) - interval '3 hours'`,
  )
  while ((await sumForward(db, 5_000)) > 0);
  const sums = await db.query(`SELECT name FROM activity_sum WHERE kind = 'merchant' AND name = $1`, [
    merchant,
  ])
  t.ok(sums.length > 0, 'sums have it, too')
})
