import t from 'tap'
import { createPacer } from '../../src/decision/pacing.ts'

const pace = { perSecond: 1_000, burst: 3, mostHeld: 100, tickMs: 10 }

function subject(of = pace) {
  const clock = { at: 5_000 }
  const pacer = createPacer(of, () => clock.at)
  const answers: (number | Promise<number>)[] = []
  const ask = (count: number) => Array.from({ length: count }, (_, i) => pacer.pace(i, '192.0.2.1'))
  const held = (count: number) => {
    const asked = ask(count)
    answers.push(...asked)
    return asked.map((answer) => answer instanceof Promise)
  }
  /** Nobody is left waiting for a clock that stands still. */
  const finish = async () => {
    const moving = setInterval(() => (clock.at += 50), 1)
    await Promise.all(answers.map(async (answer) => answer))
    clearInterval(moving)
  }
  return { clock, held, finish }
}

t.test('a few go at once, what comes behind them waits', async (t) => {
  const { held, finish } = subject()
  t.same(held(5), [false, false, false, true, true])
  await finish()
})

t.test('time gives back what it allows, and no more than the burst', async (t) => {
  const { clock, held, finish } = subject()
  held(3)
  clock.at += 2
  t.same(held(3), [false, false, true])
  await finish()
  clock.at += 100_000
  t.same(held(4), [false, false, false, true])
  await finish()
})

t.test('nobody goes past those who wait', async (t) => {
  const { clock, held, finish } = subject()
  held(4)
  clock.at += 2
  t.same(held(1), [true])
  await finish()
})

t.test('a steady pace below the limit is never held', async (t) => {
  const { clock, held } = subject()
  for (let i = 0; i < 1_000; i++) {
    clock.at += 1
    if (held(1)[0] === true) t.fail(`the ${i}th`)
  }
})

t.test('all come out in order, each with its own value, and not before there is room', async (t) => {
  const began = performance.now()
  const pacer = createPacer({ perSecond: 200, burst: 1, mostHeld: 100, tickMs: 10 }, () => performance.now())
  const left: number[] = []
  const values = await Promise.all(
    Array.from({ length: 21 }, async (_, i) => {
      const value = await pacer.pace(i, '192.0.2.1')
      left.push(value)
      return value
    }),
  )
  // Of 21 one goes at once, and 20 take a tenth of a second.
  t.ok(performance.now() - began >= 98, `after ${performance.now() - began} ms`)
  t.same(left, values)
})

t.test('no more are held than may be', async (t) => {
  const { held, finish } = subject({ ...pace, burst: 1, mostHeld: 2 })
  t.equal(held(10).filter(Boolean).length, 2)
  await finish()
})

t.test('clients take turns: who asks once is not behind all that another has sent', async (t) => {
  let told = 0
  const clock = { at: 5_000 }
  const pacer = createPacer(
    { ...pace, burst: 1 },
    () => clock.at,
    () => told++,
  )
  const left: string[] = []
  const ask = async (client: string) => void left.push(await pacer.pace(client, client))
  const flood = Array.from({ length: 40 }, () => ask('192.0.2.1'))
  // Of one network, for IPv6.
  const others = ['198.51.100.7', '2001:db8::1', '2001:db8::2'].map(ask)
  t.equal(told, 42, 'all but the one that went at once')
  const moving = setInterval(() => (clock.at += 1), 1)
  await Promise.all([...flood, ...others])
  clearInterval(moving)
  const places = ['198.51.100.7', '2001:db8::1', '2001:db8::2'].map((client) => left.indexOf(client))
  t.same(places, [2, 3, 5], left.slice(0, 8).join(' '))
})

t.test('what a tick was late is not made up for in one go', async (t) => {
  const clock = { at: 5_000 }
  const pacer = createPacer({ perSecond: 1_000, burst: 100, mostHeld: 200, tickMs: 10 }, () => clock.at)
  for (let i = 0; i < 100; i++) void pacer.pace(i, '192.0.2.1')
  let inTurn = 0
  let most = 0
  const waiting = Array.from({ length: 60 }, async (_, i) => {
    await pacer.pace(i, '192.0.2.1')
    if (inTurn++ === 0) setImmediate(() => (inTurn = 0))
    most = Math.max(most, inTurn)
  })
  clock.at += 10_000
  await Promise.all(waiting)
  t.equal(most, 10)
})
