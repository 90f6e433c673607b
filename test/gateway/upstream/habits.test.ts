// What is learned of an upstream, for how long it holds, and what takes it back.

import t from 'tap'
import { createHabits, type Habit } from '../../../src/gateway/upstream/habits.ts'

function start() {
  let nowMs = 0
  const holds: (readonly [Habit, number])[] = []
  const habits = createHabits(
    () => nowMs,
    (habit, milliseconds) => void holds.push([habit, milliseconds]),
  )
  return { habits, holds, pass: (milliseconds: number) => (nowMs += milliseconds) }
}

for (const habit of ['closes', 'starves'] as const)
  t.test(
    `who ${habit} twice in a row is not used again for ten seconds, then for longer each time`,
    async (t) => {
      const { habits, holds, pass } = start()
      habits.seen(habit)
      t.equal(habits.mayReuse(), true, 'once may be chance')
      habits.seen(habit)
      t.equal(habits.mayReuse(), false)
      t.equal(habits.inForce, habit)
      pass(9_999)
      t.equal(habits.mayReuse(), false)
      pass(1)
      t.equal(habits.mayReuse(), true)
      for (let i = 0; i < 9; i++) {
        habits.seen(habit)
        t.equal(habits.mayReuse(), false, 'then once is enough')
        pass(600_000)
        t.equal(habits.mayReuse(), true)
      }
      t.same(
        holds.map(([, milliseconds]) => milliseconds / 1_000),
        [10, 20, 40, 80, 160, 320, 600, 600, 600, 600],
      )
    },
  )

t.test('who does it now and then is not held to it', async (t) => {
  const { habits } = start()
  for (let i = 0; i < 1_000; i++) {
    habits.seen('closes')
    for (let n = 0; n < 12; n++) habits.kept()
    t.equal(habits.mayReuse(), true)
  }
})

t.test('who has behaved for long enough starts anew', async (t) => {
  const { habits, holds, pass } = start()
  const twice = () => {
    habits.seen('stalls')
    habits.seen('stalls')
    pass(600_000)
    t.equal(habits.mayReuse(), true)
  }
  twice()
  for (let i = 0; i < 8; i++) habits.kept()
  twice()
  t.same(holds, [
    ['stalls', 10_000],
    ['stalls', 10_000],
  ])
})

t.test('a pause like that of a delayed acknowledgement counts where one is to be had', async (t) => {
  for (const [milliseconds, wasUsed, isHeld] of [
    [41, true, true],
    [20, true, false],
    [100, true, false],
    [41, false, false],
  ] as const) {
    const { habits } = start()
    for (let i = 0; i < 3; i++) habits.paused(milliseconds, wasUsed)
    t.equal(habits.mayReuse(), !isHeld, `${milliseconds} ms, ${wasUsed ? 'used' : 'new'}`)
  }
})

t.test('who pauses on new connections too does so by itself, and is used again', async (t) => {
  const { habits, pass } = start()
  for (let i = 0; i < 2; i++) habits.paused(41, true)
  t.equal(habits.mayReuse(), false)
  habits.paused(41, false)
  habits.paused(1, false)
  for (let i = 0; i < 2; i++) habits.paused(41, false)
  t.equal(habits.mayReuse(), false)
  habits.paused(41, false)
  t.equal(habits.mayReuse(), true)
  for (let i = 0; i < 9; i++) habits.paused(41, true)
  t.equal(habits.mayReuse(), true, 'and not suspected again')
  pass(600_000)
  for (let i = 0; i < 2; i++) habits.paused(41, true)
  t.equal(habits.mayReuse(), false, 'for ten minutes')
})

t.test('it has kept a connection only since it closed one', async (t) => {
  const { habits } = start()
  t.equal(habits.hasKept, false)
  habits.kept()
  t.equal(habits.hasKept, true)
  habits.seen('starves')
  t.equal(habits.hasKept, true)
  habits.seen('closes')
  t.equal(habits.hasKept, false)
})
