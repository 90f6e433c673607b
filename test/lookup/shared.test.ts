import t from 'tap'
import { createShared } from '../../src/lookup/shared.ts'

/** A question that is answered when the test says so. */
function question() {
  const answers: ((text: string) => void)[] = []
  const failures: ((error: Error) => void)[] = []
  const ask = createShared(
    () =>
      new Promise<string>((resolve, reject) => {
        answers.push(resolve)
        failures.push(reject)
      }),
  )
  return { ask, answers, failures }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

t.test('those who come while one runs share the next run, which begins after their calls', async (t) => {
  const { ask, answers } = question()
  const first = ask()
  const others = [ask(), ask(), ask()]
  t.equal(answers.length, 1)
  answers[0]?.('one')
  t.equal(await first, 'one')
  await turn()
  t.equal(answers.length, 2)
  answers[1]?.('two')
  t.same(await Promise.all(others), ['two', 'two', 'two'])
  void ask()
  t.equal(answers.length, 3)
})

t.test('a failure is that of its own run alone', async (t) => {
  const { ask, answers, failures } = question()
  const first = ask()
  const second = ask()
  failures[0]?.(new Error('away'))
  await t.rejects(first, { message: 'away' })
  await turn()
  answers[1]?.('two')
  t.equal(await second, 'two')
})
