// Shadow mode: a candidate decides beside the table in force; nothing of it reaches a client or an upstream.

import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { prepareTestProgram, startPrepared, type TestProgram } from '../support/program.ts'
import { codeOf, exchange, request } from '../support/wire.ts'

const host = 'Host: api.flintn.com'

async function differences(program: TestProgram): Promise<Record<string, unknown>[]> {
  await new Promise((resolve) => setTimeout(resolve, 50))
  return program.log.filter((line) => line['msg'] === 'shadow')
}

t.test('a route marked shadow is not there, and what it would decide is told', async (t) => {
  const prepared = await prepareTestProgram(t)
  const table = join(dirname(prepared.file), 'flintn.yaml')
  const text = await readFile(table, 'utf8')
  await writeFile(table, `${text}  GET /v1/new/{id}: { permission: transaction.read, shadow: true }\n`)
  const program = await startPrepared(t, prepared)
  const key = await program.admin.makeKey(await program.admin.makeMerchant())
  const response = await exchange(
    program.gatewayPort,
    request('GET /v1/new/1', [host, `X-Api-Key: ${key.secret}`]),
  )
  t.equal(response.status, 404)
  t.equal(program.live.requests.length, 0)
  const [line] = await differences(program)
  t.match(line, {
    decision: 'ROUTE_NOT_FOUND',
    candidate: 'depends_on_key',
    candidate_route: 'GET /v1/new/{id}',
    candidate_source: /flintn\.yaml:\d+:\d+/,
  })
  t.notMatch(JSON.stringify(line), '/v1/new/1')
  const metrics = await (await fetch(`http://127.0.0.1:${program.controlPort}/metrics`)).text()
  t.match(
    metrics,
    'latchkey_shadow_differences_total{api="flintn",route="GET /v1/new/{id}",decision="ROUTE_NOT_FOUND",candidate="depends_on_key"} 1',
  )
})

t.test(
  'a candidate file: who would be refused and who would be let in, and nothing where they agree',
  async (t) => {
    const prepared = await prepareTestProgram(t)
    const other = await prepareTestProgram(t, {
      databaseUrl: prepared.databaseUrl,
      routes: `
  GET /v1/status: public
  GET /v1/transactions/{id}: transaction.refund
  POST /v1/transactions/{id}/refund: transaction.read
  GET /v1/both: transaction.search
`,
    })
    const loaded = await loadConfig(other.file, {})
    if (!loaded.ok) throw new Error('the candidate has faults')
    const program = await startPrepared(t, prepared, 'all', {
      file: other.file,
      config: loaded.config,
      files: loaded.files,
    })
    const merchant = await program.admin.makeMerchant()
    const key = await program.admin.makeKey(merchant, { permissions: ['transaction.read'] })
    const auth = `X-Api-Key: ${key.secret}`
    const ask = (line: string) => exchange(program.gatewayPort, request(line, [host, auth]))
    t.equal((await ask('GET /v1/transactions/1')).status, 200)
    t.equal((await ask('POST /v1/transactions/1/refund')).status, 403)
    t.equal((await ask('GET /v1/status')).status, 200)
    t.equal((await ask('GET /v1/nothing')).status, 404)
    // Refused by both before anybody looks a key up.
    const sandbox = await program.admin.makeKey(merchant, { environment: 'sandbox' })
    const wrong = await exchange(
      program.gatewayPort,
      request('GET /v1/transactions/1', [host, `X-Api-Key: ${sandbox.secret}`]),
    )
    t.equal(codeOf(wrong), 'WRONG_ENVIRONMENT')
    t.same(
      (await differences(program)).map((line) => [
        line['route'],
        line['decision'],
        line['candidate'],
        line['key_id'],
      ]),
      [
        ['GET /v1/transactions/{id}', 'allow', 'INSUFFICIENT_PERMISSIONS', key.id],
        ['POST /v1/transactions/{id}/refund', 'INSUFFICIENT_PERMISSIONS', 'allow', key.id],
      ],
    )
  },
)
