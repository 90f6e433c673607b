import t from 'tap'
import { createOverload } from '../../../src/gateway/listener/overload.ts'

t.test('requests beyond the limit are refused, and taken again when others have ended', async (t) => {
  const overload = createOverload({ inFlight: 2, eventLoopDelayMs: 60_000 })
  t.teardown(overload.stop)
  overload.enter()
  t.equal(overload.refusal(), undefined)
  overload.enter()
  t.match(overload.refusal(), { code: 'OVERLOADED', reason: 'in_flight' })
  overload.leave()
  t.equal(overload.refusal(), undefined)
})

t.test('a loop that lags for long refuses; when it runs freely again it does not', async (t) => {
  const overload = createOverload({ inFlight: 10, eventLoopDelayMs: 50 })
  t.teardown(overload.stop)
  const block = (milliseconds: number) => {
    const end = Date.now() + milliseconds
    while (Date.now() < end);
  }
  for (let i = 0; i < 20 && overload.refusal() === undefined; i++) {
    block(150)
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
  t.match(overload.refusal(), { code: 'OVERLOADED', reason: 'event_loop_delay' })
  for (let i = 0; i < 200 && overload.refusal() !== undefined; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  t.equal(overload.refusal(), undefined)
})
