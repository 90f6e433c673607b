import type { LookupAddress } from 'node:dns'
import type { NetworkInterfaceInfo } from 'node:os'
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

/** A machine with one address beyond itself and its link for each family that is named. */
function machineWith(...families: ('IPv4' | 'IPv6')[]) {
  const addresses = { IPv4: '192.0.2.7', IPv6: '2001:db8::7' } as const
  const info = (address: string, family: 'IPv4' | 'IPv6', internal = false): NetworkInterfaceInfo =>
    family === 'IPv4'
      ? { address, family, internal, netmask: '', mac: '', cidr: null }
      : { address, family, internal, netmask: '', mac: '', cidr: null, scopeid: 0 }
  const always = [info('::1', 'IPv6', true), info('fe80::1', 'IPv6'), info('127.0.0.1', 'IPv4', true)]
  return () => ({ all: [...always, ...families.map((family) => info(addresses[family], family))] })
}

const bothFamilies = machineWith('IPv4', 'IPv6')

t.test('a name has the addresses of both families, each once, in one order', async (t) => {
  let changes = 0
  const names = namesOf({ a: ['10.0.0.2', '10.0.0.1', '10.0.0.2', '::1'], b: ['::2', '10.0.0.3', '::1'] })
  const addresses = followAddresses(['a', 'b'], {
    ...{ names, before: undefined, interfaces: bothFamilies },
    changed: () => changes++,
  })
  t.teardown(addresses.stop)
  t.same(addresses.of('a'), [])
  await setImmediate()
  t.same(addresses.of('a'), ['10.0.0.1', '10.0.0.2', '::1'])
  t.same(addresses.of('b'), ['10.0.0.3', '::1', '::2'])
  t.same(addresses.of('c'), [])
  t.equal(changes, 2)
})

t.test('a family that the machine has no address of is left out, unless it is all there is', async (t) => {
  const names = namesOf({
    a: ['2001:db8::1', '10.0.0.1', '::1'],
    b: ['2001:db8::1'],
    c: ['10.0.0.1', 'fd00::1'],
  })
  const of = async (name: string, interfaces: ReturnType<typeof machineWith>) => {
    const addresses = followAddresses(['a', 'b', 'c'], { names, before: undefined, changed() {}, interfaces })
    await setImmediate()
    addresses.stop()
    return addresses.of(name)
  }
  t.same(await of('a', machineWith('IPv4')), ['10.0.0.1', '::1'], 'a link is no way there')
  t.same(await of('a', machineWith('IPv6')), ['2001:db8::1', '::1'])
  t.same(await of('b', machineWith('IPv4')), ['2001:db8::1'])
  t.same(await of('c', machineWith()), ['10.0.0.1', 'fd00::1'], 'nobody knows better')
})

t.test('of more than 64 each process takes its own, and another one changes one at most', async (t) => {
  const many = Array.from({ length: 200 }, (_, n) => `10.0.1.${n}`)
  const answers = { a: many }
  const taken = async (choice?: string) => {
    const names = namesOf(answers)
    const deps = { names, before: undefined, changed() {}, ...(choice !== undefined && { choice }) }
    const addresses = followAddresses(['a'], deps)
    await setImmediate()
    addresses.stop()
    return addresses.of('a')
  }
  const processes = await Promise.all(Array.from({ length: 20 }, async (_, n) => taken(`process ${n}`)))
  for (const one of processes) t.equal(one.length, 64)
  t.equal(new Set(processes.flat()).size, 200, 'none of them is without work')
  t.same(await taken('process 3'), processes[3], 'the same again')
  answers.a = [...many.slice(1), '10.0.2.1']
  const after = await taken('process 3')
  t.ok(after.filter((address) => processes[3]?.includes(address) !== true).length <= 2)
  t.same(await taken(), await taken(), 'one process has one choice')
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
