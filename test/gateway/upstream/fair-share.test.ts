import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import t from 'tap'
import {
  createFairShare,
  type FairShare,
  type Sharer,
  type Turn,
} from '../../../src/gateway/upstream/fair-share.ts'

class Item implements Sharer<Item> {
  turn: Turn<Item> | undefined
  readonly party: string
  readonly client: string

  constructor(party: string, client = '') {
    this.party = party
    this.client = client
  }
}

/** What is next is taken. */
function takeNext(fair: FairShare<Item>, mayBe: (one: Item) => boolean = () => true): Item | undefined {
  let taken: Item | undefined
  fair.serve(
    () => taken === undefined,
    (one) => {
      if (!mayBe(one)) return false
      fair.take(one)
      taken = one
      return true
    },
  )
  return taken
}

const name = fc.constantFrom('a', 'b', 'c')
const step = fc.oneof(
  fc.record({ do: fc.constant('wait' as const), party: name, client: name }),
  fc.record({ do: fc.constant('take' as const), refused: fc.constantFrom('', 'a', 'b') }),
  fc.record({ do: fc.constant('leave' as const), which: fc.nat() }),
  fc.record({ do: fc.constant('give' as const), which: fc.nat() }),
  fc.record({ do: fc.constant('yield' as const), party: name, client: name }),
)

/** Counts what the share has to know, slowly. */
function createModel() {
  const waiting: Item[] = []
  const held: Item[] = []
  const count = (items: readonly Item[], party: string, client?: string) =>
    items.filter((one) => one.party === party && (client === undefined || one.client === client)).length
  return {
    waiting,
    held,
    /** Whether nobody who waits and may go on has less than this one, and none of its client came before. */
    isNext(one: Item, mayBe: (one: Item) => boolean): boolean {
      const may = waiting.filter(mayBe)
      const own = may.filter(({ party }) => party === one.party)
      return (
        may.every(({ party }) => count(held, one.party) <= count(held, party)) &&
        own.every(({ party, client }) => count(held, party, one.client) <= count(held, party, client)) &&
        own.find(({ client }) => client === one.client) === one
      )
    },
    /** Whether it is right that this one gives up its place, or nobody does. */
    isRight(one: Item | undefined, party: string, client: string): boolean {
      const most = Math.max(0, ...waiting.map((other) => count(waiting, other.party)))
      const mine = waiting.filter((other) => other.party === party)
      const mostOfMine = Math.max(0, ...mine.map((other) => count(mine, party, other.client)))
      if (most > mine.length + 1) return one !== undefined && count(waiting, one.party) === most
      if (mostOfMine > count(mine, party, client) + 1)
        return one?.party === party && count(mine, party, one.client) === mostOfMine
      return one === undefined
    },
  }
}

t.test('who is next holds the fewest connections, and whoever yields has most waiting', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const fair = createFairShare<Item>()
      const model = createModel()
      const { waiting, held } = model
      for (const one of steps) {
        if (one.do === 'wait') {
          const item = new Item(one.party, one.client)
          fair.wait(item)
          waiting.push(item)
        } else if (one.do === 'take') {
          const mayBe = ({ client }: Item) => client !== one.refused
          const next = takeNext(fair, mayBe)
          assert.equal(next === undefined, !waiting.some(mayBe))
          if (next === undefined) continue
          assert.ok(model.isNext(next, mayBe))
          held.push(...waiting.splice(waiting.indexOf(next), 1))
        } else if (one.do === 'leave') {
          const [item] = waiting.splice(one.which % Math.max(1, waiting.length), 1)
          if (item !== undefined) fair.leave(item)
        } else if (one.do === 'give') {
          const [item] = held.splice(one.which % Math.max(1, held.length), 1)
          if (item !== undefined) fair.give(item)
        } else assert.ok(model.isRight(fair.yields(one.party, one.client), one.party, one.client))
      }
    }),
    { numRuns: 500 },
  )
  t.pass('500 runs')
  t.end()
})

t.test('whoever comes in, nobody waits for more than one turn of each other party', (t) => {
  fc.assert(
    fc.property(fc.array(name, { minLength: 40, maxLength: 120 }), (comes) => {
      const fair = createFairShare<Item>()
      const passedOver = new Map<string, number>()
      let under: Item | undefined
      fair.wait(new Item('d'))
      for (const party of comes) {
        // One connection, and always somebody who comes: the one that waits comes to its turn.
        fair.wait(new Item(party))
        if (under !== undefined) fair.give(under)
        under = takeNext(fair)
        assert.ok(under)
        if (under.party === 'd') fair.wait(new Item('d'))
        for (const other of ['a', 'b', 'c', 'd'])
          passedOver.set(other, other === under.party ? 0 : (passedOver.get(other) ?? 0) + 1)
        assert.ok((passedOver.get('d') ?? 0) <= 3)
      }
    }),
    { numRuns: 200 },
  )
  t.pass('200 runs')
  t.end()
})

t.test('all that may go on is taken at once, whoever may not', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, name), { maxLength: 40 }), name, name, (comes, party, client) => {
      const fair = createFairShare<Item>()
      const items = comes.map(([of, from]) => new Item(of, from))
      for (const item of items) fair.wait(item)
      const mayBe = (one: Item) => one.party !== party && one.client !== client
      const taken: Item[] = []
      fair.serve(
        () => true,
        (one) => {
          if (!mayBe(one)) return false
          fair.take(one)
          taken.push(one)
          return true
        },
      )
      assert.deepEqual(new Set(taken), new Set(items.filter(mayBe)))
      // And the others when they may.
      const rest = items.length - taken.length
      for (let i = 0; i < rest; i++) assert.ok(takeNext(fair))
      assert.equal(takeNext(fair), undefined)
    }),
    { numRuns: 300 },
  )
  t.pass('300 runs')
  t.end()
})

t.test('who could not go on keeps the place that it had', (t) => {
  const fair = createFairShare<Item>()
  const items = ['a', 'b', 'c'].map((party) => new Item(party))
  for (const item of items) fair.wait(item)
  t.equal(takeNext(fair, ({ party }) => party === 'c')?.party, 'c')
  t.equal(takeNext(fair)?.party, 'a')
  t.equal(takeNext(fair)?.party, 'b')
  t.equal(takeNext(fair), undefined)
  t.end()
})

t.test('who has more waiting than before keeps its turn', (t) => {
  const fair = createFairShare<Item>()
  for (const party of ['a', 'b', 'a']) fair.wait(new Item(party))
  t.equal(takeNext(fair)?.party, 'a')
  fair.wait(new Item('c'))
  fair.wait(new Item('b'))
  t.equal(takeNext(fair)?.party, 'b')
  t.end()
})

t.test('those without a key are one party, however many they are', (t) => {
  const fair = createFairShare<Item>()
  for (let i = 0; i < 2_000; i++) fair.wait(new Item('', `stranger ${i}`))
  for (let i = 0; i < 3; i++) fair.wait(new Item('merchant'))
  t.equal(takeNext(fair)?.party, '')
  t.equal(takeNext(fair)?.party, 'merchant')
  t.equal(takeNext(fair)?.party, '', 'in turns')
  t.equal(takeNext(fair)?.party, 'merchant')
  t.end()
})
