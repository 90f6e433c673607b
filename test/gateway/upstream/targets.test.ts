import t from 'tap'
import type { Target } from '../../../src/gateway/upstream/target.ts'
import { createTargets, type Weighted } from '../../../src/gateway/upstream/targets.ts'

/** A target as the choice sees one. */
interface Seen {
  readonly target: Target
  inFlight: number
  isAvailable: boolean
  isFull: boolean
  returnedAt: number
  hasOthers: boolean | undefined
}

function seen(name: string): Seen {
  const nothing = () => {}
  const one: Seen = {
    ...{ inFlight: 0, isAvailable: true, isFull: false, returnedAt: 0, hasOthers: undefined },
    target: {
      ...{ name, host: name, opened: name, connect: nothing, judge: nothing },
      connections: {
        ...{ send: nothing, sendAnew: nothing, withdraw: nothing, enter: nothing, leave: nothing },
        isFull: () => one.isFull,
        hasOpen: () => false,
        inFlight: () => one.inFlight,
        yieldsTo: () => false,
        closeOldest: () => false,
        habit: () => undefined,
        close: async () => {},
      },
      isAvailable: () => one.isAvailable,
      returnedAt: () => one.returnedAt,
      watch: (hasOthers) => (one.hasOthers = hasOthers),
    },
  }
  return one
}

const weighing = (...pairs: [Seen, number][]): Weighted[] =>
  pairs.map(([{ target }, weight]) => ({ target, weight }))

/** How many of so many requests, each of which is over before the next, go to whom. */
function shares(targets: ReturnType<typeof createTargets>, count: number): Record<string, number> {
  const chosen: Record<string, number> = {}
  for (let i = 0; i < count; i++) {
    const { name } = targets.choose()
    chosen[name] = (chosen[name] ?? 0) + 1
  }
  return chosen
}

t.test('one target gets everything, whatever is thought of it', (t) => {
  const a = seen('a')
  const targets = createTargets(weighing([a, 1]))
  t.equal(a.hasOthers, undefined, 'not before they are in force')
  targets.begin()
  a.isAvailable = false
  a.isFull = true
  t.equal(targets.choose(), a.target)
  t.equal(a.hasOthers, false)
  t.equal(targets.other([]), undefined)
  t.end()
})

t.test('the target with least under way for its weight is chosen', (t) => {
  const [a, b] = [seen('a'), seen('b')]
  const targets = createTargets(weighing([a, 1], [b, 2]))
  targets.begin()
  a.inFlight = 3
  b.inFlight = 5
  t.equal(targets.choose(), b.target, '5 of 2 is less than 3 of 1')
  b.inFlight = 7
  t.equal(targets.choose(), a.target)
  t.ok(a.hasOthers && b.hasOthers)
  t.end()
})

t.test('where nothing is under way requests are shared by weight, each in its turn', (t) => {
  const [a, b, c] = [seen('a'), seen('b'), seen('c')]
  t.same(shares(createTargets(weighing([a, 1], [b, 1], [c, 1])), 300), { a: 100, b: 100, c: 100 })
  t.same(shares(createTargets(weighing([a, 5], [b, 3], [c, 2])), 1_000), { a: 500, b: 300, c: 200 })
  const targets = createTargets(weighing([a, 2], [b, 1]))
  t.equal(Array.from({ length: 6 }, () => targets.choose().name).join(''), 'abaaba')
  t.end()
})

t.test('weight 0 gets nothing, also where no other is available', (t) => {
  const [a, b] = [seen('a'), seen('b')]
  const targets = createTargets(weighing([a, 0], [b, 1]))
  targets.begin()
  b.isAvailable = false
  t.same(shares(targets, 10), { b: 10 })
  t.equal(b.hasOthers, false)
  t.equal(targets.other([b.target]), undefined)
  t.equal(targets.all().length, 2)
  t.end()
})

t.test('who is not available gets nothing while others are; where nobody is, all are tried', (t) => {
  const [a, b] = [seen('a'), seen('b')]
  const targets = createTargets(weighing([a, 1], [b, 1]))
  a.isAvailable = false
  b.inFlight = 1_000
  t.same(shares(targets, 10), { b: 10 })
  b.isFull = true
  t.same(shares(targets, 10), { b: 10 }, 'full is better than away')
  b.isAvailable = false
  b.inFlight = 0
  t.same(shares(targets, 10), { a: 5, b: 5 })
  t.equal(targets.other([b.target]), undefined, 'and none is worth a second attempt')
  t.end()
})

t.test('a full one is passed over while another has room', (t) => {
  const [a, b] = [seen('a'), seen('b')]
  const targets = createTargets(weighing([a, 1], [b, 1]))
  a.isFull = true
  b.inFlight = 1_000
  t.same(shares(targets, 10), { b: 10 })
  t.end()
})

t.test('another one is none of those that were tried', (t) => {
  const [a, b, c] = [seen('a'), seen('b'), seen('c')]
  const targets = createTargets(weighing([a, 1], [b, 1], [c, 1]))
  t.notSame(targets.other([a.target])?.name, 'a')
  t.equal(targets.other([a.target, b.target]), c.target)
  t.equal(targets.other([a.target, b.target, c.target]), undefined)
  c.isAvailable = false
  t.equal(targets.other([a.target, b.target]), undefined)
  t.end()
})

t.test('who has just come back begins with little', (t) => {
  const [a, b] = [seen('a'), seen('b')]
  const targets = createTargets(weighing([a, 1], [b, 1]))
  a.returnedAt = performance.now()
  a.inFlight = 1
  b.inFlight = 5
  t.equal(targets.choose(), b.target, '1 of a tenth is more than 5')
  a.returnedAt = performance.now() - 60_000
  t.equal(targets.choose(), a.target)
  t.end()
})

t.test('others can take their place', (t) => {
  const [a, b, c] = [seen('a'), seen('b'), seen('c')]
  const targets = createTargets(weighing([a, 1], [b, 1]))
  targets.begin()
  targets.set(weighing([b, 1], [c, 1]))
  t.same(shares(targets, 10), { b: 5, c: 5 })
  targets.set(weighing([c, 1]))
  t.same(shares(targets, 10), { c: 10 })
  t.equal(c.hasOthers, false)
  t.end()
})
