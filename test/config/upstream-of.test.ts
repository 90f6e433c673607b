import t from 'tap'
import { upstreamOf } from '../../src/config/upstream-of.ts'
import { configOf, gatewayYaml, tableYaml } from './files.ts'

t.test("a request goes to its route's own upstream, or else to its environment's", async (t) => {
  const { table } = await configOf(t, { gateway: gatewayYaml, table: tableYaml })
  const { environments = [], routes = [] } = table.apis.get('flintn') ?? {}
  const [live, sandbox] = environments
  const [route] = routes
  if (!live || !sandbox || !route) throw new Error('they are in the file')
  const of = (environment: typeof live, upstream: typeof route.upstream) =>
    upstreamOf(environment, { ...route, upstream })
  t.equal(upstreamOf(live, undefined), 'payments')
  t.equal(of(sandbox, null), 'payments-sandbox')
  t.equal(of(live, 'reports'), 'reports')
  const each = [
    ['live', 'ledger'],
    ['sandbox', 'ledger-sandbox'],
  ] as const
  t.equal(of(live, each), 'ledger')
  t.equal(of(sandbox, each), 'ledger-sandbox')
  t.throws(() => of(sandbox, [['live', 'ledger']]), 'never to that of another environment')
})
