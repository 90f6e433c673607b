// Contract 11: which limits count a request, and how many of one moment pass.

import t from 'tap'
import { countAlone } from '../../src/decision/count-alone.ts'
import { createDecide } from '../../src/decision/decide.ts'
import { fittingLimits } from '../../src/decision/fitting-limits.ts'
import { gatewayYaml, load } from '../config/files.ts'

const table = `permissions: { transaction.read: Read }
routes:
  GET /v1/status: public
  GET /v1/transactions/{id}: transaction.read
`

void t.test('quotas come first, and public routes have the limits of clients', async (t) => {
  const gateway = `${gatewayYaml}    quotas: { monthly: { requests: 2 } }
    rate_limits: { default: { rate: 9/s, per: key }, visits: { rate: 1/d, burst: 3, per: client, shadow: true } }
`
  const result = await load(t, { gateway, table })
  if (!result.ok) return t.fail(JSON.stringify(result.faults))
  const api = result.config.table.apis.get('flintn')
  const [environment] = api?.environments ?? []
  if (api === undefined || environment === undefined) return t.fail('no API')
  const [status, transaction] = api.routes
  const host = { api, environments: [environment] } as const
  const names = (route: typeof status) => fittingLimits(host, route).map(({ name }) => name)
  t.same(names(status), ['visits'])
  t.same(names(transaction), ['monthly', 'default', 'visits'])
  t.match(fittingLimits(host, transaction), [
    { kind: 'quota', requests: 2, rate: null },
    { kind: 'rate', rate: '9/s', burst: 9, requests: null, shadow: false },
    { rate: '1/d', burst: 3, shadow: true },
  ])
  t.same(fittingLimits(host, undefined), [])

  const decide = createDecide(result.config, countAlone())
  const question = {
    ...{ method: 'GET', target: '/v1/transactions/1', host: environment.hosts[0] ?? '', isSecure: true },
    preflightFor: undefined,
    caller: { api: undefined, environment: undefined, permissions: ['*'], unusable: undefined },
  }
  const limits = [decide(question), decide(question), decide(question)].map(({ limit }) => limit)
  t.same(limits, [undefined, undefined, 'monthly'])
})
