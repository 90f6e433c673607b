// Contract 11: quotas in the file.

import t from 'tap'
import { monthOf, quotaFor } from '../../src/config/quotas.ts'
import { gatewayYaml, load } from './files.ts'

const table = `permissions:
  transaction.read: Read
routes:
  GET /v1/transactions/{id}: transaction.read
`

void t.test('quotas are read, with what plans say of them', async (t) => {
  const gateway = `${gatewayYaml}    quotas: { monthly: { requests: 1000000 }, monthly_key: { requests: 10, per: key } }
plans: { gold: { quotas: { monthly: { requests: 5000000 } } }, lead: {} }
`
  const result = await load(t, { gateway, table })
  if (!result.ok) return t.fail(JSON.stringify(result.faults))
  const [monthly, ofKey] = result.config.table.apis.get('flintn')?.quotas ?? []
  t.match(monthly, { api: 'flintn', name: 'monthly', per: 'merchant', requests: 1_000_000 })
  t.match(ofKey, { name: 'monthly_key', per: 'key', requests: 10 })
  if (monthly === undefined) return
  t.equal(quotaFor(monthly, null), 1_000_000)
  t.equal(quotaFor(monthly, { plan: 'lead' }), 1_000_000)
  t.equal(quotaFor(monthly, { plan: 'gold' }), 5_000_000)
  t.equal(quotaFor(monthly, { plan: 'gold', quotas: { monthly: { requests: 7 } } }), 7)
})

void t.test('quotas that say what another does, or nothing that is known, are faults', async (t) => {
  const gateway = `${gatewayYaml}    rate_limits: { monthly: { rate: 1/s, per: key } }
    quotas:
      monthly: { requests: 5 }
      monthly_more: { requests: 9 }
      daily: { requests: 9 }
plans: { gold: { quotas: { monthly_les: { requests: 5 } } } }
`
  const result = await load(t, { gateway, table })
  t.equal(result.ok, false)
  if (result.ok) return
  const text = result.faults.map(({ message }) => message).join('\n')
  t.match(text, /`monthly` is a rate limit of `flintn` already/)
  t.match(text, /`monthly_more` counts by merchant, as `monthly` does/)
  t.match(text, /daily/)
  t.match(text, /no API has a quota `monthly_les`/)
})

void t.test('a month is one of the calendar, in UTC', async (t) => {
  t.same(monthOf(Date.UTC(2028, 1, 29, 23, 59, 59, 999)), {
    startMs: Date.UTC(2028, 1),
    endMs: Date.UTC(2028, 2),
  })
  t.same(monthOf(Date.UTC(2027, 11, 31)).endMs, Date.UTC(2028, 0))
})
