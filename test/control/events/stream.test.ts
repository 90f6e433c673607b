import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createEventStream } from '../../../src/control/events/stream.ts'

void t.test('what waits for a slow reader is bounded, and what was lost is told', async (t) => {
  let isOver = false
  const stream = createEventStream({
    confirm: async () => {},
    over: () => (isOver = true),
    confirmEveryMs: 5,
  })
  for (let i = 0; i < 10_000; i++) stream.say('decision', { i, text: 'x'.repeat(50) })
  t.ok(stream.body.readableLength <= 64 * 1024, `${stream.body.readableLength}`)
  let text = ''
  stream.body.on('data', (piece) => (text += String(piece)))
  const isTold = () => /"count":\d{4}/.test(text)
  while (!isTold()) await sleep(5)
  const told = text.split('event: decision').length - 1
  const lost = [...text.matchAll(/"count":(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0)
  t.ok(told < 2_000, `${told}`)
  t.equal(told + lost, 10_000)
  while (!text.includes(': beat')) await sleep(5)
  stream.end()
  stream.say('decision', {})
  while (!isOver) await sleep(5)
  t.pass('over is told')
})

void t.test('it ends when it is not confirmed, and when its reader leaves', async (t) => {
  let isOver = 0
  const over = () => void (isOver += 1)
  const one = createEventStream({ confirm: () => Promise.reject(new Error('no')), over, confirmEveryMs: 5 })
  one.body.resume()
  while (isOver < 1) await sleep(5)
  const other = createEventStream({ confirm: async () => {}, over, confirmEveryMs: 1_000 })
  other.body.destroy()
  while (isOver < 2) await sleep(5)
  t.equal(isOver, 2)
})

void t.test('one whose reader does not read is over all the same, once', async (t) => {
  let isOver = 0
  let confirmed = 0
  const stream = createEventStream({
    confirm: async () => {
      if (++confirmed > 1) throw new Error('no')
    },
    over: () => void (isOver += 1),
    confirmEveryMs: 5,
    endsWithinMs: 50,
  })
  for (let i = 0; i < 2_000; i++) stream.say('decision', { i, text: 'x'.repeat(50) })
  while (isOver < 1) await sleep(5)
  t.ok(stream.body.destroyed)
  stream.end()
  await sleep(100)
  t.same([isOver, confirmed], [1, 2])
})
