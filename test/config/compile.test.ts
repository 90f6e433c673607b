import { isAbsolute } from 'node:path'
import t from 'tap'
import { configOf, edit, gatewayYaml } from './files.ts'

t.test('paths start at the folder of the file that names them', async (t) => {
  const gateway = edit(
    `gateway: { tls: { cert: ./tls/a.crt, key: /abs/a.key } }\n${gatewayYaml}`,
    'payments: { url: "http://127.0.0.1:9101" }',
    'payments: { url: "https://a", ca: ca.pem }',
  )
  const { settings } = await configOf(t, { gateway })
  const folder = t.testdirName
  t.strictSame(settings.gateway.tls, {
    certFile: `${folder}/tls/a.crt`,
    keyFile: '/abs/a.key',
    ciphers: 'ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!AESCCM:!aNULL',
  })
  t.strictSame(settings.upstreams.get('payments')?.caFiles, [`${folder}/ca.pem`])
})

t.test('the embedded database lives beside the file, wherever it is loaded from', async (t) => {
  const { settings } = await configOf(t, { gateway: edit(gatewayYaml, 'postgres://db/latchkey', 'embedded') })
  const { postgres } = settings
  t.match(postgres, { kind: 'embedded', directory: `${t.testdirName}/.latchkey` })
  t.ok(postgres.kind === 'embedded' && isAbsolute(postgres.directory))
})

t.test('stores with addresses keep them', async (t) => {
  const gateway = edit(gatewayYaml, 'redis: none', 'redis: redis://r:6379')
  const { settings } = await configOf(t, { gateway })
  t.strictSame(settings.postgres, { kind: 'url', url: 'postgres://db/latchkey' })
  t.strictSame(settings.redis, { kind: 'url', url: 'redis://r:6379' })
})

t.test('the table knows every prefix and the largest stale limit', async (t) => {
  const gateway = edit(gatewayYaml, 'permissions: table', 'stale_limit: 1h\n    permissions: table')
  const { table } = await configOf(t, { gateway })
  t.strictSame(table.prefixes, ['pk_live_', 'pk_test_'])
  t.equal(table.maxStaleLimitMs, 3_600_000)
  t.strictSame(table.apis.get('flintn')?.environments, [
    { name: 'live', hosts: ['api.flintn.com'], prefix: 'pk_live_', upstream: 'payments' },
    { name: 'sandbox', hosts: ['sandbox.api.flintn.com'], prefix: 'pk_test_', upstream: 'payments-sandbox' },
  ])
})
