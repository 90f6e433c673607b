// What came in pieces goes on in few.

import {
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  property,
  tuple,
} from 'fast-check'
import t from 'tap'
import { Pieces } from '../../../src/gateway/exchange/pieces.ts'

const sizes = oneof(
  constant(1),
  integer({ min: 1, max: 300 }),
  constantFrom(2_047, 2_048, 2_049, 16_383, 16_384, 16_385, 70_000),
)

t.test('the bytes are the same, whatever they came in, borrowed or not', (t) => {
  assert(
    property(array(tuple(sizes, boolean()), { maxLength: 60 }), nat(255), (given, seed) => {
      const pieces = new Pieces()
      for (let round = 0; round < 2; round++) {
        const all: Buffer[] = []
        for (const [i, [size, isBorrowed]] of given.entries()) {
          const piece = Buffer.alloc(size, seed + i)
          all.push(Buffer.from(piece))
          if (isBorrowed) pieces.addCopy(piece)
          else pieces.add(piece)
          // Who lends a piece uses its place again.
          if (isBorrowed) piece.fill(0xee)
        }
        const whole = Buffer.concat(all)
        const isCounted = pieces.bytes === whole.length && pieces.count === given.length
        if (!isCounted || !Buffer.concat(pieces.take()).equals(whole)) return false
      }
      return pieces.bytes === 0 && pieces.count === 0
    }),
  )
  t.end()
})

t.test('small ones are put together, large ones stay what they are', (t) => {
  const pieces = new Pieces()
  for (let i = 0; i < 10_000; i++) pieces.add(Buffer.from('x'))
  const large = Buffer.alloc(64 * 1024)
  pieces.add(large)
  const taken = pieces.take()
  t.equal(taken.length, 3)
  t.equal(taken.at(-1), large)
  t.end()
})
