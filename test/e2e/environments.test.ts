// Contract 3.
// APIs whose environments are called what their people call them: configuration, keys, requests, and all that is told of them.

import { writeFile } from 'node:fs/promises'
import t from 'tap'
import { createPostgres } from '../../src/store/postgres.ts'
import { typist } from '../cli/console.ts'
import { adminToken, prepareTestProgram, startPrepared, type TestProgram } from '../support/program.ts'
import { codeOf, exchange, request } from '../support/wire.ts'

type Test = { teardown(fn: () => Promise<void>): unknown }

/** The program with one API, `payments`, of these environments; `UP` and `UP2` are upstreams. */
async function startWith(t: Test, environments: string): Promise<TestProgram> {
  const prepared = await prepareTestProgram(t, {
    routes: '\n  GET /v1/transactions/{id}: transaction.read\n',
  })
  await writeFile(
    prepared.file,
    `gateway: { host: 127.0.0.1, port: 0 }
control: { host: 127.0.0.1, port: 0 }
postgres: ${prepared.databaseUrl}
redis: ${process.env['LATCHKEY_TEST_REDIS_URL'] ?? 'none'}
upstreams:
  up: { url: "${prepared.live.url}" }
  up2: { url: "${prepared.sandbox.url}" }
apis:
  payments:
    credential: { header: X-Api-Key }
    environments:
${environments}
    permissions: flintn.yaml
`,
  )
  return startPrepared(t, prepared)
}

const ask = ({ gatewayPort }: TestProgram, host: string, secret: string) =>
  exchange(gatewayPort, request('GET /v1/transactions/1', [`Host: ${host}`, `X-Api-Key: ${secret}`]))

const typeTo = (program: TestProgram) =>
  typist(
    {
      LATCHKEY_ADMIN_URL: `http://127.0.0.1:${program.controlPort}`,
      LATCHKEY_ADMIN_TOKEN: adminToken,
    },
    { now: Date.now },
  )

const createWords = (merchant: string, environment: string) => [
  ...['keys', 'create', '--merchant', merchant, '--api', 'payments', '--env', environment],
  ...['--name', 'Till', '--permission', 'transaction.read', '--json'],
]

void t.test('an API with one environment of an own name', async (t) => {
  const program = await startWith(t, '      production: { hosts: [pay.test], prefix: acme_, upstream: up }')
  const { admin, live, controlPort, log } = program
  const merchant = await admin.makeMerchant()
  const type = typeTo(program)

  const created = await type(...createWords(merchant, 'production'))
  t.equal(created.code, 0, created.stderr)
  const byCli = { ...Object(JSON.parse(created.stdout)) } as Record<string, string>
  t.match(byCli, { environment: 'production', secret: /^acme_/ })
  const byApi = await admin.makeKey(merchant, { api: 'payments', environment: 'production' })

  for (const secret of [byCli['secret'] ?? '', byApi.secret]) {
    t.equal((await ask(program, 'pay.test', secret)).status, 200)
    const told = live.requests.at(-1)?.headers.filter(([name]) => /^x-environment$/i.test(name))
    t.same(told, [['X-Environment', 'production']])
  }

  const wrong = await type(...createWords(merchant, 'live'))
  t.equal(wrong.code, 1)
  t.match(wrong.stderr, /--env.* is not an environment of payments: it has production/s)
  t.equal((await type(...createWords(merchant, 'Production!'))).code, 2, 'no name at all')
  t.match(await admin.call('GET', '/permissions'), {
    body: { data: [{ api: 'payments', environments: ['production'] }] },
  })
  for (const [name, count] of [
    ['production', 2],
    ['live', 0],
  ] as const) {
    const { body } = await admin.call('GET', `/keys?environment=${name}`)
    t.equal((body['data'] as unknown[]).length, count, name)
  }
  t.match((await type('keys', 'list')).stdout, /production/)
  t.match((await type('keys', 'show', byApi.id)).stdout, /environment\s+production/)
  t.match(await admin.call('GET', `/audit?target=${byApi.id}`), {
    body: { data: [{ action: 'key.create', after: { environment: 'production' } }] },
  })

  const series = /^latchkey_requests_total\{api="payments",environment="production",.*$/gm
  const metrics = await (await fetch(`http://127.0.0.1:${controlPort}/metrics`)).text()
  t.match(metrics.match(series), [/ 2$/])
  t.equal(log.filter((line) => line['msg'] === 'request' && line['environment'] === 'production').length, 2)
  await program.stop()
  const db = createPostgres({ url: program.databaseUrl, applicationName: 'latchkey-test' })
  t.teardown(() => db.close())
  t.same(await db.query('SELECT DISTINCT api, environment FROM activity'), [
    { api: 'payments', environment: 'production' },
  ])
})

void t.test('an API with three environments, two of them on one host', async (t) => {
  const program = await startWith(
    t,
    `      eu-west: { hosts: [eu.pay.test], prefix: eu_, upstream: up }
      staging: { hosts: [test.pay.test], prefix: stage_, upstream: up2 }
      load_2:  { hosts: [test.pay.test], prefix: load_, upstream: up }`,
  )
  const { admin, live, sandbox, controlPort } = program
  const merchant = await admin.makeMerchant()
  const keyFor = async (environment: string) =>
    (await admin.makeKey(merchant, { api: 'payments', environment })).secret
  const keys = { 'eu-west': await keyFor('eu-west'), staging: await keyFor('staging') }
  const lines = [
    { environment: 'load_2', secret: `load_${'x'.repeat(24)}` },
    { environment: 'eu-west', secret: `stage_${'x'.repeat(24)}` },
    { environment: 'nowhere', secret: 'x'.repeat(24) },
  ]
  const importOf = async (line: object) => {
    const whole = { merchant_id: merchant, api: 'payments', name: 'Old', permissions: ['*'], ...line }
    const response = await fetch(`http://127.0.0.1:${controlPort}/admin/v1/keys/import?wait=all`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/x-ndjson' },
      body: JSON.stringify(whole),
    })
    return `${response.status} ${await response.text()}`
  }
  t.match(await importOf(lines[0] ?? {}), /^200 .*"created":1/)
  t.match(await importOf(lines[1] ?? {}), /^422 .*begins with the prefix of another API or environment/)
  t.match(await importOf(lines[2] ?? {}), /^422 .*is not an environment of payments: it has eu-west, staging/)

  const expected = [
    ['eu.pay.test', keys['eu-west'], 200],
    ['eu.pay.test', keys.staging, 'WRONG_ENVIRONMENT'],
    ['eu.pay.test', lines[0]?.secret ?? '', 'WRONG_ENVIRONMENT'],
    ['test.pay.test', keys['eu-west'], 'WRONG_ENVIRONMENT'],
    ['test.pay.test', keys.staging, 200],
    // Of a key without a checksum nothing is looked up here: its environment is told by its prefix all the same.
    ['test.pay.test', lines[0]?.secret ?? '', 'INVALID_API_KEY'],
  ] as const
  for (const [host, secret, outcome] of expected) {
    const answer = await ask(program, host, secret)
    t.equal(answer.status === 200 ? 200 : codeOf(answer), outcome, `${host} ${secret.slice(0, 6)}`)
  }
  const environmentsAt = (upstream: typeof live) =>
    upstream.requests.map(({ headers }) => headers.find(([name]) => /^x-environment$/i.test(name))?.[1])
  t.same([environmentsAt(live), environmentsAt(sandbox)], [['eu-west'], ['staging']])
})
