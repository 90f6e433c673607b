import { isAbsolute } from 'node:path'
import t from 'tap'
import { configOf, edit, faultsOf, gatewayYaml } from './files.ts'

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
    asksClients: false,
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
  const exposed = 'notify'
  t.strictSame(table.apis.get('flintn')?.environments, [
    { name: 'live', hosts: ['api.flintn.com'], prefix: 'pk_live_', upstream: 'payments', exposed },
    {
      ...{ name: 'sandbox', hosts: ['sandbox.api.flintn.com'], prefix: 'pk_test_' },
      ...{ upstream: 'payments-sandbox', exposed },
    },
  ])
})

t.test(
  '`live` is the first environment wherever it stands; without it the first of the file is',
  async (t) => {
    const environments = (text: string) => edit(gatewayYaml, '      live:', `${text}\n      live:`)
    const staging = '      staging: { hosts: [s.test], prefix: s_, upstream: payments }'
    const named = async (gateway: string) => {
      const { table } = await configOf(t, { gateway })
      return table.apis.get('flintn')?.environments.map(({ name }) => name)
    }
    t.strictSame(await named(environments(staging)), ['live', 'staging', 'sandbox'])
    t.strictSame(await named(edit(environments(staging), ' live:', ' prod:')), ['staging', 'prod', 'sandbox'])
  },
)

t.test('what concerns balancers: nothing unless said', async (t) => {
  const { settings } = await configOf(t, {})
  t.match(settings.gateway, { health: null, drainDelayMs: 0, proxyProtocol: false })
  const said =
    'gateway: { health: /healthz, drain_delay: 5s, proxy_protocol: true, trusted_proxies: [10.0.0.1] }\n'
  const { gateway } = (await configOf(t, { gateway: said + gatewayYaml })).settings
  t.match(gateway, { health: '/healthz', drainDelayMs: 5_000, proxyProtocol: true })
})

t.test('a health path is a plain one, and a delay a duration', async (t) => {
  for (const value of ['healthz', '/', '/a//b', '/a/', '/a?b', '/a%20b', '"/a b"', '/ä', '"/{a}"', '""']) {
    const gateway = `gateway: { health: ${value} }\n${gatewayYaml}`
    t.match(await faultsOf(t, { gateway }), [/`health` must be a path such as/], value)
  }
  for (const value of ['-1s', '5', '1.5s', '30d'])
    t.match(
      await faultsOf(t, { gateway: `gateway: { drain_delay: ${value} }\n${gatewayYaml}` }),
      [/`drain_delay` must be a duration/],
      value,
    )
  for (const value of ['0s', '0ms', '500ms'])
    t.same(await faultsOf(t, { gateway: `gateway: { drain_delay: ${value} }\n${gatewayYaml}` }), [], value)
})
