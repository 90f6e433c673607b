import { generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { reloadOf } from '../../src/config/reference.ts'
import { GatewayFile } from '../../src/config/schema.ts'
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
  const lines: Record<string, unknown>[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const { config, files } = loaded
  const metrics = createMetrics()
  const inForce = createConfigInForce({ config, file, files, env: {}, log, metrics })
  const addRoute = async () => writeFile(table, `${await readFile(table, 'utf8')}  GET /v1/new: public\n`)
  return { file, inForce, lines, metrics, table, addRoute, sha256: () => inForce.current().table.sha256 }
}

t.test('a reload puts what the files say in force', async (t) => {
  const { inForce, addRoute, sha256 } = await subject(t)
  const before = sha256()
  await addRoute()
  await inForce.reload()
  t.not(sha256(), before)
  await inForce.close()
})

t.test('whoever follows is told of another outside issuer, and not of a file that is refused', async (t) => {
  const { file, inForce } = await subject(t)
  const told: (string | undefined)[] = []
  inForce.follow(() => void told.push(inForce.current().table.apis.get('flintn')?.jwt?.issuer))
  const text = await readFile(file, 'utf8')
  const jwt = (more: string) =>
    `${text}    jwt: { issuer: "https://id.test", audience: a, merchant_claim: m${more} }\n`
  await writeFile(file, jwt(', environment: live'))
  await inForce.reload()
  t.same(told, ['https://id.test'])
  await writeFile(file, jwt(''))
  await inForce.reload()
  t.equal(told.length, 1)
  t.match(inForce.fault(), /needs `environment`/)
  await writeFile(file, text)
  await inForce.reload()
  t.same(told.slice(1), [undefined])
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

t.test(
  'what a reload leaves as it was is told by the name that the file has for it, as documented',
  async (t) => {
    const everything = gatewayYaml
      .replace('postgres: postgres://db/latchkey', 'postgres: postgres://other/latchkey')
      .replace('redis: none', 'redis: redis://other')
      .replace(
        'upstreams:\n',
        [
          'gateway:',
          '  host: 127.0.0.2',
          '  port: 8090',
          '  tls: { cert: tls.crt, key: tls.key }',
          '  trusted_proxies: [10.0.0.0/8]',
          '  deny: deny.yaml',
          '  require_https: true',
          '  limits: { url_bytes: 1kb }',
          '  health: /healthz',
          '  cache: { known: 1000000, unknown: 1000 }',
          '  drain_delay: 1s',
          '  proxy_protocol: true',
          '  client_cert_header: true',
          'control:',
          '  host: 127.0.0.2',
          '  port: 8091',
          '  admin_from: [10.0.0.0/8]',
          '  hosts: [latchkey.example.com]',
          '  audit_retention: 400d',
          '  audit_sink: { file: audit.jsonl }',
          '  tls: { cert: tls.crt, key: tls.key }',
          '  trusted_proxies: [10.0.0.0/8]',
          '  public_url: https://latchkey.example.com',
          '  client_cert_header: true',
          '  client_ca: ca.pem',
          '  mtls_url: https://mtls.example.com',
          `  secret_scanning: { github: [{ id: one, key: ${JSON.stringify(scannerKey())} }] }`,
          'hub: {}',
          'webhooks: { allow: [10.0.0.0/8] }',
          'identity: { merchant: X-Tenant }',
          'upstreams:\n',
        ].join('\n'),
      )
    const { file, inForce, lines } = await subject(t)
    await writeFile(file, everything)
    await inForce.reload()
    t.same(inForce.fault(), undefined)
    const line = lines.find(({ msg }) => msg === 'These settings take effect after a restart')
    t.same(
      [line?.['settings']].flat().map(String).toSorted(),
      settingNames()
        .filter((path) => reloadOf(path) === 'restart')
        .toSorted(),
    )
    await inForce.close()
  },
)

/** Of the whole file, those of gateway and control one by one. */
function settingNames(): string[] {
  return Object.entries(GatewayFile.properties).flatMap(([section, shape]) =>
    (section === 'gateway' || section === 'control') && 'properties' in shape
      ? Object.keys(shape.properties).map((key) => `${section}.${key}`)
      : [section],
  )
}

function scannerKey(): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}
