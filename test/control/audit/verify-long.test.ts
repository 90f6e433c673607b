// Contract 8: an audit of years is compared in less than a minute, and what was done to it is named wherever it was done.
// LATCHKEY_TEST_LONG=1: 1,000,000 entries, and how long it took is printed.

import t from 'tap'
import { createSubject, type Subject } from '../subject.ts'

const isLong = process.env['LATCHKEY_TEST_LONG'] === '1'
const entries = isLong ? 1_000_000 : 42_000

t.setTimeout(1_200_000)

/** Entries as changes of keys make them, with who did it from where, and why. */
async function fill({ db }: Subject): Promise<void> {
  const atOnce = 20_000
  for (let done = 0; done < entries; done += atOnce) {
    const count = Math.min(atOnce, entries - done)
    await db.query(
      `WITH head AS (UPDATE head SET revision = revision + $1 RETURNING revision), made AS (
         INSERT INTO audit (actor, action, target, before, after, request_id, at, revision)
         SELECT 'ann', 'key.update', 'key_' || lpad((n % 5000)::text, 12, '0'),
           jsonb_build_object('id', n, 'name', 'Checkout', 'status', 'active', 'permissions', '["transaction.read"]'::jsonb),
           jsonb_build_object('id', n, 'name', 'Till ' || n, 'status', 'active', 'permissions', '["transaction.read"]'::jsonb),
           'req_' || ($2 + n), now() - interval '1 hour', head.revision - $1 + n
         FROM head, generate_series(1, $1::integer) n ORDER BY n RETURNING request_id, at), origin AS (
         INSERT INTO change_origin (request_id, token_id, client, at) SELECT request_id, 'tok_1', '192.0.2.1', at FROM made)
       INSERT INTO change_reason (request_id, reason, at) SELECT request_id, 'as asked', at FROM made`,
      [count, done],
    )
    let sealed = 0
    do {
      const [row] = await db.query<{ sealed: number }>('SELECT sealed FROM seal_audit(2000)')
      sealed = row?.sealed ?? 0
    } while (sealed > 0)
  }
}

async function verify(subject: Subject) {
  const found = { checked: 0, faults: [] as { kind: string; entry: number | null }[] }
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `?cursor=${cursor}`
    const { status, body } = await subject.call('GET', `/audit/verify${query}`)
    if (status !== 200) throw new Error(JSON.stringify(body))
    found.checked += Number(body['checked'])
    found.faults.push(...(body['faults'] as { kind: string; entry: number | null }[]))
    cursor = typeof body['next_cursor'] === 'string' ? body['next_cursor'] : null
  }
  return found
}

void t.test('a long audit is whole; what is changed, removed and put in is named', async (t) => {
  const subject = await createSubject(t)
  await fill(subject)
  const startedAt = performance.now()
  t.same(await verify(subject), { checked: entries, faults: [] })
  const seconds = (performance.now() - startedAt) / 1_000
  // How fast it is, only the long form says, on a machine that does nothing else.
  if (isLong) {
    t.comment(`${entries} entries compared in ${seconds.toFixed(1)} s`)
    t.ok(seconds < 60)
  }
  const [ends] = await subject.db.query<{ low: number }>('SELECT min(id) AS low FROM audit')
  const low = ends?.low ?? 0
  const changed = low + Math.floor(entries / 2)
  const removed = low + entries - 10
  await subject.db.query(`UPDATE audit SET after = after || '{"status": "disabled"}' WHERE id = $1`, [
    changed,
  ])
  await subject.db.query('DELETE FROM audit WHERE id = $1', [removed])
  const inserted = low - 5
  await subject.db.query(
    `INSERT INTO audit (id, actor, action, target, request_id, at, revision) OVERRIDING SYSTEM VALUE
     VALUES ($1, 'eve', 'deny.remove', 'x', 'req_eve', now() - interval '1 hour', 0)`,
    [inserted],
  )
  const { faults } = await verify(subject)
  t.match(
    faults.map(({ kind, entry }) => ({ kind, entry })),
    [
      { kind: 'changed', entry: changed },
      { kind: 'removed', entry: removed },
      // Its revision, which nothing else has.
      { kind: 'removed', entry: null },
      // So soon after the last link nobody can tell it from one that waits for its own.
      { kind: /^(inserted|unlinked)$/, entry: inserted },
    ],
  )
  t.equal(faults.length, 4)
})
