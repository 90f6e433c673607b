import t from 'tap'
import { readChanges } from '../../src/store/change-table.ts'
import { listInstances, pruneInstances, signOff } from '../../src/store/instance-table.ts'
import { createDatabase } from '../support/database.ts'

const beat = { id: 'i1', role: 'all', host: 'h', pid: 1, version: '1', appliedRevision: 0 }

void t.test('an instance counts from its first poll until it signs off or falls silent', async (t) => {
  const { db } = await createDatabase(t)
  await readChanges(db, { after: 0, limit: 1, beat })
  await readChanges(db, { after: 0, limit: 1, beat: { ...beat, id: 'i2', role: 'gateway' } })
  t.match(await listInstances(db, 60_000), [
    { id: 'i1', host: 'h', pid: 1, role: 'all', version: '1', appliedRevision: 0, epoch: null },
    { id: 'i2', role: 'gateway' },
  ])
  await signOff(db, 'i1')
  t.match(await listInstances(db, 60_000), [{ id: 'i2' }])
  await db.query(`UPDATE instance SET last_seen_at = now() - interval '2 minutes' WHERE id = 'i2'`)
  t.same(await listInstances(db, 60_000), [])
  t.equal((await listInstances(db, 180_000)).length, 1)
})

void t.test('a poll moves what the instance has applied', async (t) => {
  const { db } = await createDatabase(t)
  await readChanges(db, { after: 0, limit: 1, beat })
  await readChanges(db, { after: 0, limit: 1, beat: { ...beat, appliedRevision: 4, epoch: 'e' } })
  const [instance] = await listInstances(db, 60_000)
  t.match(instance, { appliedRevision: 4, epoch: 'e' })
  t.ok(instance && instance.lastSeenAtMs >= instance.startedAtMs)
})

void t.test('a poll that was under way at the sign-off does not take it back', async (t) => {
  const { db } = await createDatabase(t)
  await readChanges(db, { after: 0, limit: 1, beat })
  await signOff(db, 'i1')
  await readChanges(db, { after: 0, limit: 1, beat })
  t.same(await listInstances(db, 60_000), [])
})

void t.test('an instance counts for its own stale limit, where that is the larger one', async (t) => {
  const { db } = await createDatabase(t)
  await readChanges(db, { after: 0, limit: 1, beat: { ...beat, staleLimitMs: 3_600_000 } })
  await db.query(`UPDATE instance SET last_seen_at = now() - interval '30 minutes'`)
  t.match(await listInstances(db, 60_000), [{ staleLimitMs: 3_600_000 }])
  await db.query(`UPDATE instance SET last_seen_at = now() - interval '61 minutes'`)
  t.same(await listInstances(db, 60_000), [])
  t.equal((await listInstances(db, 60_000, 120_000)).length, 1, 'and a slack')
})

void t.test('instances long gone are forgotten', async (t) => {
  const { db } = await createDatabase(t)
  await readChanges(db, { after: 0, limit: 1, beat })
  t.equal(await pruneInstances(db, 60_000), 0)
  await db.query(`UPDATE instance SET last_seen_at = now() - interval '2 minutes'`)
  t.equal(await pruneInstances(db, 60_000), 1)
})

void t.test('an instance says how it stands, and one of an earlier version does not', async (t) => {
  const { db } = await createDatabase(t)
  const state = {
    ...{ tableSha256: 'ab', redis: 'degraded' },
    degraded: [{ reason: 'config_fault', detail: "line 3: it's wrong" }],
  } as const
  const poll = (of: object) => readChanges(db, { after: 0, limit: 1, beat: { ...beat, ...of } })
  await poll({ state })
  await poll({ id: 'i2', version: '0' })
  t.match(await listInstances(db, 60_000), [
    { id: 'i1', state },
    { id: 'i2', state: null },
  ])
  const written = () => db.query(`SELECT xmin::text FROM instance_state`)
  const before = await written()
  await poll({ state })
  t.same(await written(), before, 'what is as before is not written again')
  await poll({ state: { ...state, redis: 'up', degraded: [] } })
  t.match(await listInstances(db, 60_000), [{ state: { redis: 'up', degraded: [] } }, { state: null }])
  await db.query(`UPDATE instance SET last_seen_at = now() - interval '2 minutes'`)
  await pruneInstances(db, 60_000)
  t.same(await written(), [])
})
