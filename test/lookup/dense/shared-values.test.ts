import t from 'tap'
import { createSharedValues } from '../../../src/lookup/dense/shared-values.ts'

t.test('a value is kept once, for as long as somebody has it', (t) => {
  const shared = createSharedValues<object>()
  const value = {}
  const number = shared.take('a', () => value)
  t.equal(
    shared.take('a', () => ({ another: true })),
    number,
  )
  t.equal(shared.get(number), value)
  shared.release(number)
  t.equal(shared.get(number), value, 'somebody still has it')
  shared.release(number)
  t.throws(() => shared.get(number), RangeError)
  t.equal(shared.size, 0)
  t.end()
})

t.test('numbers are used again, and stay apart', (t) => {
  const shared = createSharedValues<string>()
  const [a, b] = [shared.take('a', () => 'A'), shared.take('b', () => 'B')]
  shared.release(a)
  const c = shared.take('c', () => 'C')
  t.equal(c, a)
  t.same([shared.get(b), shared.get(c)], ['B', 'C'])
  t.equal(
    shared.take('a', () => 'A again'),
    2,
  )
  t.end()
})
