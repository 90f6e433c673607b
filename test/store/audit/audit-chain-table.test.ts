import { readFileSync } from 'node:fs'
import t from 'tap'
import {
  chainBeginning,
  type ChainFault,
  entriesToVerify,
  sealAudit,
  unlinkedSeconds,
  verifyEnd,
  verifyEntries,
  verifyLinks,
} from '../../../src/store/audit/audit-chain-table.ts'
import { writeAudit } from '../../../src/store/audit/audit-table.ts'
import { patchKey } from '../../../src/store/keys/key-change-table.ts'
import { openSession, type Postgres } from '../../../src/store/postgres.ts'
import { createDatabase } from '../../support/database.ts'
import { rowsReadOf } from '../../support/rows-read.ts'
import { nowMs, origin, seedKey } from '../seed.ts'

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

/** Two entries of its making and then a hundred changes of one key, all linked just now; the first `aged` are of 400 days ago. */
async function sealedHundred(t: Teardown, aged = 0): Promise<{ db: Postgres; url: string; ids: number[] }> {
  const { db, url } = await createDatabase(t)
  const { id } = await seedKey(db)
  const from = { ...origin, tokenId: 'tok_1', client: '192.0.2.1' }
  for (let n = 0; n < 100; n++) {
    const request = { id, patch: { name: `Name ${n}` }, ifRevision: null }
    await patchKey(db, { ...from, requestId: `req_${n}` }, request)
  }
  await db.query(
    `UPDATE audit SET at = now() - CASE WHEN revision <= $1 THEN interval '400 days' ELSE interval '0' END`,
    [aged],
  )
  while ((await sealAudit(db, 30))?.count !== 0);
  const rows = await db.query<{ id: number }>('SELECT id FROM audit ORDER BY id')
  return { db, url, ids: rows.map((row) => row.id) }
}

/** Everything that a reading in parts of `most` finds. */
async function faultsOf(db: Postgres, most = 7): Promise<readonly ChainFault[]> {
  const faults: ChainFault[] = []
  for (let place = chainBeginning, isEnd = false; !isEnd; ) {
    const part = await verifyLinks(db, place, most)
    faults.push(...part.faults)
    ;({ place, isEnd } = part)
  }
  let entries = await entriesToVerify(db)
  for (let isEnd = false; !isEnd; ) {
    const part = await verifyEntries(db, entries, most)
    faults.push(...part.faults)
    ;({ place: entries, isEnd } = part)
  }
  return [...faults, ...(await verifyEnd(db, entries.upTo))]
}

void t.test(
  'an audit that nobody has touched has no faults, however many look in whatever parts',
  async (t) => {
    const { db, ids } = await sealedHundred(t)
    t.equal(ids.length, 102)
    for (const most of [1, 7, 500]) t.same(await faultsOf(db, most), [])
    const [link] = await db.query<{ before: string }>(
      `SELECT encode(l.before, 'hex') = encode(p.digest, 'hex') AS before FROM audit_link l JOIN audit_link p ON p.seq = l.seq - 1
     WHERE l.seq = 50`,
    )
    t.same(link, { before: true })
  },
)

void t.test(
  'however many entries were linked in the last minute, no part of a reading passes over them',
  async (t) => {
    const { db } = await sealedHundred(t)
    await db.query(`UPDATE audit_link SET sealed_at = sealed_at - interval '2 minutes' WHERE seq <= 52`)
    const entries = await entriesToVerify(db)
    t.equal(entries.upTo, 52)
    const links = rowsReadOf(db, 'audit_link')
    for (let place = entries, isEnd = false; !isEnd; ) {
      const part = await verifyEntries(links, place, 10)
      // What is asked of the links themselves; each entry's own link is joined by its number.
      t.ok(links.rows() <= 10)
      ;({ place, isEnd } = part)
    }
    t.same(await verifyEnd(links, entries.upTo), [])
  },
)

void t.test('each way of tampering is found, and its entry named', async (t) => {
  const { db, ids } = await sealedHundred(t)
  const [, , third = 0] = ids
  const middle = ids[50] ?? 0
  const last = ids.at(-1) ?? 0
  for (const [statement, kind, entry] of [
    [`UPDATE audit SET actor = 'eve' WHERE id = ${middle}`, 'changed', middle],
    [`UPDATE audit SET after = after || '{"name":"x"}' WHERE id = ${third}`, 'changed', third],
    [`UPDATE audit SET before = NULL WHERE id = ${last}`, 'changed', last],
    [`UPDATE audit SET at = at + interval '1 microsecond' WHERE id = ${middle}`, 'changed', middle],
    [`UPDATE audit SET after = before, before = after WHERE id = ${middle}`, 'changed', middle],
    [`UPDATE change_origin SET client = '192.0.2.2' WHERE request_id = 'req_48'`, 'changed', middle],
    [`DELETE FROM change_origin WHERE request_id = 'req_48'`, 'changed', middle],
    [`DELETE FROM audit WHERE id = ${middle}`, 'removed', middle],
    [`DELETE FROM audit WHERE id = ${last}`, 'removed', last],
    [`DELETE FROM audit WHERE id = ${ids[0]}`, 'removed', ids[0]],
    [`DELETE FROM audit_link WHERE entry = ${middle}`, 'broken', ids[51]],
    [
      `UPDATE audit_link SET before = decode(repeat('ab', 32), 'hex') WHERE entry = ${middle}`,
      'broken',
      middle,
    ],
    [
      `UPDATE audit_link SET sealed_at = sealed_at - interval '1 year' WHERE entry = ${middle}`,
      'changed',
      middle,
    ],
    [`UPDATE audit_link SET entry = -1 WHERE entry = ${middle}`, 'removed', -1],
  ] as const) {
    await db.query(
      'BEGIN; CREATE TABLE kept AS TABLE audit; CREATE TABLE links AS TABLE audit_link; CREATE TABLE origins AS TABLE change_origin; COMMIT',
    )
    await db.query(statement)
    t.match(await faultsOf(db), [{ kind, entry }], statement)
    await db.query(
      `BEGIN; DELETE FROM audit; DELETE FROM audit_link; DELETE FROM change_origin;
       INSERT INTO audit OVERRIDING SYSTEM VALUE TABLE kept; INSERT INTO audit_link TABLE links;
       INSERT INTO change_origin TABLE origins; DROP TABLE kept, links, origins; COMMIT`,
    )
  }
  t.same(await faultsOf(db), [])
})

void t.test('what was cut off the end, with its links, is missed', async (t) => {
  const { db, ids } = await sealedHundred(t)
  await db.query('DELETE FROM audit_link WHERE entry = $1', [ids.at(-1)])
  await db.query('DELETE FROM audit WHERE id = $1', [ids.at(-1)])
  t.match(await faultsOf(db), [{ kind: 'removed', message: /revision 102, and the last entry 101/ }])
})

void t.test('an entry that somebody put in has no link, or a revision that another has', async (t) => {
  const { db, ids } = await sealedHundred(t)
  const copy = (id: number) =>
    db.query(
      `INSERT INTO audit (id, actor, action, target, before, after, request_id, at, revision) OVERRIDING SYSTEM VALUE
       SELECT $2, 'eve', action, target, before, after, request_id, at, revision FROM audit WHERE id = $1`,
      [ids[50], id],
    )
  await copy(-5)
  await db.query(`UPDATE audit_link SET sealed_at = sealed_at - interval '2 minutes' WHERE seq = 102`)
  const [changed, unlinked] = await faultsOf(db)
  t.match(changed, { kind: 'changed', seq: 102 })
  t.match(unlinked, { kind: 'inserted', entry: -5, seq: null })
  await copy(9_999)
  t.match(await sealAudit(db, 10), { count: 2 })
  t.match((await faultsOf(db)).slice(1), [
    { kind: 'inserted', entry: -5, seq: 103, message: /revision 51, which another has/ },
    { kind: 'inserted', entry: 9_999, seq: 104, message: /revision 51, which another has/ },
    { kind: 'removed', entry: null, message: /revision 102, and the last entry 51/ },
  ])
})

void t.test('an entry that was taken out before it had its link leaves a gap of revisions', async (t) => {
  const { db } = await createDatabase(t)
  const { id } = await seedKey(db)
  for (const name of ['a', 'b', 'c']) await patchKey(db, origin, { id, patch: { name }, ifRevision: null })
  await db.query('DELETE FROM audit WHERE revision = 3')
  await sealAudit(db, 10)
  t.match(await faultsOf(db), [{ kind: 'removed', entry: null, message: 'the entry of revision 3 is gone' }])
})

void t.test(
  'entries that were old enough to be forgotten are no fault, however young their links',
  async (t) => {
    const { db } = await sealedHundred(t, 3)
    t.match(await db.query(`SELECT forget_audit(now() - interval '399 days', 10) AS removed`), [
      { removed: 3 },
    ])
    t.same(await faultsOf(db), [])
    t.match(await verifyLinks(db, chainBeginning, 500), { forgotten: 3, checked: 102 })
    // Their links are still there to be checked.
    await db.query(`UPDATE audit_link SET content = sha256('x') WHERE seq = 2`)
    t.match(await faultsOf(db), [{ kind: 'broken', seq: 2 }])
    await db.query(`DELETE FROM audit_link WHERE seq <= 2`)
    t.match(await faultsOf(db), [{ kind: 'broken', seq: 3 }])
  },
)

void t.test('an old entry behind one that is as old and still there was taken out', async (t) => {
  const { db, ids } = await sealedHundred(t, 3)
  await db.query('DELETE FROM audit WHERE id = $1', [ids[1]])
  t.match(await faultsOf(db), [{ kind: 'removed', entry: ids[1] }])
})

void t.test(
  'a beginning that was removed before its time is missed, whatever its links say of times',
  async (t) => {
    const { db, ids } = await sealedHundred(t)
    await db.query('DELETE FROM audit WHERE id = ANY ($1)', [ids.slice(0, 3)])
    const removed = [{ kind: 'removed' }, { kind: 'removed' }, { kind: 'removed' }]
    t.match(await faultsOf(db), removed)
    await db.query(`UPDATE audit_link SET sealed_at = sealed_at - interval '1 year' WHERE seq <= 3`)
    t.match(await faultsOf(db), removed)
    await db.query(`UPDATE audit_link SET at = at - interval '1 year' WHERE seq <= 3`)
    t.match(await faultsOf(db), [{ kind: 'broken' }, { kind: 'broken' }, { kind: 'broken' }])
  },
)

void t.test(
  'what waits for its link for over a minute is told, and a time that is none holds up no other',
  async (t) => {
    const { db } = await createDatabase(t)
    await seedKey(db)
    const [{ first } = { first: 0 }] = await db.query<{ first: number }>('SELECT min(id) AS first FROM audit')
    t.match(await faultsOf(db), [{ kind: 'unlinked', entry: first }])
    t.ok((await unlinkedSeconds(db)) > 60)
    await db.query('UPDATE audit SET at = now()')
    t.same(await faultsOf(db), [])
    for (const at of ['infinity', '-infinity', '294276-12-31 00:00:00+00', '0044-03-15 00:00:00+00 BC']) {
      await db.query(
        `INSERT INTO audit (actor, action, target, request_id, at, revision) VALUES ('eve', 'x', 'x', 'req_x', $1::timestamptz, 2)`,
        [at],
      )
    }
    t.match(await sealAudit(db, 10), { count: 2 })
    t.match(await faultsOf(db), [{ kind: 'unlinked', entry: first + 2 }])
    t.equal(await unlinkedSeconds(db), Infinity)
    await addOne(db)
    t.match(await sealAudit(db, 10), { count: 1 })
    t.equal(await unlinkedSeconds(db), 0)
    await db.query(`UPDATE audit SET at = 'infinity' WHERE id = $1`, [first])
    t.match((await faultsOf(db))[0], { kind: 'changed', entry: first })
  },
)

/** One entry more. */
async function addOne(db: Postgres): Promise<void> {
  await db.query(
    `INSERT INTO audit (actor, action, target, request_id, at, revision) VALUES ('ann', 'x', 'x', 'req_y', now(), 2)`,
  )
}

void t.test(
  'no function with its owner’s rights looks for what it means anywhere before pg_catalog',
  async (t) => {
    const { db } = await createDatabase(t)
    const rows = await db.query<{ name: string; config: string[] | null }>(
      `SELECT proname AS name, proconfig AS config FROM pg_proc WHERE prosecdef AND pronamespace = current_schema()::regnamespace`,
    )
    t.ok(rows.length >= 4)
    for (const { name, config } of rows) {
      // Not named, it is the first; temporary tables are, unless they are named.
      t.match(
        config?.find((one) => one.startsWith('search_path=')),
        /^search_path=(?:pg_catalog$|(?!.*pg_catalog).*, pg_temp$)/,
        name,
      )
    }
  },
)

void t.test('any number link at once while others write, and the chain is whole', async (t) => {
  const { db } = await createDatabase(t)
  const { id } = await seedKey(db)
  let isOver = false
  const seal = async () => {
    while (!isOver) await sealAudit(db, 5)
  }
  const sealers = [seal(), seal()]
  const note = {
    actor: 'a',
    action: 'token.list',
    target: 'tokens',
    before: null,
    after: null,
    atMs: nowMs,
    revision: null,
  }
  await Promise.all(
    Array.from({ length: 60 }, async (_, n) => {
      await patchKey(
        db,
        { ...origin, requestId: `req_${n}` },
        { id, patch: { name: `${n}` }, ifRevision: null },
      )
      await writeAudit(db, { ...note, requestId: `req_b${n}` })
    }),
  )
  isOver = true
  await Promise.all(sealers)
  await sealAudit(db, 500)
  t.same(await db.query('SELECT count(*)::integer AS n FROM audit_link'), [{ n: 122 }])
  t.same(await faultsOf(db), [])
  t.match(await sealAudit(db, 5), { count: 0, seq: 122, digest: /^[0-9a-f]{64}$/ })
})

void t.test('the chain goes on over a partitioned audit', async (t) => {
  const { db, url } = await createDatabase(t)
  const { id } = await seedKey(db)
  await sealAudit(db, 10)
  const [, recipe = ''] =
    /```sql\n(BEGIN;\nALTER TABLE audit RENAME[^]*?)```/.exec(readFileSync('docs/operations.md', 'utf8')) ??
    []
  const owner = await openSession({ url, applicationName: 'latchkey-test' })
  t.teardown(() => owner.close())
  await owner.query(recipe)
  const later = { ...origin, nowMs: Date.UTC(2027, 1, 1) }
  await patchKey(db, later, { id, patch: { name: 'Later' }, ifRevision: null })
  t.match(await sealAudit(db, 10), { count: 1, seq: 3 })
  t.same(await faultsOf(db), [])
  await db.query(`UPDATE audit_2027_1 SET actor = 'eve'`)
  t.match(await faultsOf(db), [{ kind: 'changed', seq: 3 }])
})
