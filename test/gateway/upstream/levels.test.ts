import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import t from 'tap'
import { Levels } from '../../../src/gateway/upstream/levels.ts'
import type { Queue, Queued } from '../../../src/gateway/upstream/queue.ts'

class Item implements Queued<Item> {
  queuedIn: Queue<Item> | undefined
  queuedBefore: Item | undefined
  queuedAfter: Item | undefined
  readonly level: number

  constructor(level: number) {
    this.level = level
  }
}

const step = fc.oneof(
  fc.record({ level: fc.oneof(fc.nat(3), fc.nat(70), fc.nat(1_022)), isFirst: fc.boolean() }),
  fc.record({ which: fc.nat() }),
)

t.test('lowest and highest are what a sorted array says', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const levels = new Levels<Item>()
      const model: Item[] = []
      for (const one of steps) {
        if ('level' in one) {
          const item = new Item(one.level)
          levels.add(item, item.level, one.isFirst ? 'first' : 'last')
          if (one.isFirst) model.unshift(item)
          else model.push(item)
        } else {
          const [item] = model.splice(one.which % Math.max(1, model.length), 1)
          if (item !== undefined) levels.remove(item, item.level)
        }
        const lowest = Math.min(...model.map(({ level }) => level))
        const highest = Math.max(...model.map(({ level }) => level))
        assert.equal(
          levels.firstOfLowest(),
          model.find(({ level }) => level === lowest),
        )
        assert.equal(
          levels.firstOfHighest(),
          model.find(({ level }) => level === highest),
        )
      }
    }),
    { numRuns: 300 },
  )
  t.pass('300 runs')
  t.end()
})

t.test('beyond the last level all are as high', (t) => {
  const levels = new Levels<Item>()
  const [one, two] = [new Item(5_000), new Item(1_023)]
  levels.add(one, one.level)
  levels.add(two, two.level)
  t.equal(levels.firstOfHighest(), one)
  levels.remove(one, one.level)
  t.equal(levels.firstOfHighest(), two)
  levels.remove(two, two.level)
  t.equal(levels.firstOfLowest(), undefined)
  t.end()
})
