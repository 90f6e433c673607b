// Contract 5.7.

import * as fc from 'fast-check'
import t from 'tap'
import { expandPermissions, meets } from '../../src/credentials/permission.ts'

const vocabulary = ['transaction.refund', 'transaction.read', 'subscription.read']
const names = fc.constantFrom(...vocabulary, 'gone.read', 'TRANSACTION.READ')

void t.test('* is expanded to the whole vocabulary, sorted', async (t) => {
  t.same(expandPermissions(['*'], vocabulary), [
    'subscription.read',
    'transaction.read',
    'transaction.refund',
  ])
  t.same(expandPermissions(['*', 'transaction.read'], vocabulary).length, 3)
})

void t.test('what a key holds is sorted, without repeats, and within the vocabulary', async () => {
  fc.assert(
    fc.property(fc.array(names), (held) => {
      const expanded = expandPermissions(held, vocabulary)
      const isSorted = expanded.every((name, index) => index === 0 || (expanded[index - 1] ?? '') < name)
      return isSorted && expanded.every((name) => held.includes(name) && vocabulary.includes(name))
    }),
  )
})

void t.test('nothing held stays nothing, and the vocabulary is left as it was', async (t) => {
  const before = [...vocabulary]
  t.same(expandPermissions([], vocabulary), [])
  expandPermissions(['*'], vocabulary)
  t.same(vocabulary, before)
})

void t.test('all asks for every permission, any for one of them, public for none', async (t) => {
  const [a, b] = ['transaction.read', 'transaction.refund'] as const
  const both = [a, b]
  for (const [held, all, any] of [
    [[], false, false],
    [[a], false, true],
    [[b], false, true],
    [[a, b], true, true],
    [['other'], false, false],
  ] as const) {
    const set = new Set<string>(held)
    t.equal(meets({ kind: 'all', permissions: both }, set), all)
    t.equal(meets({ kind: 'any', permissions: both }, set), any)
    t.equal(meets({ kind: 'public' }, set), true)
  }
})

void t.test('holding more never closes a route', async () => {
  const requirements = fc.record({
    kind: fc.constantFrom('all' as const, 'any' as const),
    permissions: fc.array(names, { minLength: 1 }),
  })
  fc.assert(
    fc.property(requirements, fc.array(names), names, (requirement, held, more) => {
      const before = meets(requirement, new Set(held))
      return !before || meets(requirement, new Set([...held, more]))
    }),
  )
})

void t.test('a permission is its whole name: neither part nor case counts', async (t) => {
  for (const held of ['transaction', 'transaction.*', 'transaction.read2', 'Transaction.read', '*']) {
    t.notOk(meets({ kind: 'all', permissions: ['transaction.read'] }, new Set([held])), held)
  }
})
