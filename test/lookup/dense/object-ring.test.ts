import t from 'tap'
import { createObjectRing } from '../../../src/lookup/dense/object-ring.ts'

t.test('who was used since has a second chance, and the others are given up in turn', (t) => {
  const ring = createObjectRing<string>(3)
  const gone: [string, number][] = []
  const hold = (name: string, place: number) => ring.hold(name, place, (...left) => void gone.push(left))
  const [a, b, c] = [hold('a', 7), hold('b', 8), hold('c', 9)]
  t.equal(ring.use(a), 'a')
  t.equal(hold('d', 10), b)
  t.same(gone, [['b', 8]])
  t.equal(hold('e', 11), c)
  t.equal(hold('f', 12), a, 'once is no second time')
  t.same(gone, [
    ['b', 8],
    ['c', 9],
    ['a', 7],
  ])
  t.end()
})

t.test('a slot that was freed takes another one without anybody being given up', (t) => {
  const ring = createObjectRing<string>(2)
  const slot = ring.hold('a', 1, () => t.fail('there was room'))
  ring.hold('b', 2, () => t.fail('there was room'))
  ring.free(slot)
  t.throws(() => ring.use(slot), RangeError)
  t.equal(
    ring.hold('c', 3, () => t.fail('it is free')),
    slot,
  )
  t.equal(ring.use(slot), 'c')
  t.end()
})
