import t from 'tap'
import { configOf, edit, faultsOf, gatewayYaml, load, tableYaml } from './files.ts'

t.test('an unknown key is told with the key that was meant', async (t) => {
  t.strictSame(await faultsOf(t, { gateway: edit(gatewayYaml, 'hosts: [api', 'host: [api') }), [
    'gateway.yaml:10:7  missing key `hosts`',
    'gateway.yaml:10:15  unknown key `host`  (did you mean hosts?)',
  ])
})

t.test('wrong values are told at their places, with what they must be', async (t) => {
  const cases: [string, string][] = [
    ['gateway: { port: http }', '1:18  `port` must be a whole number from 0 to 65535'],
    ['gateway: { port: 70000 }', '1:18  `port` must be a whole number from 0 to 65535'],
    ['gateway: { port: 80.5 }', '1:18  `port` must be a whole number from 0 to 65535'],
    ['gateway: { port: "80" }', '1:18  `port` must be a whole number from 0 to 65535'],
    ['gateway: [1]', '1:10  `gateway` must be a mapping'],
    ['gateway:', '1:9  `gateway` must be a mapping'],
    ['gateway: { trusted_proxies: 10.0.0.0/8 }', '1:29  `trusted_proxies` must be a list'],
    [
      'gateway: { trusted_proxies: [10] }',
      '1:30  an entry of `trusted_proxies` must be an IP address or a CIDR block',
    ],
    ['gateway: { require_https: yes }', '1:27  `require_https` must be true or false'],
    ['gateway: { limits: { header_count: 0 } }', '1:36  `header_count` must be a whole number of 1 or more'],
    ['gateway: { tls: { cert: a } }', '1:12  missing key `key`'],
    ['identity: { key: "X Key" }', '1:18  `key` must be a header name'],
    ['identity: { key: 5 }', '1:18  `key` must be a header name'],
  ]
  for (const [line, fault] of cases) {
    t.strictSame(await faultsOf(t, { gateway: `${line}\n${gatewayYaml}` }), [`gateway.yaml:${fault}`], line)
  }
})

t.test('durations and sizes have units, and are not nothing', async (t) => {
  const limits = (text: string) => `gateway: { limits: { ${text} } }\n${gatewayYaml}`
  for (const text of ['idle_timeout: 30', 'idle_timeout: 0s', 'idle_timeout: 1w', 'idle_timeout: 25d']) {
    t.match(
      await faultsOf(t, { gateway: limits(text) }),
      [/`idle_timeout` must be a duration such as 500ms/],
      text,
    )
  }
  for (const text of ['header_bytes: 1tb', 'header_bytes: -1', 'header_bytes: 1.5']) {
    t.match(
      await faultsOf(t, { gateway: limits(text) }),
      [/`header_bytes` must be a size such as 512kb/],
      text,
    )
  }
  const config = await configOf(t, {
    gateway: limits('header_bytes: 32kb, url_bytes: 99, idle_timeout: 500ms'),
  })
  t.match(config.settings.gateway.limits, { headerBytes: 32768, urlBytes: 99, idleTimeoutMs: 500 })
})

t.test('a variable is typed by what its key wants, plain or quoted', async (t) => {
  const gateway = edit(
    `gateway:\n  port: \${PORT}\n  require_https: "\${HTTPS}"\n  limits: { header_bytes: "\${BYTES}" }\n${gatewayYaml}`,
    'payments: { url: "http://127.0.0.1:9101" }',
    'payments: { url: "http://127.0.0.1:9101", headers: { X-A: "${SECRET}" }, connections: "${N:-7}" }',
  )
  const env = { PORT: '9000', HTTPS: 'true', SECRET: '12345', BYTES: '64kb' }
  const { settings } = await configOf(t, { gateway }, env)
  t.match(settings.gateway, { port: 9000, requireHttps: true, limits: { headerBytes: 65536 } })
  t.strictSame(settings.upstreams.get('payments')?.headers, [['X-A', '12345']])
  t.equal(settings.upstreams.get('payments')?.connections, 7)
})

t.test('a variable of the wrong type is a fault that does not repeat it', async (t) => {
  const gateway = `gateway: { port: "\${PORT}", require_https: "\${PORT}" }\n${gatewayYaml}`
  const faults = await faultsOf(t, { gateway }, { PORT: 'hunter2' })
  t.equal(faults.length, 2)
  t.notMatch(faults.join('\n'), /hunter2/)
})

t.test('names of APIs, upstreams and permissions are checked', async (t) => {
  t.match(await faultsOf(t, { gateway: edit(gatewayYaml, '  flintn:', '  Flintn:') }), [
    /^gateway\.yaml:7:3 {2}`Flintn` is not a name of a-z, 0-9 and `-`$/,
  ])
  for (const name of ['public', 'a,b', 'a b', '"*"']) {
    const table = edit(tableYaml, 'transaction.read:', `${name}: x\n  transaction.read:`)
    t.match(await faultsOf(t, { table }), [/^table\.yaml:2:3 .* is not a permission name/], name)
  }
})

t.test('names that objects inherit are names like any other', async (t) => {
  const gateway = edit(gatewayYaml, '  flintn:', '  constructor:')
  const result = await load(t, { gateway })
  t.equal(result.ok, true)
  const faults = await faultsOf(t, {
    gateway: edit(gatewayYaml, 'upstream: payments }', 'upstream: toString }'),
  })
  t.match(faults, ['gateway.yaml:10:68  there is no upstream `toString`'])
})

t.test('empty files and lists are faults', async (t) => {
  t.match(await faultsOf(t, { gateway: '{}\n' }), [
    'gateway.yaml:1:1  missing key `postgres`',
    'gateway.yaml:1:1  missing key `upstreams`',
    'gateway.yaml:1:1  missing key `apis`',
  ])
  t.match(await faultsOf(t, { gateway: edit(gatewayYaml, '[api.flintn.com]', '[]') }), [
    /^gateway\.yaml:10:15 {2}`hosts` must be a list of at least one host name$/,
  ])
  t.match(await faultsOf(t, { table: 'permissions: {}\nroutes: {}\n' }), [/`permissions` must not be empty/])
})
