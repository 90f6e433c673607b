import * as fc from 'fast-check'
import t from 'tap'
import { denyKinds } from '../../src/config/deny.ts'
import { createDenyWords, type DenyWord, isLater } from '../../src/lookup/deny-words.ts'

const word = (of: Partial<DenyWord> = {}): DenyWord => ({
  kind: 'key',
  value: 'key_0123456789',
  isDenied: true,
  atMs: 1_000,
  actor: 'ann',
  ...of,
})

t.test('the last word about an entry counts', async (t) => {
  const words = createDenyWords()
  t.equal(words.hear(word()), true)
  t.equal(words.hear(word()), false, 'once is enough')
  t.equal(words.hear(word({ isDenied: false, atMs: 999 })), false)
  t.equal(words.get(word())?.isDenied, true)
  t.equal(words.hear(word({ isDenied: false, atMs: 1_001 })), true)
  t.equal(words.get(word())?.isDenied, false)
  t.equal(words.hear(word({ value: 'key_9876543210' })), true, 'others are not touched by it')
  t.equal(words.all().length, 2)
})

t.test('of two words at one moment the denial counts', async (t) => {
  const [denied, allowed] = [word(), word({ isDenied: false })]
  t.equal(isLater(denied, allowed), true)
  t.equal(isLater(allowed, denied), false)
})

t.test('a writer with a slow clock still comes after what it knows of', async (t) => {
  const words = createDenyWords()
  t.equal(words.timeFor(word(), 50), 50)
  words.hear(word())
  t.equal(words.timeFor(word(), 50), 1_001)
  t.equal(words.timeFor(word(), 5_000), 5_000)
})

t.test('what was taken back long ago is forgotten, what is denied never', async (t) => {
  const words = createDenyWords()
  const old = word({ value: 'key_9876543210', isDenied: false })
  words.hear(word())
  words.hear(old)
  const sum = words.sum()
  t.same(words.forget(1_000), [])
  t.same(words.forget(1_001), [old])
  t.same(words.all(), [word()])
  t.equal(words.sum(), sum)
})

t.test('instances that heard the same words, in any order, hold the same', async (t) => {
  const anyWord = fc.record({
    kind: fc.constantFrom(...denyKinds),
    value: fc.constantFrom('a', 'b'),
    isDenied: fc.boolean(),
    atMs: fc.integer({ min: 0, max: 3 }),
    actor: fc.constant('ann'),
  })
  const shuffled = fc
    .array(anyWord, { maxLength: 20 })
    .chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray([...list, ...list], { minLength: 2 * list.length })),
    )
  fc.assert(
    fc.property(shuffled, ([list, other]) => {
      const [one, two] = [createDenyWords(), createDenyWords()]
      for (const said of list) one.hear(said)
      for (const said of other) two.hear(said)
      const held = (words: typeof one) =>
        words
          .all()
          .map((said) => JSON.stringify(said))
          .toSorted()
          .join()
      return one.sum() === two.sum() && held(one) === held(two)
    }),
  )
  t.pass()
})
