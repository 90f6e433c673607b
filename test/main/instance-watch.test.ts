import t, { type Test } from 'tap'
import { createInstanceWatch } from '../../src/main/instance-watch.ts'
import { readChanges } from '../../src/store/change-table.ts'
import type { Postgres } from '../../src/store/postgres.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { createDatabase } from '../support/database.ts'

async function subject(t: Test, cacheKeys: readonly string[] | null) {
  const { db } = await createDatabase(t)
  const lines: string[] = []
  const { logger: log } = createLog({
    level: 'info',
    stream: { write: (line: string) => void lines.push(line) },
  })
  const state = { offsetMs: 0, nowMs: 0 }
  const watch = createInstanceWatch({
    ...{ db, cacheKeys, log },
    clockOffsetMs: () => state.offsetMs,
    monotonicNow: () => (state.nowMs += 60_000),
  })
  return { db, lines, state, watch }
}

async function beat(db: Postgres, id: string, cacheKeys?: readonly string[]): Promise<void> {
  const words = { id, role: 'all', host: 'h', pid: 1, version: '1', appliedRevision: 0 }
  await readChanges(db, { after: 0, limit: 1, beat: { ...words, ...(cacheKeys && { cacheKeys }) } })
}

t.test('a clock that is apart by more than a second is told once, and when it is right again', async (t) => {
  const { lines, state, watch } = await subject(t, null)
  for (const offsetMs of [0, 900, -1_000]) {
    state.offsetMs = offsetMs
    await watch.look()
  }
  t.same([lines, watch.isClockApart()], [[], false])
  for (const offsetMs of [-120_000, -119_999]) {
    state.offsetMs = offsetMs
    await watch.look()
  }
  t.equal(lines.length, 1)
  t.match(lines[0], /"behindMs":-120000.*apart from the database's/)
  t.equal(watch.isClockApart(), true)
  state.offsetMs = 5
  await watch.look()
  t.match(lines[1], /right again/)
})

t.test('keys are apart where one of two cannot read what the other writes', async (t) => {
  const cases: [own: string[], other: string[], areApart: boolean][] = [
    [['old'], ['old'], false],
    [['old'], ['new'], true],
    [['old'], ['old', 'new'], false],
    [['old'], ['new', 'old'], true],
    [['new', 'old'], ['old', 'new'], false],
    [['new', 'old'], ['new'], false],
    [['new', 'old'], ['old'], true],
  ]
  for (const [own, other, areApart] of cases) {
    const { db, lines, watch } = await subject(t, own)
    await beat(db, 'own', own)
    await beat(db, 'of an earlier version')
    await beat(db, 'other', other)
    await watch.look()
    t.equal(watch.haveKeysApart(), areApart, `${own.join()} beside ${other.join()}`)
    t.equal(lines.length, Number(areApart))
  }
})

t.test('one that has left, or was not seen for ten seconds, makes nothing apart', async (t) => {
  const { db, lines, watch } = await subject(t, ['a'])
  await beat(db, 'own', ['a'])
  await beat(db, 'other', ['b'])
  await watch.look()
  t.equal(watch.haveKeysApart(), true)
  await db.query(`UPDATE instance SET last_seen_at = now() - interval '11 seconds' WHERE id = 'other'`)
  await watch.look()
  t.equal(watch.haveKeysApart(), false)
  t.equal(lines.length, 2)
})

t.test('without Postgres, what was seen last stands', async (t) => {
  const { db, watch } = await subject(t, ['a'])
  await beat(db, 'other', ['b'])
  await watch.look()
  await db.query('ALTER TABLE instance_about RENAME TO gone')
  await t.resolves(watch.look())
  t.equal(watch.haveKeysApart(), true)
})
