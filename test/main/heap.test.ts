import t from 'tap'
import { growthOf } from '../../src/main/heap.ts'

const mebibyte = 1024 * 1024

void t.test('a small heap may grow to what costs nothing, a large one by a fifth', async (t) => {
  t.equal(growthOf(16 * mebibyte), 300)
  t.equal(growthOf(40 * mebibyte), 140)
  t.equal(growthOf(60 * mebibyte), 60)
  t.equal(growthOf(75 * mebibyte), 28)
  t.equal(growthOf(96 * mebibyte), 20)
  t.equal(growthOf(4_000 * mebibyte), 20)
})
