import t from 'tap'
import { createKnownEntries } from '../../src/lookup/known-entries.ts'
import type { KnownEntry } from '../../src/lookup/entry.ts'
import { digestOf, recordOf } from './subject.ts'

const state = { revision: 1, version: -1, history: 0, isOwn: true }
const entry: KnownEntry = { record: recordOf(), ...state, confirmedAt: 1_000, offerAt: 2_000 }

for (const max of [2, 5_000])
  t.test(`of ${max} entries: kept, given and deleted by digest`, (t) => {
    const entries = createKnownEntries(max)
    entries.set(digestOf('a'), entry)
    t.equal(entries.get(digestOf('a')), entry)
    t.equal(entries.get(digestOf('b')), undefined)
    t.equal(entries.size, 1)
    entries.delete(digestOf('a'))
    entries.delete(digestOf('b'))
    t.equal(entries.get(digestOf('a')), undefined)
    t.equal(entries.size, 0)
    t.end()
  })
