import t from 'tap'
import { createCompactor } from '../../src/lookup/compact.ts'
import { recordOf } from './subject.ts'

t.test('the record is an equal one', async (t) => {
  const compact = createCompactor()
  const record = recordOf({ expiresAtMs: 5, secretExpiresAtMs: 7, permissions: ['b', 'a'], revision: 9 })
  t.same(compact(record), record)
  t.not(compact(record), record)
})

t.test('those that hold the same share one list, and nobody else does', async (t) => {
  const compact = createCompactor()
  const listOf = (...permissions: string[]) => compact(recordOf({ permissions })).permissions
  t.equal(listOf('a', 'b'), listOf('a', 'b'))
  for (const other of [['a'], ['b', 'a'], ['a b'], ['a,b'], ['a', 'b', ''], []]) {
    t.same(listOf(...other), other)
    t.not(listOf(...other), listOf('a', 'b'))
  }
})

t.test('those of whom the same is said share it', async (t) => {
  const compact = createCompactor()
  const said = () => ({ allowedIps: ['10.0.0.0/8'], rates: {}, inFlight: null, merchant: null })
  const one = compact(recordOf({ limits: said() }))
  t.same(one.limits, said())
  t.equal(compact(recordOf({ keyId: 'key_b', limits: said() })).limits, one.limits)
  t.not(compact(recordOf({ limits: { ...said(), allowedIps: [] } })).limits, one.limits)
})

t.test('what is remembered is bounded', async (t) => {
  const compact = createCompactor()
  const first = compact(recordOf({ permissions: ['a'] }))
  const others = Array.from({ length: 10_001 }, (_, i) =>
    recordOf({ merchantId: `mer_${i}`, permissions: [`p${i}`] }),
  )
  t.same(others.map(compact), others)
  t.not(compact(recordOf({ permissions: ['a'] })).permissions, first.permissions)
  t.same(compact(recordOf({ permissions: ['a'] })), first)
})
