// What is counted through the whole program: nothing is lost at its end, and little if it is not given one.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createPostgres } from '../../src/store/postgres.ts'
import { startTestProgram } from '../support/program.ts'
import { exchange, request } from '../support/wire.ts'

interface Sum {
  readonly route: string
  readonly outcome: string
  readonly count: number
}

async function readSums(
  t: { teardown(fn: () => Promise<void>): unknown },
  url: string,
): Promise<() => Promise<Sum[]>> {
  const db = createPostgres({ url, applicationName: 'latchkey-test' })
  t.teardown(() => db.close())
  return () =>
    db.query<Sum>(
      'SELECT route, outcome, sum(count)::bigint AS count FROM activity GROUP BY 1, 2 ORDER BY 1, 2',
    )
}

interface Timed {
  readonly kind: string
  readonly answers: number
  readonly upstream: number
}

async function readTimed(
  t: { teardown(fn: () => Promise<void>): unknown },
  url: string,
): Promise<() => Promise<Timed[]>> {
  const db = createPostgres({ url, applicationName: 'latchkey-test' })
  t.teardown(() => db.close())
  return () =>
    db.query<Timed>(
      `SELECT kind, sum(answers)::bigint AS answers, sum(upstream)::bigint AS upstream
       FROM activity_latency WHERE span = 'day' GROUP BY 1 ORDER BY 1`,
    )
}

void t.test('after a stop, the figures are those of the gateway itself', async (t) => {
  const program = await startTestProgram(t)
  const { admin, controlPort, gatewayPort } = program
  const sums = await readSums(t, program.databaseUrl)
  const timed = await readTimed(t, program.databaseUrl)
  const merchantId = await admin.makeMerchant()
  const key = await admin.makeKey(merchantId)
  const dead = await admin.makeKey(merchantId)
  await admin.call('POST', `/keys/${dead.id}/revoke?wait=all`)

  const ask = (line: string, secret: string, more: readonly string[] = []) =>
    exchange(gatewayPort, request(line, ['Host: api.flintn.com', `X-Api-Key: ${secret}`, ...more]))
  const kinds = [
    { times: 40, line: 'GET /v1/transactions/1', secret: key.secret, status: 200 },
    { times: 11, line: 'GET /v1/transactions', secret: key.secret, status: 200 },
    { times: 7, line: 'GET /v1/both', secret: key.secret, status: 200 },
    { times: 13, line: 'DELETE /v1/transactions/1', secret: key.secret, status: 403 },
    { times: 9, line: 'GET /v1/transactions/1', secret: dead.secret, status: 401 },
    { times: 5, line: 'GET /v1/transactions/1', secret: 'pk_live_unknown', status: 401 },
    { times: 3, line: 'GET /v1/nowhere', secret: key.secret, status: 404 },
  ]
  for (const { times, line, secret, status } of kinds) {
    const answers = await Promise.all(Array.from({ length: times }, () => ask(line, secret)))
    t.ok(
      answers.every((answer) => answer.status === status),
      `${line} ${status}`,
    )
  }
  const metrics = await (await fetch(`http://127.0.0.1:${controlPort}/metrics`)).text()
  const counted = [...metrics.matchAll(/^latchkey_requests_total\{(.*)\} (\d+)$/gm)]
    .filter(([, labels = '']) => !/reason="(?:unknown|malformed|route_not_found)"/.test(labels))
    .reduce((sum, [, , count]) => sum + Number(count), 0)
  await program.stop()
  const stored = await sums()
  t.same(stored, [
    { route: 'DELETE /v1/transactions/{id}', outcome: 'INSUFFICIENT_PERMISSIONS', count: 13 },
    { route: 'GET /v1/both', outcome: 'allow', count: 7 },
    { route: 'GET /v1/transactions', outcome: 'allow', count: 11 },
    { route: 'GET /v1/transactions/{id}', outcome: 'INVALID_API_KEY', count: 9 },
    { route: 'GET /v1/transactions/{id}', outcome: 'allow', count: 40 },
  ])
  t.equal(
    stored.reduce((sum, { count }) => sum + count, 0),
    counted,
  )
  const everyKind = ['all', 'key', 'merchant'].map((kind) => ({ kind, answers: 58, upstream: 58 }))
  t.same(await timed(), everyKind, 'and it is told of each that was sent on how long it took')
})

void t.test('what is older than 10 seconds is stored without a stop', async (t) => {
  const program = await startTestProgram(t)
  const sums = await readSums(t, program.databaseUrl)
  const key = await program.admin.makeKey(await program.admin.makeMerchant())
  const fields = ['Host: api.flintn.com', `X-Api-Key: ${key.secret}`]
  await exchange(program.gatewayPort, request('GET /v1/transactions/1', fields))
  const endsAt = Date.now() + 10_000
  let stored: Sum[] = []
  while (stored.length === 0 && Date.now() < endsAt) {
    stored = await sums()
    await sleep(200)
  }
  t.match(stored, [{ outcome: 'allow', count: 1 }])
})
