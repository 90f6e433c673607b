// Contract 10: where a store is away, each step of a flow ends in a page or an error that says so, and has done nothing: what it
// would have used up, granted or made is as it was, and the same step is taken when the store is back.

import t, { type Test } from 'tap'
import { startPostgres } from '../support/postgres-service.ts'
import { startTestProgram } from '../support/program.ts'
import { startRedis } from '../support/redis-service.ts'
import { until } from '../support/until.ts'
import { codeOf, exchange, request } from '../support/wire.ts'
import { authorize, codeClient, discover } from './flow.ts'
import { oauthRows } from './oauth-rows.ts'
import { answerOf, makeSteps, type Step, type StepAnswer } from './outage-steps.ts'
import { startOauthProgram } from './server-program.ts'

t.setTimeout(240_000)

const [postgres, redis] = await Promise.all([startPostgres(), startRedis()])
t.teardown(async () => {
  await Promise.all([postgres.stop(), redis.stop()])
})
const program = await startOauthProgram(t, 'oauth: {}', { databaseUrl: postgres.url, redis: redis.url })

t.test('Postgres killed', async (t) => {
  await withPostgresAway(t, {
    take: () => postgres.kill('SIGKILL'),
    give: () => postgres.restart(),
    meanwhile: judgeCold,
  })
})

t.test('Postgres frozen', async (t) => {
  await withPostgresAway(t, {
    take: () => postgres.kill('SIGSTOP'),
    give: () => postgres.kill('SIGCONT'),
    meanwhile: async () => undefined,
  })
})

t.test('Redis killed', async (t) => {
  const steps = await makeSteps(program)
  const known = await tokenInUse()
  await redis.kill('SIGKILL')
  for (const step of steps) t.ok(step.isDone(await step.ask()), step.name)
  t.equal(await ask(known), 200)
  t.equal(await ask(await newToken()), 200)
  await redis.restart()
})

interface Outage {
  take(): Promise<void>
  give(): Promise<void>
  meanwhile(t: Test): Promise<void>
}

async function withPostgresAway(t: Test, { take, give, meanwhile }: Outage): Promise<void> {
  const steps = await makeSteps(program)
  const [known, unseen] = [await tokenInUse(), await newToken()]
  const before = await oauthRows(program.db)
  await take()
  for (const answer of await Promise.all(steps.map(async (step) => ({ step, is: await step.ask() }))))
    judgeAway(t, answer)
  t.equal(await ask(known), 200, 'a token that was in use goes on')
  t.equal(await ask(unseen), 'AUTH_UNAVAILABLE', 'another is not taken for wrong')
  await meanwhile(t)
  await give()
  await until(async () => (await program.call('GET', '/keys')).status === 200, 'Postgres is back')
  t.same(await oauthRows(program.db), before, 'nothing was granted, made or used up')
  for (const step of steps) {
    t.ok(step.isDone(await step.ask()), `${step.name}, again`)
  }
  t.equal(await ask(unseen), 200)
}

function judgeAway(t: Test, { step: { name, audience }, is }: { step: Step; is: StepAnswer }): void {
  t.match(is, { status: 503, retryAfter: '1', location: '', cookies: [] }, name)
  if (audience === 'person') {
    t.match(is.type, 'text/html', name)
    t.match(is.text, /Nothing was allowed\. Load this page again/, name)
    return
  }
  const expected = audience === 'hub' ? { code: 'STORE_UNAVAILABLE' } : 'temporarily_unavailable'
  t.match(JSON.parse(is.text), { error: expected }, name)
}

async function newToken(): Promise<string> {
  const config = await discover(program, await program.makeClient(codeClient))
  return (await authorize(program, config)).access_token
}

async function tokenInUse(): Promise<string> {
  const token = await newToken()
  await ask(token)
  return token
}

/** By a process that has not read the server's keys yet. */
async function judgeCold(t: Test): Promise<void> {
  const started = { databaseUrl: postgres.url, redis: redis.url, sections: 'hub: {}', api: '    oauth: {}' }
  const cold = await startTestProgram(t, started)
  const oauth = `http://127.0.0.1:${cold.controlPort}/oauth`
  const answer = await answerOf(await fetch(`${oauth}/token`, { method: 'POST' }))
  t.match(answer, { status: 503, retryAfter: '1', text: '{"error":"temporarily_unavailable"' })
  t.match(await answerOf(await fetch(`${oauth}/auth/none`, { headers: { accept: 'text/html' } })), {
    ...{ status: 503, retryAfter: '1', type: 'text/html' },
    text: /Load this page again/,
  })
  await cold.stop()
}

/** The status, or the code of a refusal. */
async function ask(token: string): Promise<string | number> {
  const fields = ['Host: api.flintn.com', `Authorization: Bearer ${token}`]
  const answer = await exchange(program.gatewayPort, request('GET /v1/transactions/1', fields))
  return codeOf(answer) ?? answer.status
}
