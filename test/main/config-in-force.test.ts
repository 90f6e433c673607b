import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { createConfigInForce } from '../../src/main/config-in-force.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { gatewayYaml, tableYaml } from '../config/files.ts'

interface TestFolder {
  testdir(files: Record<string, string>): string
}

async function subject(t: TestFolder) {
  const folder = t.testdir({ 'gateway.yaml': gatewayYaml, 'table.yaml': tableYaml })
  const [file, table] = [join(folder, 'gateway.yaml'), join(folder, 'table.yaml')]
  const loaded = await loadConfig(file, {})
  if (!loaded.ok) throw new Error('the files must be valid')
  const log = pino({ level: 'silent' })
  const { config, files } = loaded
  const metrics = createMetrics()
  const inForce = createConfigInForce({ config, file, files, env: {}, log, metrics })
  const addRoute = async () => writeFile(table, `${await readFile(table, 'utf8')}  GET /v1/new: public\n`)
  return { inForce, metrics, table, addRoute, sha256: () => inForce.current().table.sha256 }
}

t.test('a reload puts what the files say in force', async (t) => {
  const { inForce, addRoute, sha256 } = await subject(t)
  const before = sha256()
  await addRoute()
  await inForce.reload()
  t.not(sha256(), before)
  await inForce.close()
})

t.test('a reload that is under way when everything closes opens nothing any more', async (t) => {
  const { inForce, addRoute, sha256 } = await subject(t)
  const before = sha256()
  await addRoute()
  const reloaded = inForce.reload()
  await inForce.close()
  await reloaded
  t.equal(sha256(), before)
})

t.test(
  'a file that is edited, asked to be read and seen to have changed is one table for the metrics',
  async (t) => {
    const { inForce, metrics, table } = await subject(t)
    const [api = ''] = inForce.current().table.apis.keys()
    const before = await readFile(table, 'utf8')
    const isTold = () => metrics.text().then((text) => text.includes('GET /v1/old'))
    await writeFile(table, `${before}  GET /v1/old: public\n`)
    await inForce.reload()
    const labels = {
      api,
      environment: 'live',
      route: 'GET /v1/old',
      decision: 'allow',
      reason: '',
      status: 200,
    }
    metrics.requests(labels).observe(1, undefined)
    inForce.watch()
    // The watch has looked once, and looks again later.
    await new Promise((resolve) => setTimeout(resolve, 100))
    await writeFile(table, before)
    await inForce.reload()
    t.ok(await isTold())
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    t.ok(await isTold(), 'after the watch')
    await inForce.reload()
    t.notOk(await isTold())
    await inForce.close()
  },
)
