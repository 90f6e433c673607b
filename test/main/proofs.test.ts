// Contract 10.2: where each process takes a proof by itself, that is told.

import t from 'tap'
import { openProofs } from '../../src/main/proofs.ts'

function subject(instances: number) {
  const told: string[] = []
  let monotonicMs = 0
  const proofs = openProofs({
    core: { redis: null, instances: () => instances, now: () => 1_000_000, monotonicNow: () => monotonicMs },
    metrics: { counter() {} },
    log: { warn: (said: unknown) => void told.push(String(said)) },
  })
  return { proofs, told, pass: (ms: number) => void (monotonicMs += ms) }
}

t.test('without Redis several processes take a proof once each, which is told once a minute', (t) => {
  const { proofs, told, pass } = subject(2)
  t.equal(proofs.take('a', 1_060_000), 'first')
  t.equal(proofs.take('b', 1_060_000), 'first')
  t.match(told, [/no Redis.*once in each/])
  t.equal(told.length, 1)
  pass(60_000)
  proofs.take('c', 1_060_000)
  t.equal(told.length, 2)
  t.end()
})

t.test('the only process has nothing to tell', (t) => {
  const { proofs, told } = subject(1)
  proofs.take('a', 1_060_000)
  t.same(told, [])
  t.end()
})
