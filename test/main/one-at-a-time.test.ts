import t from 'tap'
import { oneAtATime } from '../../src/main/one-at-a-time.ts'
import { createWaiting } from '../support/waiting.ts'

t.test('calls during a run ask for one more after it, and wait for it', async (t) => {
  const ends = createWaiting<() => void>()
  let runs = 0
  const call = oneAtATime(() => {
    runs++
    return new Promise((resolve) => ends.add(resolve))
  })
  const all = [call(), call(), call()]
  const end = await ends.next()
  t.equal(runs, 1)
  end()
  const endSecond = await ends.next()
  t.equal(runs, 2)
  endSecond()
  await Promise.all(all)
  t.equal(runs, 2)
})

t.test('a call after a run starts another', async (t) => {
  let runs = 0
  const call = oneAtATime(async () => void runs++)
  await call()
  await call()
  t.equal(runs, 2)
})
