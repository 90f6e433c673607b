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
  const inForce = createConfigInForce({ config, file, files, env: {}, log, metrics: createMetrics() })
  const addRoute = async () => writeFile(table, `${await readFile(table, 'utf8')}  GET /v1/new: public\n`)
  return { inForce, addRoute, sha256: () => inForce.current().table.sha256 }
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
