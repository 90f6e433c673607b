// A database that is lost within a step: what the step would have written is there as a whole, or not at all, and the step can be
// taken again. one-transaction.test.ts has the same of what is exchanged for tokens.

import t from 'tap'
import { whileLosing } from './losing.ts'
import { oauthRows } from './oauth-rows.ts'
import { makeSteps } from './outage-steps.ts'
import { startOauthProgram } from './server-program.ts'

t.setTimeout(120_000)

const artifact = (when: string, row: 'NEW' | 'OLD', model: string) =>
  `${when} ON oauth_artifact FOR EACH ROW WHEN (${row}.model = '${model}')`
const granting = ['BEFORE INSERT ON oauth_grant FOR EACH ROW', 'BEFORE INSERT ON audit FOR EACH ROW']
const ending = [
  'BEFORE UPDATE OF ended_at ON oauth_grant FOR EACH ROW',
  'BEFORE INSERT ON access_token_stop FOR EACH ROW',
]

/** Step → where it loses the database. */
const losses: Readonly<Record<string, readonly string[]>> = {
  'a yes': [...granting, artifact('BEFORE UPDATE', 'NEW', 'Interaction')],
  'a no': [artifact('BEFORE UPDATE', 'NEW', 'Interaction')],
  'the way back with a code': [
    artifact('BEFORE DELETE', 'OLD', 'Interaction'),
    artifact('BEFORE INSERT', 'NEW', 'AuthorizationCode'),
  ],
  'a yes to it': [...granting, 'BEFORE UPDATE ON oauth_device FOR EACH ROW'],
  'a device that begins': [
    artifact('BEFORE INSERT', 'NEW', 'DeviceCode'),
    'BEFORE INSERT ON oauth_device FOR EACH ROW',
  ],
  'the end of an access token': ending,
  'the end of a refresh token': ending,
}

void t.test('a database that is lost within a step', async (t) => {
  const program = await startOauthProgram(t)
  const { db } = program
  const steps = await makeSteps(program)
  for (const [name, places] of Object.entries(losses)) {
    await t.test(name, async (t) => {
      const step = steps.find((one) => one.name === name)
      if (step === undefined) return t.fail('there is no such step')
      const before = await oauthRows(db)
      for (const at of places) {
        await whileLosing(db, at, async () => {
          t.match(await step.ask(), { status: 503, retryAfter: '1' }, at)
        })
        t.same(await oauthRows(db), before, at)
      }
      t.ok(step.isDone(await step.ask()), 'and again')
    })
  }

  await t.test('what was ended after all is over as a whole', async (t) => {
    const found = await db.query<{ stopped: boolean }>(
      `SELECT EXISTS (SELECT FROM access_token_stop s WHERE s.subject = g.id) AS stopped
       FROM oauth_grant g WHERE ended_at IS NOT NULL`,
    )
    t.same(found, [{ stopped: true }, { stopped: true }])
  })
})
