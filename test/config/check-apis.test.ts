import t from 'tap'
import { formatFault } from '../../src/config/fault.ts'
import { edit, faultsOf, gatewayYaml, load, tableYaml, withFlint } from './files.ts'

const flint = (live: string, sandbox: string) =>
  withFlint(`    credential: { bearer: true }
    environments:
      live: { hosts: [${live}], upstream: payments }
      sandbox: { hosts: [${sandbox}], upstream: payments-sandbox }
    permissions: table.yaml
`)

t.test('an environment names an upstream that is there', async (t) => {
  t.strictSame(
    await faultsOf(t, { gateway: edit(gatewayYaml, 'upstream: payments }', 'upstream: paymnets }') }),
    ['gateway.yaml:10:68  there is no upstream `paymnets`  (did you mean payments?)'],
  )
})

t.test('one environment is enough, and may be called what its people call it', async (t) => {
  const alone = gatewayYaml.replace(/ {6}sandbox: .*\n/, '')
  for (const name of ['live', 'production', 'eu-west_2', 'x', 'constructor', `a${'9'.repeat(31)}`])
    t.strictSame(await faultsOf(t, { gateway: edit(alone, 'live:', `${name}:`) }), [], name)
})

t.test('none, or one of another name than can stand in a header, is a fault', async (t) => {
  const none = gatewayYaml.replace(/ {6}(live|sandbox): .*\n/g, '')
  t.strictSame(await faultsOf(t, { gateway: edit(none, 'environments:', 'environments: {}') }), [
    'gateway.yaml:9:19  `environments` must not be empty',
  ])
  for (const name of ['Live', '1st', '-x', '_x', '"a b"', '"a,b"', 'é', '"a.b"', `a${'9'.repeat(32)}`]) {
    const faults = await faultsOf(t, { gateway: edit(gatewayYaml, 'live:', `${name}:`) })
    t.match(faults, [/^gateway\.yaml:10:7 .* is not the name of an environment: a letter, then/], name)
  }
})

/** Three environments: two of them on one host. */
const three = edit(
  gatewayYaml,
  '      sandbox:',
  `      staging: { hosts: [sandbox.api.flintn.com], prefix: pk_stage_, upstream: payments }
      sandbox:`,
)

t.test('of three environments each pair is looked at', async (t) => {
  const table = `${tableYaml}  GET /status: public\n`
  t.strictSame(await faultsOf(t, { gateway: three, table }), [
    'table.yaml:5:3  a public route needs one upstream, but staging and sandbox of `flintn` share a host and differ in theirs',
  ])
  const result = await load(t, { gateway: three })
  t.strictSame(result.warnings.map(formatFault), [
    'gateway.yaml:11:80  live and staging of `flintn` use one upstream',
  ])
  const prefix = edit(three, 'pk_stage_', 'pk_test_2')
  t.match(await faultsOf(t, { gateway: prefix }), [/^gateway\.yaml:12:\d+ {2}this prefix begins another one/])
})

t.test('a host belongs to one API, whatever its spelling', async (t) => {
  const gateway = flint('API.flintn.com.], prefix: [f_live_', 'b.example], prefix: [f_test_')
    .replace('[f_live_]', 'f_live_')
    .replace('[f_test_]', 'f_test_')
  t.strictSame(await faultsOf(t, { gateway }), [
    'gateway.yaml:16:23  the host `API.flintn.com.` belongs to the API `flintn` (gateway.yaml:10:23)',
  ])
})

t.test('a host is a name without scheme, port or path', async (t) => {
  for (const host of ['a.example:80', 'http://a', 'a/b', '*.a', 'a..b', 'a b', '.a', '[::1', 'é.example']) {
    const gateway = edit(gatewayYaml, '[api.flintn.com]', `["${host}"]`)
    t.match(await faultsOf(t, { gateway }), [/^gateway\.yaml:10:23 .* is no host name/], host)
  }
  const gateway = edit(gatewayYaml, '[api.flintn.com]', '[a.example, A.example.]')
  t.match(await faultsOf(t, { gateway }), [/the host `A\.example\.` is listed twice/])
})

t.test('a prefix is used once and begins no other, over all APIs', async (t) => {
  const prefixes: [string, RegExp][] = [
    ['pk_live_', /this prefix is used twice \(gateway\.yaml:10:48\)/],
    ['pk_live_2', /another prefix begins this one/],
    ['pk_', /this prefix begins another one/],
  ]
  for (const [prefix, message] of prefixes) {
    const gateway = flint('a.example', 'b.example')
      .replace('[a.example],', `[a.example], prefix: ${prefix},`)
      .replace('[b.example],', '[b.example], prefix: f_test_,')
    t.match((await faultsOf(t, { gateway }))[0], message, prefix)
  }
  const gateway = edit(gatewayYaml, 'pk_live_', '"pk live"')
  t.match(await faultsOf(t, { gateway }), [/`prefix` must be 1 to 64 of A-Z/])
})

t.test('a credential is a header, a bearer token or both', async (t) => {
  const credential = (text: string) => edit(gatewayYaml, '{ header: X-Api-Key }', text)
  const expected: [string, RegExp][] = [
    ['{}', /^gateway\.yaml:8:5 {2}`credential` needs `header`, `bearer: true`, or both$/],
    ['{ bearer: false }', /needs `header`/],
    ['{ header: Authorization }', /take it with `bearer: true`/],
    ['{ header: x_merchant_id }', /it carries identity/],
    ['{ header: Host }', /cannot carry the key/],
    ['{ header: "X Key" }', /`header` must be a header name/],
  ]
  for (const [text, message] of expected) {
    const faults = await faultsOf(t, { gateway: credential(text) })
    t.equal(faults.length, 1, text)
    t.match(faults[0], message, text)
  }
  t.strictSame(await faultsOf(t, { gateway: credential('{ header: X-Api-Key, bearer: true }') }), [])
})

const shared = edit(gatewayYaml, '[sandbox.api.flintn.com]', '[api.flintn.com]')

t.test('a public route needs one upstream where the environments share a host', async (t) => {
  const table = `${tableYaml}  GET /status: public\n`
  t.match(await faultsOf(t, { gateway: shared, table }), [
    /^table\.yaml:5:3 {2}a public route needs one upstream/,
  ])
  t.strictSame(await faultsOf(t, { table }), [], 'hosts of their own')
  const oneUpstream = edit(shared, 'upstream: payments-sandbox', 'upstream: payments')
  t.strictSame(await faultsOf(t, { gateway: oneUpstream, table }), [], 'one upstream')
})

t.test('preflights need one upstream there too', async (t) => {
  const cors = (text: string) => edit(text, 'permissions: table', 'cors: upstream\n    permissions: table')
  t.match(await faultsOf(t, { gateway: cors(shared) }), [/`cors: upstream` needs one upstream/])
  t.strictSame(await faultsOf(t, { gateway: cors(gatewayYaml) }), [])
})

t.test('an API may take keys that were made elsewhere', async (t) => {
  const gateway = edit(gatewayYaml, 'permissions: table', 'legacy_keys: true\n    permissions: table')
  const result = await load(t, { gateway })
  t.equal(result.ok && result.config.table.apis.get('flintn')?.legacyKeys, true)
})

t.test('live and sandbox on one upstream are a warning', async (t) => {
  const same = edit(gatewayYaml, 'upstream: payments-sandbox', 'upstream: payments')
  const sameUrl = edit(gatewayYaml, '127.0.0.1:9102', '127.0.0.1:9101')
  // However the place is written.
  const urls = (one: string, other: string) =>
    edit(edit(gatewayYaml, 'http://127.0.0.1:9101', one), 'http://127.0.0.1:9102', other)
  const written = [
    urls('http://core.internal', 'HTTP://Core.Internal:80/'),
    urls('https://core.internal:443/v1/', 'https://CORE.internal/v1'),
  ]
  for (const [one, other] of [
    ['http://core.internal', 'https://core.internal'],
    ['http://core.internal/live', 'http://core.internal/sandbox'],
    ['http://core.internal/v1', 'http://core.internal/V1'],
  ] as const)
    t.match(await load(t, { gateway: urls(one, other) }), { warnings: [] }, `${one} ${other}`)
  for (const gateway of [same, sameUrl, ...written]) {
    const result = await load(t, { gateway })
    t.equal(result.ok, true)
    t.strictSame(result.warnings.map(formatFault), [
      'gateway.yaml:11:79  live and sandbox of `flintn` use one upstream',
    ])
  }
})

t.test('a long host with a port is told at once: no text takes long to be no host name', async (t) => {
  const host = `${'payments-gateway-eu-west-'.repeat(20)}internal:8080`
  const gateway = edit(gatewayYaml, 'api.flintn.com', host)
  t.match(await faultsOf(t, { gateway }), [/is no host name/])
})

t.test('what balancers ask on every host is no path of a route', async (t) => {
  const gateway = `gateway: { health: /healthz }\n${gatewayYaml}`
  const withRoutes = (routes: string) => ({ gateway, table: `${tableYaml}${routes}` })
  for (const method of ['GET', 'HEAD']) {
    t.match(await faultsOf(t, withRoutes(`  ${method} /healthz: transaction.read\n`)), [
      /^table\.yaml:5:3 {2}`.* \/healthz` of `flintn` can never match: `gateway\.health` has this path$/,
    ])
  }
  for (const route of ['POST /healthz', 'GET /healthz/x', 'GET /{name}'])
    t.same(await faultsOf(t, withRoutes(`  ${route}: transaction.read\n`)), [], route)
})
