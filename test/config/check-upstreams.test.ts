import t from 'tap'
import { configOf, edit, faultsOf, gatewayYaml, load } from './files.ts'

const payments = 'payments: { url: "http://127.0.0.1:9101" }'
const withUpstream = (text: string) => edit(gatewayYaml, payments, `payments: { ${text} }`)

t.test('an upstream is scheme, host and port, perhaps with a base path, nothing more', async (t) => {
  const wrong = ['ftp://a', 'a:80', 'http://', 'http://a?', 'http://a#', 'http://u:p@a', 'http://a:99999']
  for (const url of [...wrong, 'http:a', 'http://a b', 'http://a\\\\b', '//a', 'http:///b']) {
    t.match(
      await faultsOf(t, { gateway: withUpstream(`url: "${url}"`) }),
      [/^gateway\.yaml:4:20 {2}`url` must be/],
      url,
    )
  }
  const origins: [string, string][] = [
    ['http://a/', 'http://a'],
    ['HTTPS://A.example:443', 'https://a.example'],
    ['http://[::1]:81', 'http://[::1]:81'],
  ]
  for (const [url, origin] of origins) {
    const { settings } = await configOf(t, { gateway: withUpstream(`url: "${url}"`) })
    t.equal(settings.upstreams.get('payments')?.origin, origin)
  }
})

t.test('upstream headers collide with nothing that the gateway or HTTP decides', async (t) => {
  const names = [
    'X-Merchant-Id',
    'x_permissions',
    'Host',
    'content-length',
    'Connection',
    'TE',
    'X-Request-Id',
  ]
  for (const name of names) {
    const gateway = withUpstream(`url: http://a, headers: { ${name}: v }`)
    t.match(
      await faultsOf(t, { gateway }),
      [/^gateway\.yaml:4:41 {2}the header `.*` cannot be set here: /],
      name,
    )
  }
  const gateway = withUpstream('url: http://a, headers: { X-A: v, x-a: w, "X B": v }')
  t.match(await faultsOf(t, { gateway }), [/`x-a` is set twice/, /`X B` is not a header name/])
})

t.test('a header value that is no HTTP is refused and not repeated', async (t) => {
  const gateway = withUpstream('url: http://a, headers: { X-A: "${SECRET}" }')
  for (const SECRET of ['hunter2\n', 'hunter2\r\nX-B: c', ' hunter2', 'hunter2é']) {
    const faults = await faultsOf(t, { gateway }, { SECRET })
    t.strictSame(faults, ['gateway.yaml:4:46  the value of `X-A` is no valid HTTP header value'])
  }
})

t.test('a base path is kept byte for byte, but for a slash at its end', async (t) => {
  const paths: [string, string][] = [
    ['', ''],
    ['/', ''],
    ['/api/v1', '/api/v1'],
    ['/api/v1/', '/api/v1'],
    ["/A%7e~b/!$&'()*+,:=@-._", "/A%7e~b/!$&'()*+,:=@-._"],
  ]
  for (const [path, basePath] of paths) {
    const { settings } = await configOf(t, { gateway: withUpstream(`url: "http://a:81${path}"`) })
    t.match(settings.upstreams.get('payments'), { origin: 'http://a:81', basePath }, path)
  }
})

t.test('a base path is one that a request could have', async (t) => {
  const paths = [
    '//',
    '/a//b',
    '/a//',
    '/./b',
    '/a/..',
    '/a/%2e',
    '/a%2fb',
    '/a;b',
    '/a%',
    '/a%ff',
    '/é',
    '/a%23',
  ]
  for (const path of [...paths, '/a\\\\b', '/a|\\t'])
    t.match(
      await faultsOf(t, { gateway: withUpstream(`url: "http://a${path}"`) }),
      [/^gateway\.yaml:4:20 {2}`url` (?:cannot be used: the path holds|must be http)/],
      path,
    )
})

const at = (...urls: string[]) => `targets: [${urls.map((url) => `{ url: "${url}" }`).join(', ')}]`

t.test('an upstream has one URL, or several targets', async (t) => {
  const { settings } = await configOf(t, { gateway: withUpstream('url: "http://a:81/x"') })
  t.match(settings.upstreams.get('payments'), {
    ...{ targets: [{ origin: 'http://a:81', weight: 1 }], basePath: '/x', resolve: 'turns', health: null },
  })
  const several = 'targets: [{ url: "http://a:81/x" }, { url: "http://[::1]/x/", weight: 0 }], resolve: all'
  const { settings: other } = await configOf(t, { gateway: withUpstream(several) })
  t.match(other.upstreams.get('payments'), {
    targets: [
      { origin: 'http://a:81', weight: 1 },
      { origin: 'http://[::1]', weight: 0 },
    ],
    ...{ origin: 'http://a:81', basePath: '/x', resolve: 'all' },
  })
  const faults = (text: string) => faultsOf(t, { gateway: withUpstream(text) })
  t.match(await faults('timeout: 1s'), [/^gateway\.yaml:4:3 {2}missing key `url` or `targets`$/])
  t.match(await faults(`url: http://a, ${at('http://b')}`), [/`targets` stands in place of `url`/])
  t.match(await faults('targets: []'), [/`targets` must be a list of at least one target/])
  t.match(await faults('targets: [http://a]'), [/an entry of `targets` must be a mapping/])
  t.match(await faults('targets: [{ url: http://a, weight: -1 }]'), [
    /`weight` must be a whole number from 0/,
  ])
  t.match(await faults('targets: [{ url: http://a, weight: 0 }]'), [
    /one of `targets` at least needs a weight/,
  ])
})

t.test('several targets that nobody looks at are a warning', async (t) => {
  const warnings = async (text: string) => (await load(t, { gateway: withUpstream(text) })).warnings
  const said = /^several `targets` without `health`: one that hangs or answers errors keeps its share/
  t.match(await warnings(at('http://a', 'http://b')), [{ message: said, line: 4 }])
  t.strictSame(await warnings(`${at('http://a', 'http://b')}, health: { path: /healthz }`), [])
  t.strictSame(await warnings(at('http://a')), [])
  t.strictSame(
    await warnings('targets: [{ url: http://a }, { url: http://b, weight: 0 }]'),
    [],
    'one is leaving',
  )
})

t.test('it does not matter which target a request goes to', async (t) => {
  const faults = (...urls: string[]) => faultsOf(t, { gateway: withUpstream(at(...urls)) })
  t.strictSame(await faults('http://a/x', 'http://b:81/x/', 'http://[::1]/x'), [])
  t.match(await faults('http://a/x', 'http://b'), [
    /^gateway\.yaml:4:55 {2}targets of one upstream have one base path$/,
  ])
  t.match(await faults('http://a', 'https://b'), [/targets of one upstream are all http:\/\/ or all https/])
  t.match(await faults('http://a', 'http://A:80/'), [/this target is listed twice/])
  t.match(await faults('http://a', 'http://b//', 'http://c:0'), [/two slashes/, /port 0/])
})

t.test('checks have a path that a request could have, and figures that make sense', async (t) => {
  const checked = (text: string) => ({ gateway: withUpstream(`url: http://a, health: { ${text} }`) })
  const { settings } = await configOf(t, checked('path: "/ready?full=1", interval: 2s, unhealthy_after: 1'))
  t.strictSame(settings.upstreams.get('payments')?.health, {
    ...{ path: '/ready?full=1', intervalMs: 2_000, healthyAfter: 2, unhealthyAfter: 1 },
  })
  for (const path of ['ready', '/a b', '//a', '/a/../b', '/a#b', '"/a\\r\\nX: y"'])
    t.match(
      await faultsOf(t, checked(`path: ${path.startsWith('"') ? path : `"${path}"`}`)),
      [/`path` cannot be asked for: /],
      path,
    )
  t.match(await faultsOf(t, checked('path: /a, healthy_after: 0')), [/`healthy_after` must be/])
  t.match(await faultsOf(t, checked('interval: 5s')), [/missing key `path`/])
})

t.test('upstreams that have a target in common are one place for live and sandbox', async (t) => {
  const gateway = withUpstream(
    `${at('http://127.0.0.1:9103', 'http://127.0.0.1:9102')}, health: { path: /healthz }`,
  )
  t.match((await load(t, { gateway })).warnings, [
    { message: 'live and sandbox of `flintn` use one upstream' },
  ])
})
