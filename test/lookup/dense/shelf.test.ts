import * as fc from 'fast-check'
import t from 'tap'
import { createShelf, digestWords } from '../../../src/lookup/dense/shelf.ts'

/** Few places in the hash table for many digests, so that they stand in each other's way. */
function digestOf(n: number): Uint32Array {
  const digest = new Uint32Array(digestWords)
  digest[0] = n % 3
  digest[7] = n
  return digest
}

const rowBytes = 40
const step = fc.record({ act: fc.constantFrom('place', 'remove', 'find'), n: fc.nat(40) })

t.test('it finds what was placed and neither removed nor given up, as a plain map does', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), fc.integer({ min: 1, max: 30 }), (steps, max) => {
      const shelf = createShelf(max, rowBytes)
      const model = new Map<number, number>()
      for (const { act, n } of steps) {
        const row = shelf.find(digestOf(n))
        if ((model.get(n) ?? -1) !== row) throw new Error(`${n} is in row ${row}`)
        if (row >= 0 && shelf.bytes.readUInt32LE(row * rowBytes + 36) !== n) throw new Error('of another one')
        if (act === 'remove' && row >= 0) {
          shelf.remove(row)
          model.delete(n)
        }
        if (act !== 'place' || row >= 0) continue
        const placed = shelf.place(digestOf(n), (leaving) => {
          const [name] = [...model].find(([, at]) => at === leaving) ?? []
          if (name === undefined || model.size < max) throw new Error(`row ${leaving} has to leave`)
          model.delete(name)
        })
        shelf.bytes.writeUInt32LE(n, placed * rowBytes + 36)
        model.set(n, placed)
        if (shelf.size !== model.size) throw new Error('size')
      }
    }),
  )
  t.end()
})

t.test('rows stay where they are as it grows, and who is asked for is not given up', (t) => {
  const shelf = createShelf(1_000, rowBytes)
  for (let n = 0; n < 1_000; n++) {
    const row = shelf.place(digestOf(n), () => t.fail('there is room'))
    shelf.bytes.writeUInt32LE(n, row * rowBytes + 36)
  }
  for (let n = 0; n < 1_000; n++) {
    const row = shelf.find(digestOf(n))
    if (shelf.bytes.readUInt32LE(row * rowBytes + 36) !== n) t.fail(`row of ${n}`)
  }
  const another = createShelf(4, rowBytes)
  for (let n = 0; n < 4; n++) another.place(digestOf(n), () => t.fail('there is room'))
  another.find(digestOf(0))
  const left: number[] = []
  another.place(digestOf(9), (row) => void left.push(row))
  t.same(left, [1])
  t.equal(another.find(digestOf(1)), -1)
  t.ok(another.find(digestOf(0)) >= 0)
  t.end()
})
