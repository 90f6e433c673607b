import t from 'tap'
import { createWaiting } from './waiting.ts'

t.test('items come in their order, to those who waited and to those who come later', async (t) => {
  const waiting = createWaiting<number>()
  const first = waiting.next()
  waiting.add(1)
  waiting.add(2)
  t.same([await first, await waiting.next()], [1, 2])
})
