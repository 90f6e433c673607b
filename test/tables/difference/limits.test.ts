// Contract 11: what a change makes of rate limits and quotas.

import t from 'tap'
import { compareLimits } from '../../../src/tables/difference/limits.ts'
import { gatewayYaml, load } from '../../config/files.ts'

const table = `permissions: { transaction.read: Read, transaction.refund: Refund }
routes:
  GET /v1/transactions/{id}: transaction.read
  POST /v1/transactions/{id}/refund: transaction.refund
`

async function compare(old: string, now: string): Promise<string[]> {
  // One after the other: both have the same folder.
  const before = await load(t, { gateway: gatewayYaml + old, table })
  const after = await load(t, { gateway: gatewayYaml + now, table })
  if (!before.ok || !after.ok) throw new Error(JSON.stringify([before, after]))
  return compareLimits(before.config.table, after.config.table).map(
    ({ kind, name, parts }) => `${kind} ${name} ${parts.join('+')}`,
  )
}

const limit = (words: string) => `    rate_limits: { default: { ${words} } }\n`
const quota = (words: string) => `    quotas: { monthly: { ${words} } }\n`

void t.test('what lets pass more is loosened, what lets pass less is tightened', async (t) => {
  const old = 'rate: 100/s, burst: 200, per: key'
  t.same(await compare(limit(old), limit(old)), [])
  t.same(await compare(limit(old), limit('rate: 6000/min, burst: 200, per: key')), [], 'the same rate')
  for (const [words, told] of [
    ['rate: 200/s, burst: 200, per: key', 'loosened default rate'],
    ['rate: 100/s, burst: 20, per: key', 'tightened default burst'],
    ['rate: 200/s, burst: 20, per: key', 'changed default rate+burst'],
    ['rate: 100/s, burst: 200, per: merchant', 'changed default per'],
    [`${old}, shadow: true`, 'loosened default shadow'],
    [`${old}, permission: transaction.refund`, 'loosened default routes'],
  ] as const)
    t.same(await compare(limit(old), limit(words)), [told], words)
  t.same(await compare(limit(`${old}, permission: transaction.read`), limit(old)), [
    'tightened default routes',
  ])
})

void t.test('what is gone is loosened, what is new is tightened, but in shadow', async (t) => {
  t.same(await compare(limit('rate: 1/s, per: key'), ''), ['loosened default '])
  t.same(await compare('', limit('rate: 1/s, per: key')), ['tightened default '])
  t.same(await compare('', limit('rate: 1/s, per: key, shadow: true')), ['changed default '])
  t.same(await compare(quota('requests: 5'), ''), ['loosened monthly '])
})

void t.test('quotas and plans are compared too', async (t) => {
  t.same(await compare(quota('requests: 5'), quota('requests: 6')), ['loosened monthly requests'])
  t.same(await compare(quota('requests: 5'), quota('requests: 5, per: key')), ['changed monthly per'])
  const plans = (requests: number, rate: string) =>
    `${limit('rate: 5/s, per: key')}${quota('requests: 5')}plans: { gold: { quotas: { monthly: { requests: ${requests} } }, rate_limits: { default: { rate: ${rate} } } } }\n`
  t.same(await compare(plans(9, '9/s'), plans(8, '10/s')), [
    'loosened default gold rate+gold burst',
    'tightened monthly gold requests',
  ])
})
