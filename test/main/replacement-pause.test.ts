import t from 'tap'
import { createReplacementPause } from '../../src/main/replacement-pause.ts'

t.test('the pause grows with each failure of all, up to a bound, and begins anew after a success', (t) => {
  const pause = createReplacementPause(2)
  const pauses = Array.from({ length: 14 }, () => pause.next())
  t.same(pauses.slice(0, 8), [1_000, 1_000, 2_000, 2_000, 4_000, 4_000, 8_000, 8_000])
  t.same(
    pauses.slice(8),
    Array.from({ length: 6 }, () => 15_000),
  )
  pause.reset()
  t.equal(pause.next(), 1_000)
  t.end()
})
