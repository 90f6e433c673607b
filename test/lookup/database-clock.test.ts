import t from 'tap'
import { createDatabaseClock } from '../../src/lookup/database-clock.ts'

const start = 1_700_000_000_000

/** A machine whose clock is `offBy` behind the database's, with answers that take `roundTripMs`. */
function subject(offByMs: number) {
  const machine = { nowMs: start, offByMs }
  const clock = createDatabaseClock(() => machine.nowMs)
  return {
    clock,
    machine,
    /** The database reads its clock after a part of the round trip. */
    poll(roundTripMs: number, part = 0.5) {
      const askedAtMs = machine.nowMs
      machine.nowMs += roundTripMs
      const databaseMs = askedAtMs + roundTripMs * part + machine.offByMs
      clock.take({ askedAtMs, answeredAtMs: machine.nowMs, databaseMs })
      machine.nowMs += 500
    },
    offMs: () => clock.now() - (machine.nowMs + machine.offByMs),
  }
}

t.test('before the first answer it is the own clock', (t) => {
  const { clock, machine } = subject(90_000)
  t.equal(clock.now(), machine.nowMs)
  t.equal(clock.offsetMs(), undefined)
  t.end()
})

t.test("after one answer it is the database's, whichever is ahead", (t) => {
  for (const offByMs of [120_000, -120_000, 0, 3]) {
    const { clock, poll, offMs } = subject(offByMs)
    poll(2)
    t.equal(clock.offsetMs(), offByMs)
    t.equal(offMs(), 0)
  }
  t.end()
})

t.test('slow and lopsided answers move it little, quick ones come through', (t) => {
  const { poll, offMs } = subject(5_000)
  poll(4)
  for (let i = 0; i < 100; i++) poll(i % 10 === 0 ? 4 : 400, i % 2)
  t.ok(Math.abs(offMs()) < 20, `${offMs()}`)
  const bad = subject(5_000)
  bad.poll(3_000, 1)
  for (let i = 0; i < 40; i++) bad.poll(4)
  t.ok(Math.abs(bad.offMs()) < 20, `${bad.offMs()}`)
  t.end()
})

t.test('a clock that is set is followed at once', (t) => {
  const { machine, poll, offMs } = subject(0)
  for (let i = 0; i < 20; i++) poll(2)
  machine.offByMs = 120_000
  poll(2)
  t.equal(offMs(), 0)
  machine.offByMs = -500
  poll(2)
  t.equal(offMs(), 0)
  t.end()
})

t.test('a clock that drifts is followed', (t) => {
  const { machine, poll, offMs } = subject(0)
  for (let i = 0; i < 1_000; i++) {
    machine.offByMs += 0.5
    poll(2)
  }
  t.ok(Math.abs(offMs()) < 20, `${offMs()}`)
  t.end()
})

t.test('an answer from before the question, and one without a time, tell nothing', (t) => {
  const { clock } = subject(0)
  clock.take({ askedAtMs: start, answeredAtMs: start - 5, databaseMs: start })
  t.equal(clock.offsetMs(), undefined)
  t.end()
})

t.test('times are whole milliseconds', (t) => {
  const { clock, machine, poll } = subject(0.4)
  for (let i = 0; i < 20; i++) {
    machine.offByMs += 0.3
    poll(3)
    t.ok(Number.isInteger(clock.now()))
  }
  t.end()
})
