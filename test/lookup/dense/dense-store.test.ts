import * as fc from 'fast-check'
import t from 'tap'
import { createDenseStore } from '../../../src/lookup/dense/dense-store.ts'
import type { KnownEntry } from '../../../src/lookup/entry.ts'
import { createIds } from '../../../src/telemetry/request-id.ts'
import { digestOf, recordOf } from '../subject.ts'

const newId = createIds(Date.now)
const merchants = Array.from({ length: 5 }, () => newId('mer'))
const lists = [['transaction.read'], ['transaction.read', 'transaction.refund'], ['*']]
const digests = Array.from({ length: 60_000 }, (_, n) => digestOf(`${n}`))

function entryOf(n: number, revision = 5): KnownEntry {
  const record = recordOf({
    ...{ keyId: newId('key'), secretId: newId('sec'), merchantId: merchants[n % 5] ?? '' },
    ...{ permissions: lists[n % 3] ?? [], revision: n },
  })
  const state = { revision, version: -1, history: 0 }
  return { record, ...state, confirmedAt: 1_000, offerAt: 2_000, isOwn: true }
}

const step = fc.record({ act: fc.constantFrom('set', 'delete', 'get', 'learn'), n: fc.nat(30) })

t.test('it gives what was set last, as objects or from their rows, as a plain map does', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 5 }), (steps, objects) => {
      const store = createDenseStore(1_000, objects)
      const model = new Map<number, KnownEntry>()
      for (const { act, n } of steps) {
        const digest = digests[n] ?? ''
        if (act === 'set') {
          const entry = entryOf(n)
          store.set(digest, entry)
          model.set(n, { ...entry })
        } else if (act === 'delete') {
          store.delete(digest)
          model.delete(n)
        } else {
          const [got, expected] = [store.get(digest), model.get(n)]
          if (got?.revision !== expected?.revision || got?.record.keyId !== expected?.record.keyId)
            throw new Error(`${n}: ${JSON.stringify(got)}`)
          if (act === 'learn' && got !== undefined && expected !== undefined)
            got.revision = ++expected.revision
        }
        if (store.size !== model.size) throw new Error('size')
      }
    }),
  )
  t.end()
})

t.test('far more than it may hold: as good as all places are taken, and who was asked for is there', (t) => {
  const max = 40_000
  const store = createDenseStore(max)
  const hot = digests.slice(0, 100)
  for (const [n, digest] of digests.entries()) {
    store.set(digest, entryOf(n))
    if (n % 1_000 === 999) for (const one of hot) store.get(one)
  }
  t.ok(store.size <= max)
  t.ok(store.size > 0.97 * max, `${store.size}`)
  t.equal(hot.filter((digest) => store.get(digest) !== undefined).length, hot.length)
  for (const [n, digest] of digests.entries()) {
    const entry = store.get(digest)
    if (entry !== undefined && entry.record.revision !== n) t.fail(`${digest} is another one's`)
  }
  for (const digest of digests) store.delete(digest)
  t.equal(store.size, 0)
  t.end()
})

t.test('the same object comes each time while it is in use', (t) => {
  const store = createDenseStore(100, 2)
  const [a = '', b = '', c = ''] = digests
  store.set(a, entryOf(0))
  const first = store.get(a)
  t.equal(store.get(a), first)
  for (const digest of [b, c]) store.set(digest, entryOf(1))
  store.set(digests[3] ?? '', entryOf(1))
  const again = store.get(a)
  t.not(again, first)
  t.strictSame(again?.record, first?.record)
  t.end()
})

t.test('what does not fit a row is not kept, nor what it was to replace', (t) => {
  const store = createDenseStore(100)
  const [digest = ''] = digests
  store.set(digest, entryOf(0))
  store.set(digest, { ...entryOf(0), confirmedAt: Number.NEGATIVE_INFINITY })
  t.equal(store.get(digest), undefined)
  t.throws(() => store.get('a'.repeat(63)), RangeError)
  t.throws(() => store.get('key'), RangeError)
  t.end()
})

t.test('what was learned of an object stays when it is given up, when it is to be offered too', (t) => {
  const store = createDenseStore(100, 1)
  const [a = '', b = ''] = digests
  store.set(a, entryOf(0))
  const first = store.get(a)
  if (first !== undefined) first.offerAt = 9_000
  store.set(b, entryOf(1))
  t.equal(store.get(a)?.offerAt, 9_000)
  t.end()
})
