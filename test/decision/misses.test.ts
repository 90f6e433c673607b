import t from 'tap'
import { createMisses } from '../../src/decision/misses.ts'

t.test('who has used up its minute is still looked up for, 20 times a second', (t) => {
  let now = 5_000
  const misses = createMisses(2, () => now)
  for (let i = 0; i < 2; i++) {
    t.notOk(misses.isOver('2001:db8::1'))
    misses.count('2001:db8::1')
  }
  t.ok(misses.isOver('2001:db8::2'), 'a network is one client')
  t.notOk(misses.isOver('192.0.2.1'))
  let passed = 0
  for (let i = 0; i < 1_000; i++, now++) if (misses.mayStill(`2001:db8::${i % 9}`)) passed++
  t.equal(passed, 20)
  now += 60_000
  t.notOk(misses.isOver('2001:db8::1'))
  t.end()
})
