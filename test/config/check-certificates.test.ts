// What `config check` and the start say of the files with certificates that a gateway file names.

import { join } from 'node:path'
import t from 'tap'
import { formatFault, loadConfig, type LoadOptions } from '../../src/config/load.ts'
import { makeAuthority } from '../support/certificates.ts'
import { configOf, edit, faultsOf, gatewayYaml, load, tableYaml } from './files.ts'

const withTls = (cert: string, key: string, more = '') =>
  `gateway: { tls: { cert: ${cert}, key: ${key}${more} } }\n${gatewayYaml}`
const withUpstream = (more: string) =>
  edit(gatewayYaml, 'url: "http://127.0.0.1:9101"', `url: "https://127.0.0.1:9101", ${more}`)
const names = ['api.flintn.com', 'sandbox.api.flintn.com']

async function said(t: Parameters<typeof load>[0], gateway: string): Promise<string[]> {
  const { warnings, ...result } = await load(t, { gateway })
  return [...(result.ok ? [] : result.faults), ...warnings].map(formatFault)
}

t.test('a pair with nothing wrong in it has nothing said of it', async (t) => {
  const { certFile, keyFile } = makeAuthority(t).make('good', { names })
  t.same(await said(t, withTls(certFile, keyFile)), [])
  t.same(await said(t, withUpstream(`ca: ${certFile}, cert: ${certFile}, key: ${keyFile}`)), [])
})

t.test('a key of another certificate is a fault, with a place: for clients and for upstreams', async (t) => {
  const authority = makeAuthority(t)
  const { certFile } = authority.make('a', { names })
  const { keyFile } = authority.make('b', { names, key: 'rsa' })
  t.match(await said(t, withTls(certFile, keyFile)), [
    /^gateway\.yaml:1:25 {2}.*b\.key: the private key is not that of/,
  ])
  t.match(await said(t, withUpstream(`cert: ${certFile}, key: ${keyFile}`)), [
    /^gateway\.yaml:4:\d+ {2}.*b\.key: the private/,
  ])
  t.match(await said(t, withUpstream(`ca: ${keyFile}`)), [
    /^gateway\.yaml:4:\d+ {2}.*b\.key: holds no certificate/,
  ])
})

t.test(
  'a file that is not here is a warning where none is needed: it may be where the program will run',
  async (t) => {
    const { keyFile } = makeAuthority(t).make('a')
    const result = await load(t, { gateway: withTls('./none.pem', keyFile) })
    t.ok(result.ok)
    t.match(result.warnings.map(formatFault), [/none\.pem: does not exist: it must be there at the start/])
  },
)

t.test('an end that is near, hosts that are left out and names of nobody are warnings', async (t) => {
  const { certFile, keyFile } = makeAuthority(t).make('a', {
    names: ['api.flintn.com', 'www.flintn.com'],
    fromDays: -80,
    toDays: 10,
  })
  const result = await load(t, { gateway: withTls(certFile, keyFile) })
  t.ok(result.ok)
  t.match(result.warnings.map(formatFault), [
    /a\.pem: expires in 10 days/,
    /a\.pem: is not for the host sandbox\.api\.flintn\.com/,
    /a\.pem: is for www\.flintn\.com, which no API has/,
  ])
})

t.test('ciphers that there are not are a fault', async (t) => {
  const { certFile, keyFile } = makeAuthority(t).make('a', { names })
  t.match(await said(t, withTls(certFile, keyFile, ', ciphers: "BEST"')), [/`ciphers` is no list of ciphers/])
  t.same(await said(t, withTls(certFile, keyFile, ', ciphers: "ECDHE+AESGCM:TLS_AES_128_GCM_SHA256"')), [])
})

t.test(
  'a running process reads its table whatever its certificates are like: it looks at them itself',
  async (t) => {
    const authority = makeAuthority(t)
    const gateway = withTls(authority.make('a').certFile, authority.make('b').keyFile)
    const folder = t.testdir({ 'gateway.yaml': gateway, 'table.yaml': tableYaml })
    t.match(await loadConfig(join(folder, 'gateway.yaml'), {}), { ok: false })
    t.match(await loadConfig(join(folder, 'gateway.yaml'), {}, { isServing: true }), { ok: true })
  },
)

t.test('a name to verify is a host name, and counts with https', async (t) => {
  for (const name of ['10.0.0.1', '"::1"', 'a/b', '"*"', 'a:443']) {
    t.match(await said(t, withUpstream(`server_name: ${name}`)), [/is no host name$/], name)
  }
  const { settings } = await configOf(t, { gateway: withUpstream('server_name: Inner.Example.') })
  t.equal(settings.upstreams.get('payments')?.serverName, 'inner.example')
  const plain = edit(gatewayYaml, 'url: "http://127.0.0.1:9101"', 'url: "http://a", server_name: b')
  t.match(await said(t, plain), [/`server_name` counts with https/])
})

t.test(
  'SSL_CERT_FILE stands for the authorities of the system, unless an upstream names its own',
  async (t) => {
    const gateway = edit(gatewayYaml, 'url: "http://127.0.0.1:9101"', 'url: "https://a", ca: /own.pem')
    const caFiles = async (env: Record<string, string>) => {
      const result = await load(t, { gateway }, env)
      if (!result.ok) throw new Error('it must load')
      return [...result.config.settings.upstreams.values()].map((upstream) => upstream.caFiles)
    }
    t.same(await caFiles({}), [['/own.pem'], []])
    t.same(await caFiles({ SSL_CERT_FILE: '', NODE_EXTRA_CA_CERTS: '/extra.pem' }), [['/own.pem'], []])
    t.same(await caFiles({ SSL_CERT_FILE: '/system.pem' }), [['/own.pem'], ['/system.pem']])
    t.same(await caFiles({ SSL_CERT_FILE: '/system.pem', NODE_EXTRA_CA_CERTS: '/extra.pem' }), [
      ['/own.pem'],
      ['/system.pem', '/extra.pem'],
    ])
  },
)

/** What is said of a file that is loaded for more or less. */
async function saidOf(
  t: Parameters<typeof load>[0],
  gateway: string,
  { env = {}, ...options }: LoadOptions & { readonly env?: Record<string, string> },
): Promise<{ readonly isGood: boolean; readonly said: string[] }> {
  const folder = t.testdir({ 'gateway.yaml': gateway, 'table.yaml': tableYaml })
  const result = await loadConfig(join(folder, 'gateway.yaml'), env, options)
  const said = [...(result.ok ? [] : result.faults), ...result.warnings].map(formatFault)
  return { isGood: result.ok, said: said.map((line) => line.replaceAll(`${folder}/`, '')) }
}

const databaseOf = (query: string) =>
  edit(gatewayYaml, 'postgres://db/latchkey', `"postgres://user:s3cret@db/latchkey?${query}"`)
const redisOf = (query: string) =>
  edit(gatewayYaml, 'redis: none', `redis: "rediss://:s3cret@redis?${query}"`)

t.test('what a start needs must be there, whoever names it', async (t) => {
  const { certFile, keyFile } = makeAuthority(t).make('a', { names })
  const missing: [gateway: string, says: RegExp][] = [
    [withTls('none.pem', keyFile), /^gateway\.yaml:1:25 {2}none\.pem: does not exist$/],
    [withTls(certFile, 'none.key'), /^gateway\.yaml:1:25 {2}none\.key: does not exist$/],
    [withUpstream('ca: none.pem'), /^gateway\.yaml:4:\d+ {2}upstream payments: none\.pem: does not exist/],
    [
      withUpstream(`cert: ${certFile}, key: none.key`),
      /^gateway\.yaml:4:\d+ {2}upstream payments: none\.key: does not exist/,
    ],
    [redisOf('ca=none.pem'), /^gateway\.yaml:2:8 {2}none\.pem: does not exist/],
    [redisOf(`cert=${certFile}&key=none.key`), /^gateway\.yaml:2:8 {2}none\.key: does not exist/],
    [
      databaseOf('sslrootcert=/none/ca.pem'),
      /^gateway\.yaml:1:11 {2}sslrootcert of the Postgres URL: \/none\/ca\.pem: does not exist$/,
    ],
    [
      databaseOf(`sslcert=${certFile}&sslkey=/none/a.key`),
      /^gateway\.yaml:1:11 {2}sslcert of the Postgres URL: \/none\/a\.key: does not exist/,
    ],
  ]
  for (const [gateway, says] of missing) {
    const needed = await saidOf(t, gateway, { needs: 'all' })
    t.same(needed.isGood, false, String(says))
    t.match(needed.said, [says])
    t.notMatch(needed.said.join(), 's3cret')
    t.match(await saidOf(t, gateway, {}), { isGood: true, said: [/: it must be there at the start$/] })
    t.same(await saidOf(t, gateway, { skipsCertificates: true, needs: 'all' }), { isGood: true, said: [] })
  }
  // Who serves no clients shows them nothing; all else it needs too.
  const [tls, , upstream] = missing.map(([gateway]) => gateway)
  t.match(await saidOf(t, tls ?? '', { needs: 'all_but_tls' }), { isGood: true })
  t.match(await saidOf(t, upstream ?? '', { needs: 'all_but_tls' }), { isGood: false })
  // Nobody looks at it over plain http.
  const plain = edit(
    gatewayYaml,
    'url: "http://127.0.0.1:9101"',
    'url: "http://127.0.0.1:9101", ca: none.pem',
  )
  t.match(await saidOf(t, plain, { needs: 'all' }), { isGood: true, said: [/none\.pem/] })
  const targets = edit(
    gatewayYaml,
    'url: "http://127.0.0.1:9101"',
    'targets: [{ url: "http://127.0.0.1:9101" }], ca: none.pem',
  )
  t.match(await saidOf(t, targets, { needs: 'all' }), { isGood: true, said: [/none\.pem/] })
})

t.test('the authorities of the machine are looked at where an upstream goes by them', async (t) => {
  const { certFile, keyFile } = makeAuthority(t).make('a')
  const https = edit(gatewayYaml, 'http://127.0.0.1:9101', 'https://127.0.0.1:9101')
  const env = { SSL_CERT_FILE: '/none/system.pem' }
  t.match(await saidOf(t, https, { needs: 'all', env }), {
    isGood: false,
    said: [
      /^gateway\.yaml:4:\d+ {2}SSL_CERT_FILE or NODE_EXTRA_CA_CERTS: \/none\/system\.pem: does not exist/,
    ],
  })
  t.match(await saidOf(t, https, { needs: 'all', env: { SSL_CERT_FILE: keyFile } }), {
    said: [/holds no certificate/],
  })
  const good = { isGood: true, said: [] }
  t.same(await saidOf(t, https, { needs: 'all', env: { SSL_CERT_FILE: certFile } }), good)
  t.same(await saidOf(t, gatewayYaml, { needs: 'all', env }), good)
  t.same(await saidOf(t, withUpstream(`ca: ${certFile}`), { needs: 'all', env }), good)
})

t.test('what has ended is a fault for who asks before, and a warning at a start', async (t) => {
  const authority = makeAuthority(t)
  const { certFile, keyFile } = authority.make('old', { names, fromDays: -80, toDays: -2 })
  for (const gateway of [
    withTls(certFile, keyFile),
    withUpstream(`cert: ${certFile}, key: ${keyFile}`),
    withUpstream(`ca: ${certFile}`),
    redisOf(`ca=${certFile}`),
    databaseOf(`sslrootcert=${certFile}`),
  ]) {
    t.match(await saidOf(t, gateway, { needs: 'all', refusesExpired: true }), {
      isGood: false,
      said: [/old\.pem: expired at /],
    })
    t.match(await saidOf(t, gateway, { needs: 'all' }), { isGood: true, said: [/old\.pem: expired at /] })
  }
})

t.test('the pair of the control port is looked at as that of the gateway', async (t) => {
  const control = (text: string) => `control: { tls: { ${text} } }\n${gatewayYaml}`
  const bad = await faultsOf(t, { gateway: control('cert: gateway.yaml, key: gateway.yaml') })
  t.match(bad, [/^gateway\.yaml:1:\d+ .*holds no certificate/])
  const ciphers = control('cert: a.pem, key: a.key, ciphers: NONE-SUCH')
  t.match(await faultsOf(t, { gateway: ciphers }), [/`ciphers` is no list/])
})
