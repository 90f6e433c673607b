import t from 'tap'
import { formatFault } from '../../src/config/fault.ts'
import { configOf, edit, faultsOf, gatewayYaml, load, tableYaml } from './files.ts'

const withReports = edit(
  gatewayYaml,
  'apis:',
  '  reports: { url: "http://127.0.0.1:9103" }\n  trial: { url: "http://127.0.0.1:9104" }\napis:',
)
const withRoute = (upstream: string, requirement = 'transaction.read') =>
  `${tableYaml}  GET /v1/reports/{id}: { permission: ${requirement}, upstream: ${upstream} }\n`

t.test('a route may name an upstream of its own, one or one for each environment', async (t) => {
  for (const [text, upstream] of [
    ['reports', 'reports'],
    [
      '{ sandbox: trial, live: reports }',
      [
        ['live', 'reports'],
        ['sandbox', 'trial'],
      ],
    ],
  ] as const) {
    const { table } = await configOf(t, { gateway: withReports, table: withRoute(text) })
    const [first, second] = table.apis.get('flintn')?.routes ?? []
    t.equal(first?.upstream, null)
    t.strictSame(second?.upstream, upstream)
  }
})

t.test('it must be there, for every environment of the API, and for no other', async (t) => {
  const faults = (upstream: string) => faultsOf(t, { gateway: withReports, table: withRoute(upstream) })
  t.strictSame(await faults('report'), [
    'table.yaml:5:3  `GET /v1/reports/{id}`: there is no upstream `report`  (did you mean reports?)',
  ])
  t.strictSame(await faults('{ live: reports, sandbox: trail }'), [
    'table.yaml:5:3  `GET /v1/reports/{id}`: there is no upstream `trail`  (did you mean trial?)',
  ])
  t.strictSame(await faults('{ live: reports }'), [
    'table.yaml:5:3  `GET /v1/reports/{id}`: `upstream` names none for `sandbox` of `flintn`',
  ])
  t.strictSame(await faults('{ live: reports, sandbox: trial, sandbx: trial }'), [
    'table.yaml:5:3  `GET /v1/reports/{id}`: `flintn` has no environment `sandbx`  (did you mean sandbox?)',
  ])
  t.match(await faults('{}'), [/names none for `live`/, /names none for `sandbox`/])
  t.match(await faults('[reports]'), [/`upstream` must be the name of an upstream, or a mapping/])
})

t.test('routes that overlap say the same only if their requests go the same way', async (t) => {
  const pair = (one: string, other: string) =>
    `${tableYaml}  GET /a/{x}/c: { permission: transaction.read, upstream: ${one} }
  GET /a/b/{y}: { permission: transaction.read, upstream: ${other} }\n`
  t.strictSame(await faultsOf(t, { gateway: withReports, table: pair('reports', 'reports') }), [])
  const each = ['{ live: reports, sandbox: trial }', '{ sandbox: trial, live: reports }'] as const
  t.strictSame(await faultsOf(t, { gateway: withReports, table: pair(...each) }), [])
  t.match(await faultsOf(t, { gateway: withReports, table: pair('reports', 'trial') }), [/overlaps with/])
})

const shared = edit(withReports, '[sandbox.api.flintn.com]', '[api.flintn.com]')

t.test('on a shared host a public route needs one upstream, which may be its own', async (t) => {
  const faults = (gateway: string, upstream: string) =>
    faultsOf(t, { gateway, table: withRoute(upstream, 'public') })
  t.strictSame(await faults(shared, 'reports'), [], 'one upstream of its own')
  t.match(await faults(shared, '{ live: reports, sandbox: trial }'), [/a public route needs one upstream/])
  const oneUpstream = edit(shared, 'upstream: payments-sandbox', 'upstream: payments')
  t.match(await faults(oneUpstream, '{ live: reports, sandbox: trial }'), [
    /a public route needs one upstream/,
  ])
  t.strictSame(await faults(withReports, '{ live: reports, sandbox: trial }'), [], 'hosts of their own')
})

t.test('and so do preflights that pass', async (t) => {
  const oneUpstream = edit(shared, 'upstream: payments-sandbox', 'upstream: payments')
  const cors = edit(oneUpstream, 'permissions: table', 'cors: upstream\n    permissions: table')
  t.strictSame(await faultsOf(t, { gateway: cors, table: withRoute('reports') }), [])
  t.match(await faultsOf(t, { gateway: cors, table: withRoute('{ live: reports, sandbox: trial }') }), [
    /`cors: upstream` needs one upstream/,
  ])
})

t.test('a route that goes one way with live and sandbox is a warning, once an upstream', async (t) => {
  const more = '  GET /v1/more: { permission: transaction.read, upstream: reports }\n'
  const result = await load(t, { gateway: withReports, table: `${withRoute('reports')}${more}` })
  t.strictSame(result.warnings.map(formatFault), [
    'table.yaml:5:3  `GET /v1/reports/{id}`: live and sandbox of `flintn` use one upstream, `reports`',
  ])
})
