// Who sends crumbs waits, all of them together; who sends pieces of any use does not.

import t from 'tap'
import { areManyCrumbs, restAfterCrumbs } from '../../../src/gateway/exchange/crumbs.ts'

t.test('what honest senders send is read without a rest', (t) => {
  for (const gathered of [
    { count: 1, bytes: 1 },
    { count: 200, bytes: 200 },
    { count: 600, bytes: 60_000 },
    { count: 5_000, bytes: 320_000 },
    { count: 30, bytes: 2_000_000 },
  ]) {
    t.notOk(areManyCrumbs(gathered))
    t.equal(restAfterCrumbs(gathered, 1_000), 0)
  }
  t.end()
})

t.test('crumbs rest by their number, and whoever comes meanwhile rests behind those before', (t) => {
  const crumbs = { count: 10_000, bytes: 10_000 }
  const first = restAfterCrumbs(crumbs, 5_000)
  t.ok(first > 0)
  t.equal(restAfterCrumbs(crumbs, 5_000), 2 * first, 'another body in the same turn')
  t.equal(restAfterCrumbs(crumbs, 5_000 + first), 2 * first)
  t.equal(restAfterCrumbs(crumbs, 60_000), first, 'after a quiet time there is nothing to wait for')
  t.end()
})
