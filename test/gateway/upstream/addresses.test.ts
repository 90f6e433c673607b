import type { LookupAddress } from 'node:dns'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { followAddresses } from '../../../src/gateway/upstream/addresses.ts'
import { createNames } from '../../../src/gateway/upstream/names.ts'

const one = (address: string): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })

/** Names that resolve to what stands in `answers`. */
function namesOf(answers: Readonly<Record<string, readonly string[] | Error>>) {
  return createNames({
    ask(name, done) {
      const found = answers[name] ?? new Error('unknown')
      if (found instanceof Error) done(found, [])
      else done(null, found.map(one))
    },
    now: () => performance.now(),
  })
}

t.test('a name has the addresses of the family that comes first, each once, in one order', async (t) => {
  let changes = 0
  const names = namesOf({ a: ['10.0.0.2', '10.0.0.1', '10.0.0.2', '::1'], b: ['::2', '10.0.0.3', '::1'] })
  const addresses = followAddresses(['a', 'b'], { names, before: undefined, changed: () => changes++ })
  t.teardown(addresses.stop)
  t.same(addresses.of('a'), [])
  await setImmediate()
  t.same(addresses.of('a'), ['10.0.0.1', '10.0.0.2'])
  t.same(addresses.of('b'), ['::1', '::2'])
  t.same(addresses.of('c'), [])
  t.equal(changes, 2)
})

t.test('what is known from before stays while nothing else is', async (t) => {
  const known = namesOf({ a: ['10.0.0.1'] })
  const before = followAddresses(['a'], { names: known, before: undefined, changed() {} })
  await setImmediate()
  before.stop()
  const names = namesOf({ a: Object.assign(new Error('later'), { code: 'EAI_AGAIN' }) })
  const after = followAddresses(['a'], { names, before, changed: () => t.fail('nothing has changed') })
  t.teardown(after.stop)
  await setImmediate()
  t.same(after.of('a'), ['10.0.0.1'])
})

t.test('nothing is told after the end', async (t) => {
  const names = namesOf({ a: ['10.0.0.1'] })
  followAddresses(['a'], { names, before: undefined, changed: () => t.fail('it has ended') }).stop()
  await setImmediate()
  t.end()
})
