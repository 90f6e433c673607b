import t from 'tap'
import { readChanges } from '../../../src/store/change-table.ts'
import { createSubject } from '../subject.ts'

void t.test('instances are shown with how far they have come', async (t) => {
  const { call, db } = await createSubject(t)
  const beat = { id: 'i1', role: 'all', host: 'h', pid: 1, version: '1', appliedRevision: 0 }
  await readChanges(db, { after: 0, limit: 1, beat })
  t.match((await call('GET', '/instances')).body, {
    data: [
      {
        id: 'i1',
        role: 'all',
        host: 'h',
        pid: 1,
        version: '1',
        applied_revision: 0,
        last_seen_at: /Z$/,
        started_at: /Z$/,
      },
    ],
    next_cursor: null,
  })
})
