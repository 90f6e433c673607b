import t from 'tap'
import { permissionByRule } from '../../../src/tables/openapi/rule.ts'

function named(path: string, base = '', rule = '{resource}.{access}'): string {
  const operation = {
    method: 'GET',
    template: base + path,
    shape: '',
    path,
    stated: undefined,
    tag: 'T',
    operationId: 'o',
  }
  return permissionByRule(rule, operation)
}

t.test('a permission is named for the first segment that names something', async (t) => {
  t.equal(named('/v1/charges/{id}'), 'charges.read')
  t.equal(named('/2010-04-01/Accounts/{Sid}.json'), 'Accounts.read')
  t.equal(named('/2010-04-01/Accounts.json'), 'Accounts.read')
  t.equal(named('/api/rest/v2.0/invoices'), 'invoices.read')
  t.equal(named('/v1beta1/jobs'), 'jobs.read')
  t.equal(named('/v2/3ds/{id}'), '3ds.read')
  t.equal(named('/accounts/{id}', '/open-banking/v4.0/aisp'), 'accounts.read', 'the base path is no name')
  t.equal(named('/{id}', '/open-banking/v4.0'), 'open-banking.read', 'but where there is no other')
  t.equal(named('/{id}:refund'), 'root.read')
})

t.test('a finer rule tells parts apart', async (t) => {
  const rule = '{resource}.{part}.{access}'
  t.equal(named('/repos/{owner}/{repo}/issues/{n}', '', rule), 'repos.issues.read')
  t.equal(named('/repos', '', rule), 'repos.repos.read')
})
