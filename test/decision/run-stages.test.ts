// Contract 5.

import t from 'tap'
import { type Denial, deny } from '../../src/errors/denial.ts'
import type { Stage } from '../../src/decision/inquiry.ts'
import { runStages } from '../../src/decision/run-stages.ts'
import { accessOf, loadDemo } from '../gateway/subject.ts'

const config = await loadDemo()
const denied = deny('ROUTE_NOT_FOUND', 'route_not_found')

/** Runs stages; what was run, and each verdict that `done` was told. */
function run(stages: Record<string, Stage>) {
  const access = accessOf(config)
  const ran: string[] = []
  const verdicts: (Denial | undefined)[] = []
  const noted = Object.entries(stages).map(
    ([name, stage]): Stage =>
      (access) => {
        ran.push(name)
        return stage(access)
      },
  )
  const ended = new Promise<void>((resolve) => {
    runStages(noted, access, (_access, denial) => {
      verdicts.push(denial)
      resolve()
    })
  })
  return { access, ran, verdicts, ended }
}

const pass: Stage = () => undefined
const late: Stage = () => Promise.resolve(undefined)

t.test('all stages pass: done at once, without a turn of the event loop', (t) => {
  const { ran, verdicts } = run({ a: pass, b: pass })
  t.same(ran, ['a', 'b'])
  t.same(verdicts, [undefined])
  t.end()
})

t.test('the first refusal ends it; no later stage runs', (t) => {
  const { ran, verdicts } = run({ a: pass, b: () => denied, c: pass })
  t.same(ran, ['a', 'b'])
  t.same(verdicts, [denied])
  t.end()
})

t.test('a stage that takes its time is waited for, in order', async (t) => {
  const { ran, verdicts, ended } = run({ a: late, b: pass, c: late, d: pass })
  t.same(ran, ['a'])
  await ended
  t.same(ran, ['a', 'b', 'c', 'd'])
  t.same(verdicts, [undefined])
})

t.test('a late refusal ends it too', async (t) => {
  const { ran, verdicts, ended } = run({ a: () => Promise.resolve(denied), b: pass })
  await ended
  t.same(ran, ['a'])
  t.same(verdicts, [denied])
})

const failures: Record<string, Stage> = {
  throws: () => {
    throw new Error('broken')
  },
  rejects: () => Promise.reject(new Error('broken')),
}
for (const [name, stage] of Object.entries(failures)) {
  for (const before of [pass, late]) {
    t.test(`a stage that ${name} is a refusal, never a way through`, async (t) => {
      const { access, ran, verdicts, ended } = run({ before, stage, after: pass })
      await ended
      t.same(ran, ['before', 'stage'])
      t.match(verdicts, [{ code: 'INTERNAL_ERROR', reason: 'stage_failed' }])
      t.match(access.failure, { message: 'broken' })
    })
  }
}
