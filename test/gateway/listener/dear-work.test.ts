import t from 'tap'
import { restAfter } from '../../../src/gateway/listener/dear-work.ts'

t.test('all that is dear rests nineteen times as long as it took, together', (t) => {
  t.equal(restAfter(0, 1_000), 0)
  t.equal(restAfter(0.5, 1_000), 9.5)
  t.equal(restAfter(1, 1_001), 27.5, 'behind the rest of the one before')
  t.equal(restAfter(0, 1_004), 24.5, 'who has done nothing waits, too')
  t.equal(restAfter(1, 9_000), 19)
  t.equal(restAfter(60_000, 9_001), 5_000, 'nobody waits for ever behind what others did')
  t.end()
})
