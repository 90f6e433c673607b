import t from 'tap'
import { formatFault } from '../../src/config/load.ts'
import { edit, faultsOf, gatewayYaml, load } from './files.ts'

const payments = 'payments: { url: "http://127.0.0.1:9101" }'
const withUpstream = (text: string) => edit(gatewayYaml, payments, `payments: { ${text} }`)

t.test('identity names differ from each other and from what HTTP needs', async (t) => {
  const twice = `identity: { merchant: X-Id, key: x_id }\n${gatewayYaml}`
  t.match(await faultsOf(t, { gateway: twice }), [
    /^gateway\.yaml:1:34 {2}`key` and `merchant` have one and the same/,
  ])
  const host = `identity: { merchant: Host }\n${gatewayYaml}`
  t.match(await faultsOf(t, { gateway: host }), [/^gateway\.yaml:1:23 {2}`Host` cannot carry identity/])
})

t.test('addresses and CIDR blocks are checked', async (t) => {
  const list = (text: string) => `gateway: { trusted_proxies: ["${text}"] }\n${gatewayYaml}`
  for (const text of [
    '10.0.0.0/33',
    '::/129',
    '10.0.0/8',
    'localhost',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '1.2.3.4/08',
  ]) {
    t.match(
      await faultsOf(t, { gateway: list(text) }),
      [/^gateway\.yaml:1:30 .* is neither an IP address nor a CIDR/],
      text,
    )
  }
  for (const text of ['10.0.0.0/8', '::1', '::/0', '1.2.3.4'])
    t.strictSame(await faultsOf(t, { gateway: list(text) }), [])
})

t.test('addresses of stores are URLs of their kind, and are not repeated', async (t) => {
  const stores = (postgres: string, redis: string) =>
    edit(
      gatewayYaml,
      'postgres: postgres://db/latchkey\nredis: none',
      `postgres: "${postgres}"\nredis: "${redis}"`,
    )
  for (const url of ['mysql://u:hunter2@db', 'embeded', 'postgres://u:hunter2@[db', 'postgres://a b']) {
    const faults = await faultsOf(t, { gateway: stores(url, url) })
    t.match(
      faults,
      [/^gateway\.yaml:1:11 {2}`postgres` must be/, /^gateway\.yaml:2:8 {2}`redis` must be/],
      url,
    )
    t.notMatch(faults.join(), /hunter2/)
  }
  t.strictSame(
    await faultsOf(t, { gateway: stores('postgresql://u:p@db:5432/x?ssl=1', 'rediss://r:6380/1') }),
    [],
  )
})

t.test('the planes have ports of their own', async (t) => {
  const gateway = `control: { port: 8080 }\n${gatewayYaml}`
  t.match(await faultsOf(t, { gateway }), [
    /^gateway\.yaml:1:18 {2}the control plane needs a port other than/,
  ])
  const free = `gateway: { port: 0 }\ncontrol: { port: 0 }\n${gatewayYaml}`
  t.strictSame(await faultsOf(t, { gateway: free }), [])
})

t.test('an address that is read in several ways, and port 0, are no place to connect to', async (t) => {
  for (const host of [
    '010.0.0.1',
    '127.1',
    '0x7f.0.0.1',
    '2130706433',
    '127.0.0.1.',
    '%31.2.3.4',
    '0300.1.2.3:80',
  ]) {
    t.match(
      await faultsOf(t, { gateway: withUpstream(`url: "http://${host}"`) }),
      [/^gateway\.yaml:4:20 {2}`url` cannot be used: its host is an IPv4 address in a spelling/],
      host,
    )
  }
  for (const url of ['http://a:0', 'https://[::1]:00', 'http://127.0.0.1:0/'])
    t.match(
      await faultsOf(t, { gateway: withUpstream(`url: "${url}"`) }),
      [/`url` cannot be used: port 0/],
      url,
    )
  for (const url of ['http://10.0.0.1:80', 'http://a1:1', 'http://10.example', 'http://[::ffff:10.0.0.1]'])
    t.same(await faultsOf(t, { gateway: withUpstream(`url: "${url}"`) }), [], url)
})

t.test('the same of the stores, of which no message repeats a URL', async (t) => {
  for (const [name, url] of [
    ['postgres', 'postgres://u:hunter2@db,010.0.0.1/x'],
    ['postgres', 'postgres://u:hunter2@db:0/x'],
    ['redis', 'redis://:hunter2@127.1:6379'],
    ['redis', 'redis+sentinel://:hunter2@s1,s2:0/name'],
  ] as const) {
    const gateway = gatewayYaml.replace(new RegExp(`^${name}: .*$`, 'm'), `${name}: "${url}"`)
    const faults = await faultsOf(t, { gateway })
    t.match(faults, [new RegExp(`\`${name}\` cannot be used: `)], url)
    t.notMatch(faults.join(), 'hunter2')
  }
})

async function warningsOf(
  t: Parameters<typeof load>[0],
  files: Parameters<typeof load>[1],
): Promise<string[]> {
  const loaded = await load(t, files)
  return loaded.warnings.map(formatFault)
}

t.test(
  'a control plane that others reach without TLS is warned of, unless a proxy in front has it',
  async (t) => {
    const certificate = 'tls: { cert: /nowhere.crt, key: /nowhere.key }'
    for (const [control, expected] of [
      ['host: 0.0.0.0', /^gateway\.yaml:1:18 {2}admin tokens travel in clear to this address/],
      ['host: "::"', /admin tokens travel in clear to this address/],
      ['host: 127.0.0.2', undefined],
      ['host: localhost', undefined],
      ['port: 8081', undefined],
      ['host: 0.0.0.0, trusted_proxies: [10.0.0.0/8]', undefined],
      ['public_url: "http://hub.example.com"', /admin tokens travel in clear to this URL/],
      ['public_url: "http://localhost:8081"', undefined],
      ['public_url: "https://hub.example.com"', undefined],
    ] as const) {
      const found = await warningsOf(t, { gateway: `control: { ${control} }\n${gatewayYaml}` })
      if (expected === undefined) t.notMatch(found.join('\n'), /in clear/, control)
      else t.match(found.join('\n'), expected, control)
    }
    const own = await warningsOf(t, { gateway: `control: { host: 0.0.0.0, ${certificate} }\n${gatewayYaml}` })
    t.notMatch(own.join('\n'), /in clear/)
    t.match(own.join('\n'), /nowhere\.crt/)
  },
)

t.test('the public URL has a scheme, a host and perhaps a port', async (t) => {
  const control = (url: string) => `control: { public_url: "${url}" }\n${gatewayYaml}`
  for (const url of [
    'hub.example.com',
    'ftp://hub',
    'https://hub/x',
    'https://u:p@hub',
    'https://hub?x',
    'https://hub#x',
    '',
  ])
    t.match(
      await faultsOf(t, { gateway: control(url) }),
      [/is no https:\/\/ or http:\/\/ URL without a path/],
      url,
    )
  for (const url of ['https://hub.example.com', 'https://hub.example.com/', 'http://localhost:8081'])
    t.strictSame(await faultsOf(t, { gateway: control(url) }), [], url)
  const proxies = `control: { trusted_proxies: [nowhere] }\n${gatewayYaml}`
  t.match(await faultsOf(t, { gateway: proxies }), [/neither an IP address nor a CIDR block/])
})
