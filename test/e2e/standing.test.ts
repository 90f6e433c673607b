// Contract 8: how each instance stands is told by another one, and the installation's health in words.

import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { prepareTestProgram, startPrepared, startTestProgram, type TestProgram } from '../support/program.ts'
import { until } from '../support/until.ts'

async function listOf(
  { admin }: TestProgram,
  path: string,
  list: string,
): Promise<Record<string, unknown>[]> {
  const { body } = await admin.call('GET', path)
  const found: unknown = body[list]
  return Array.isArray(found) ? found.map((one: unknown) => ({ ...Object(one) })) : []
}

t.test('a gateway whose file has a fault is told of by the control plane, until it is mended', async (t) => {
  const control = await startTestProgram(t)
  const prepared = await prepareTestProgram(t, { databaseUrl: control.databaseUrl })
  const gateway = await startPrepared(t, prepared, 'gateway')
  const id = gateway.program.instanceId
  const instanceOf = async () =>
    (await listOf(control, '/instances', 'data')).find((one) => one['id'] === id) ?? {}
  const notes = async () => listOf(control, '/health', 'notes')

  await until(async () => Array.isArray((await instanceOf())['degraded']), 'it says how it stands')
  const well = await instanceOf()
  t.match(well, { postgres: 'up', redis: 'up', degraded: [], behind: 0, table_sha256: /^[0-9a-f]{64}$/ })
  t.notOk((await notes()).some((one) => one['code'] === 'config_fault'))

  const table = join(dirname(prepared.file), 'flintn.yaml')
  const text = await readFile(table, 'utf8')
  await writeFile(table, `${text}  GET /v1/bad: no.such.permission\n`)
  await until(async () => (await notes()).some((one) => one['code'] === 'config_fault'), 'the fault is told')
  const fault = (await notes()).find((one) => one['code'] === 'config_fault')
  t.match(fault, { severity: 'warning', about: [id], detail: /flintn\.yaml:\d+:\d+ .*no\.such\.permission/ })
  t.match(await instanceOf(), { table_sha256: well['table_sha256'], degraded: [{ reason: 'config_fault' }] })

  await writeFile(table, `${text}  GET /v1/new: public\n`)
  await until(
    async () => (await notes()).some((one) => one['code'] === 'tables_differ'),
    'another table is told',
  )
  t.match(await instanceOf(), { degraded: [] })
  await gateway.stop()
  await until(async () => (await instanceOf())['id'] === undefined, 'it is gone')
})
