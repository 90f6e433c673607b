import t from 'tap'
import { createSteadyClock } from '../../src/lookup/steady-clock.ts'

void t.test('time that the machine slept counts, and corrections of the wall clock do not', async (t) => {
  const at = { monotonic: 1_000, wall: 1_700_000_000_000 }
  const now = createSteadyClock(
    () => at.monotonic,
    () => at.wall,
  )
  const pass = (milliseconds: number, wall = milliseconds) => {
    at.monotonic += milliseconds
    at.wall += wall
  }
  t.equal(now(), 1_000)
  pass(500)
  t.equal(now(), 1_500)
  pass(500, 3_600_500)
  t.equal(now(), 3_602_000, 'an hour of sleep')
  pass(500, 5_500)
  t.equal(now(), 3_602_500, 'set forward by 5 s')
  pass(500, -3_600_000)
  t.equal(now(), 3_603_000, 'set back by an hour: it never goes back')
  for (let i = 0; i < 1_000; i++) {
    pass(500, 600)
    now()
  }
  t.equal(now(), 4_103_000, 'drift does not add up')
})
