// Contract 5.3.

import t from 'tap'
import { normalizeHost } from '../../src/config/hosts.ts'
import { configOf, edit, gatewayYaml, withFlint } from './files.ts'

t.test('hosts are compared lower-case, without port, brackets and one trailing dot', async (t) => {
  const pairs = {
    'API.Flintn.com': 'api.flintn.com',
    'api.flintn.com:8080': 'api.flintn.com',
    'api.flintn.com.': 'api.flintn.com',
    'api.flintn.com.:80': 'api.flintn.com',
    'api.flintn.com..': 'api.flintn.com.',
    '[::1]': '::1',
    '[FE80::1]:8080': 'fe80::1',
    '::1': '::1',
    '[::1': '[::1',
    '': '',
  }
  for (const [host, expected] of Object.entries(pairs)) t.equal(normalizeHost(host), expected, host)
})

t.test('a host allows the environments that name it', async (t) => {
  const { table } = await configOf(t, {})
  const names = (host: string) => table.matchHost(host)?.environments.map((environment) => environment.name)
  t.strictSame(names('API.flintn.com.:443'), ['live'])
  t.strictSame(names('sandbox.api.flintn.com'), ['sandbox'])
  t.equal(names('flintn.com'), undefined)
  t.equal(names('x.api.flintn.com'), undefined)
  t.equal(names('*'), undefined)
})

t.test('a shared host allows both environments', async (t) => {
  const gateway = edit(gatewayYaml, 'hosts: [sandbox.api.flintn.com]', 'hosts: [API.flintn.com.]')
  const { table } = await configOf(t, { gateway })
  t.equal(table.matchHost('api.flintn.com')?.environments.length, 2)
})

t.test('an exact host beats `*`, in its own API and in another', async (t) => {
  const flint = `    credential: { bearer: true }
    environments:
      live: { hosts: ["*", docs.example], prefix: flint_live_, upstream: payments }
      sandbox: { hosts: ["*"], prefix: flint_test_, upstream: payments-sandbox }
    permissions: table.yaml
`
  const { table } = await configOf(t, { gateway: withFlint(flint) })
  t.equal(table.matchHost('api.flintn.com')?.api.name, 'flintn')
  t.match(table.matchHost('docs.example'), { api: { name: 'flint' }, environments: [{ name: 'live' }] })
  t.equal(table.matchHost('docs.example')?.environments.length, 1)
  t.equal(table.matchHost('anything')?.environments.length, 2)
})

t.test('an IPv6 address is found in its brackets', async (t) => {
  const { table } = await configOf(t, { gateway: edit(gatewayYaml, '[api.flintn.com]', '["[::1]"]') })
  t.equal(table.matchHost('[::1]:8080')?.api.name, 'flintn')
})
