import type { LookupAddress } from 'node:dns'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { type Addresses, followAddresses } from '../../../src/gateway/upstream/addresses.ts'
import { againMs, createNames, deniedMs, keptMs } from '../../../src/gateway/upstream/names.ts'

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

/** The same, at a time that the test sets. */
function clockedNames() {
  const answers: Record<string, readonly string[] | Error> = {}
  let nowMs = 0
  const asked: string[] = []
  const names = createNames({
    ask(name, done) {
      asked.push(name)
      const found = answers[name]
      if (found === undefined) return
      if (found instanceof Error) done(found, [])
      else done(null, found.map(one))
    },
    now: () => nowMs,
  })
  return { names, answers, asked, pass: (milliseconds: number) => void (nowMs += milliseconds) }
}

const failing = (code: string) => Object.assign(new Error(code), { code })

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
  const { names, answers, pass } = clockedNames()
  answers.a = ['10.0.0.1']
  const before = followAddresses(['a'], { names, before: undefined, changed() {} })
  await setImmediate()
  before.stop()
  pass(againMs)
  answers.a = failing('EAI_AGAIN')
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

for (const [code, lastsMs] of [
  ['ENOTFOUND', deniedMs],
  ['EAI_AGAIN', keptMs],
  [undefined, keptMs],
] as const)
  t.test(`what is known runs out when name servers say ${code ?? 'nothing at all'}`, async (t) => {
    const { names, answers, pass } = clockedNames()
    answers.a = ['10.0.0.1']
    let changes = 0
    const follow = (before?: Addresses) => {
      const addresses = followAddresses(['a'], { names, before, changed: () => changes++ })
      t.teardown(addresses.stop)
      return addresses
    }
    const first = follow()
    await setImmediate()
    if (code === undefined) delete answers.a
    else answers.a = failing(code)
    pass(lastsMs - 1)
    names.ask('a')
    await setImmediate()
    t.same(first.of('a'), ['10.0.0.1'])
    pass(1)
    first.stop()
    const second = follow(first)
    await setImmediate()
    t.same(second.of('a'), [], 'nothing stale is handed on')
    t.equal(changes, 2)
  })

t.test('each look asks anew, and what it finds counts at once', async (t) => {
  const { names, answers, asked, pass } = clockedNames()
  answers.a = ['10.0.0.1']
  const addresses = followAddresses(['a'], { names, before: undefined, changed() {} })
  t.teardown(addresses.stop)
  await setImmediate()
  pass(againMs)
  answers.a = ['10.0.0.2']
  followAddresses(['a'], { names, before: addresses, changed() {} }).stop()
  await setImmediate()
  t.same(asked, ['a', 'a'], 'though the answer before is fresh')
  t.same(addresses.of('a'), ['10.0.0.2'])
})
