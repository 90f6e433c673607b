import t from 'tap'
import { restAfter } from '../../../src/gateway/listener/dear-work.ts'

t.test('all that is dear rests together, four times as long as it took, and has nothing saved up', (t) => {
  t.equal(restAfter(0, 1_000), 0)
  t.equal(restAfter(0.5, 1_000), 2)
  t.equal(restAfter(1, 1_001), 5, 'behind the rest of the one before')
  t.equal(restAfter(0, 1_004), 2, 'who has done nothing waits, too')
  t.equal(restAfter(1, 9_000), 4)
  t.end()
})
