// What is answered with ?wait=all where a change of a client has ended no token.

import t from 'tap'
import { createSubject, startMs } from '../subject.ts'

void t.test('where no token was there to end, ?wait=all waits for all that was changed before', async (t) => {
  const waited: number[] = []
  const subject = await createSubject(t, {
    awaitAll: async (revision) => {
      waited.push(revision)
      return [{ instance: 'a', appliedRevision: 0, lastSeenAtMs: startMs, deadByMs: startMs }]
    },
  })
  const { id } = (await subject.call('POST', '/merchants', { name: 'Acme' })).body
  await subject.db.query(
    `INSERT INTO oauth_client (id, merchant_id, api, environment, name, grants, redirect_uris, permissions, auth_method, is_bound,
       status, created_at, created_by)
     VALUES ('cli_000000000001', $1, 'flintn', 'live', 'Books', '{client_credentials}', '{}', '{transaction.read}',
       'client_secret', false, 'active', now(), 'ann')`,
    [id],
  )
  const patched = await subject.call('PATCH', '/clients/cli_000000000001?wait=all', { name: 'Ledger' })
  t.match(patched, { status: 200, body: { name: 'Ledger', pending: [{ instance: 'a' }] } })
  t.same(waited, [1], 'the merchant was the only change')
  const unasked = await subject.call('PATCH', '/clients/cli_000000000001', { name: 'Books' })
  t.notOk('pending' in unasked.body)
})
