// Contract 8: whether the audit is as it was written.

import t from 'tap'
import { createSubject, makeKey, type Subject } from '../subject.ts'

async function verify(subject: Subject) {
  const found = { checked: 0, faults: [] as unknown[], calls: 0, end: {} as unknown }
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `?cursor=${cursor}`
    const { status, body } = await subject.call('GET', `/audit/verify${query}`)
    t.equal(status, 200)
    found.checked += Number(body['checked'])
    found.faults.push(...(body['faults'] as unknown[]))
    found.calls += 1
    found.end = body['end']
    cursor = typeof body['next_cursor'] === 'string' ? body['next_cursor'] : null
  }
  return found
}

void t.test('what was done a moment ago is in it, and tampering is named', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  await subject.call('POST', `/keys/${id}/disable`)
  t.match(await verify(subject), {
    checked: 3,
    faults: [],
    calls: 1,
    end: { seq: 3, sha256: /^[0-9a-f]{64}$/ },
  })
  await subject.db.query(`UPDATE audit SET actor = 'eve' WHERE action = 'key.create'`)
  const [{ id: entry } = { id: 0 }] = await subject.db.query<{ id: number }>(
    `SELECT id FROM audit WHERE action = 'key.create'`,
  )
  t.match((await verify(subject)).faults, [{ kind: 'changed', entry, seq: 2 }])
})

void t.test('it goes on where it was, over more than one call, and takes no other cursor', async (t) => {
  const subject = await createSubject(t)
  await subject.db.query(
    `INSERT INTO audit (actor, action, target, after, request_id, at, revision)
     SELECT 'ann', 'deny.add', 'x', '{}', 'req_' || n, now(), 0 FROM generate_series(1, 25000) n`,
  )
  t.match(await verify(subject), { checked: 20_000, faults: [] })
  t.match(await verify(subject), { checked: 25_000, faults: [], calls: 2 })
  await subject.db.query(`UPDATE audit SET actor = 'eve' WHERE id % 100 = 0`)
  const { faults } = await verify(subject)
  t.equal(faults.length, 250)
  for (const cursor of ['IjUi', Buffer.from('{"place":{}}').toString('base64url')])
    t.equal((await subject.call('GET', `/audit/verify?cursor=${cursor}`)).status, 422)
})
