import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import t from 'tap'
import { Queue, type Queued } from '../../../src/gateway/upstream/queue.ts'

class Item implements Queued<Item> {
  queuedIn: Queue<Item> | undefined
  queuedBefore: Item | undefined
  queuedAfter: Item | undefined
}

const step = fc.oneof(
  fc.record({ do: fc.constant('push' as const) }),
  fc.record({ do: fc.constant('unshift' as const) }),
  fc.record({ do: fc.constant('shift' as const) }),
  // Of all that there ever were: those that have left already, too.
  fc.record({ do: fc.constant('remove' as const), which: fc.nat() }),
)

t.test('what leaves is what an array says, and nothing that has left holds anything', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new Queue<Item>()
      const model: Item[] = []
      const all: Item[] = []
      for (const one of steps) {
        if (one.do === 'push') {
          const item = new Item()
          queue.push(item)
          model.push(item)
          all.push(item)
        } else if (one.do === 'unshift') {
          const item = new Item()
          queue.unshift(item)
          model.unshift(item)
          all.push(item)
        } else if (one.do === 'shift') assert.equal(queue.shift(), model.shift())
        else {
          const item = all[one.which % all.length]
          if (item === undefined) continue
          queue.remove(item)
          if (model.includes(item)) model.splice(model.indexOf(item), 1)
        }
        assert.equal(queue.length, model.length)
        for (const item of all.filter((item) => !model.includes(item))) {
          assert.deepEqual(item, new Item())
        }
      }
      while (model.length > 0) assert.equal(queue.shift(), model.shift())
      assert.equal(queue.shift(), undefined)
    }),
    { numRuns: 200 },
  )
  t.pass('200 runs')
  t.end()
})

t.test('what has left may come again', (t) => {
  const queue = new Queue<Item>()
  const [one, two] = [new Item(), new Item()]
  queue.push(one)
  queue.push(two)
  queue.remove(one)
  queue.push(one)
  // It waits already.
  queue.push(two)
  t.equal(queue.shift(), two)
  t.equal(queue.shift(), one)
  t.equal(queue.length, 0)
  t.end()
})

t.test('nothing waits in two queues', (t) => {
  const [queue, other] = [new Queue<Item>(), new Queue<Item>()]
  const item = new Item()
  queue.push(item)
  t.throws(() => other.push(item), /another queue/)
  other.remove(item)
  t.equal(queue.length, 1)
  t.equal(other.length, 0)
  t.equal(queue.shift(), item)
  other.push(item)
  t.equal(other.first, item)
  t.end()
})
