import t from 'tap'
import { hostFor } from '../../src/config/host-for.ts'
import { configOf, edit, gatewayYaml, tableYaml } from './files.ts'

t.test(
  'Host is what clients of the upstream say, be it by a route of its own, or its own name',
  async (t) => {
    const more = `  reports: { url: "http://reports.internal:81/base" }
  own: { url: "http://own.internal", preserve_host: false }
  nobodys: { url: "http://[::1]:82" }\napis:`
    const route = `  GET /r: { permission: transaction.read, upstream: { live: own, sandbox: reports } }\n`
    const { settings, table } = await configOf(t, {
      gateway: edit(gatewayYaml, 'apis:', more),
      table: `${tableYaml}${route}`,
    })
    const hosts = [...settings.upstreams.values()].map((upstream) =>
      hostFor(upstream, table, 'own.internal:1'),
    )
    t.same(hosts, [
      'api.flintn.com',
      'sandbox.api.flintn.com',
      'sandbox.api.flintn.com',
      'own.internal:1',
      'own.internal:1',
    ])
  },
)

t.test('an address of IPv6 stands in brackets, as clients say it', async (t) => {
  const { settings, table } = await configOf(t, {
    gateway: edit(gatewayYaml, 'hosts: [api.flintn.com]', 'hosts: ["::1"]'),
  })
  const payments = settings.upstreams.get('payments')
  t.equal(payments && hostFor(payments, table, 'own'), '[::1]')
})
