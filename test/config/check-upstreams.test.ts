import t from 'tap'
import { configOf, edit, faultsOf, gatewayYaml } from './files.ts'

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
