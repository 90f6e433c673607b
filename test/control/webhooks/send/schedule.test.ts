import t from 'tap'
import { delayAfter, standardSchedule } from '../../../../src/control/webhooks/send/schedule.ts'

const hour = 3_600_000

void t.test('tries become rarer, by a fifth more or less, and go on for three days', async (t) => {
  let sum = 0
  let before = 0
  let tries = 0
  while (sum < standardSchedule.giveUpMs) {
    tries += 1
    const delay = delayAfter(standardSchedule, tries, { random: 0.5 })
    t.ok(delay >= before, `after ${tries}`)
    before = delay
    sum += delay
  }
  t.ok(tries >= 12 && tries <= 25, `${tries} tries`)
  t.equal(delayAfter(standardSchedule, 1, { random: 0 }), 4_000)
  t.equal(delayAfter(standardSchedule, 1, { random: 1 }), 6_000)
  t.equal(delayAfter(standardSchedule, 999, { random: 0.5 }), 8 * hour)
  t.equal(delayAfter(standardSchedule, 0, { random: 0.5 }), 5_000)
})

void t.test('a receiver may ask for more time, up to an hour', async (t) => {
  t.equal(delayAfter(standardSchedule, 1, { random: 0.5, retryAfterMs: 60_000 }), 60_000)
  t.equal(delayAfter(standardSchedule, 1, { random: 0.5, retryAfterMs: 1 }), 5_000)
  t.equal(delayAfter(standardSchedule, 1, { random: 0.5, retryAfterMs: 1e12 }), hour)
})
