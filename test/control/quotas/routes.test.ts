// Contract 11: what was used of quotas in a month.

import t from 'tap'
import { addQuotaUse } from '../../../src/store/activity/quota-table.ts'
import { tellQuotas } from '../../../src/store/activity/quota-warning-table.ts'
import { createSubject, makeKey, makeMerchant, startMs, type Subject, table } from '../subject.ts'

const monthMs = Date.UTC(2026, 0)

/** As processes store it. */
async function use({ db }: Subject, subject: string, count: number, of: object = {}): Promise<void> {
  const item = { subject, api: 'flintn', environment: 'live', monthMs, count, ...of }
  await addQuotaUse(db, { id: `${Math.random()}`, items: [item] })
}

void t.test('the nearest to its quota comes first, by what counts for its merchant', async (t) => {
  const subject = await createSubject(t)
  const { call } = subject
  const [one, other, idle] = [
    await makeMerchant(subject),
    await makeMerchant(subject),
    await makeMerchant(subject),
  ]
  await call('PATCH', `/merchants/${other}`, { quotas: { monthly: { requests: 30 } } })
  await use(subject, one, 81)
  await use(subject, other, 28)
  await use(subject, other, 1, { environment: 'sandbox' })
  await use(subject, idle, 9, { monthMs: Date.UTC(2025, 11) })
  const of = { api: 'flintn', quota: 'monthly', per: 'merchant', warned_at: [] }
  const { body } = await call('GET', '/quotas')
  t.match(body, {
    month: '2026-01',
    since: '2026-01-01T00:00:00.000Z',
    resets_at: '2026-02-01T00:00:00.000Z',
    next_cursor: null,
  })
  t.same(body['data'], [
    {
      ...of,
      merchant_id: other,
      merchant_name: 'Acme',
      environment: 'live',
      used: 28,
      requests: 30,
      percent: 93.33,
    },
    {
      ...of,
      merchant_id: one,
      merchant_name: 'Acme',
      environment: 'live',
      used: 81,
      requests: 100,
      percent: 81,
    },
    {
      ...of,
      merchant_id: other,
      merchant_name: 'Acme',
      environment: 'sandbox',
      used: 1,
      requests: 30,
      percent: 3.33,
    },
  ])
  const found = async (query: string) =>
    ((await call('GET', `/quotas?${query}`)).body['data'] as { merchant_id: string; used: number }[]).map(
      ({ merchant_id: id, used }) => [id, used],
    )
  t.same(await found(`merchant_id=${one}`), [[one, 81]])
  t.same(await found('environment=sandbox'), [[other, 1]])
  t.same(await found('api=flint'), [])
  t.same(await found('quota=monthly_other'), [])
  t.same(await found('month=2025-12'), [[idle, 9]])
  for (const query of ['month=2025-13', 'month=2025', 'merchant_id=x', 'cursor=IjUi'])
    t.equal((await call('GET', `/quotas?${query}`)).status, query === 'merchant_id=x' ? 404 : 422, query)
})

void t.test('pages have each row once, also of those that have used as much', async (t) => {
  const subject = await createSubject(t)
  const ids: string[] = []
  for (let i = 0; i < 7; i++) ids.push(await makeMerchant(subject))
  for (const [index, id] of ids.entries()) await use(subject, id, index < 4 ? 50 : index)
  const seen: string[] = []
  let cursor = ''
  do {
    const { body } = await subject.call('GET', `/quotas?limit=2${cursor}`)
    for (const { merchant_id: id } of body['data'] as { merchant_id: string }[]) seen.push(id)
    const next = body['next_cursor']
    cursor = typeof next === 'string' ? `&cursor=${next}` : ''
  } while (cursor !== '')
  t.same(seen, [...ids.slice(0, 4), ids[6], ids[5], ids[4]])
})

void t.test('what webhooks have told of the quota as it is stands beside it', async (t) => {
  const subject = await createSubject(t)
  const id = await makeMerchant(subject)
  await subject.db.query(
    `INSERT INTO webhook_endpoint (id, url, events, status, created_at, created_by, cursor_seq, first_revision)
     VALUES ('whk_a', 'https://hooks.example', '{*}', 'enabled', now(), 'test', 0, 0)`,
  )
  await use(subject, id, 96)
  const quota = {
    api: 'flintn',
    name: 'monthly',
    per: 'merchant',
    requests: 100,
    ofPlans: new Map(),
  } as const
  await tellQuotas(subject.db, { quotas: [quota], newId: () => 'evt_1', nowMs: startMs })
  const warned = async () =>
    ((await subject.call('GET', '/quotas')).body['data'] as { warned_at: number[] }[]).map(
      (one) => one.warned_at,
    )
  t.same(await warned(), [[80, 95]])
  await subject.call('PATCH', `/merchants/${id}`, { quotas: { monthly: { requests: 1000 } } })
  t.same(await warned(), [[]], 'of a larger one nothing was told')
})

void t.test(
  'of a quota that counts by key the key is named, or the client and whom it spoke for',
  async (t) => {
    const quota = {
      api: 'flintn',
      name: 'monthly',
      per: 'key',
      requests: 10,
      ofPlans: new Map([['gold', 40]]),
    } as const
    const subject = await createSubject(t, {
      table: () => ({
        ...table,
        apis: new Map(
          [...table.apis].map(([name, api]) => [name, { ...api, quotas: [{ ...quota, api: name }] }]),
        ),
      }),
    })
    const key = await makeKey(subject)
    const merchant = String((await subject.call('GET', `/keys/${key.id}`)).body['merchant_id'])
    await subject.call('PATCH', `/merchants/${merchant}`, { plan: 'gold' })
    await use(subject, key.id, 4)
    await use(subject, `cli_a ${merchant}`, 2)
    await use(subject, 'key_gone', 10)
    const rows = (await subject.call('GET', `/quotas?merchant_id=${merchant}`)).body['data']
    t.match(rows, [
      { key_id: key.id, per: 'key', used: 4, requests: 40, percent: 10 },
      { key_id: 'cli_a', per: 'key', used: 2, requests: 40, percent: 5 },
    ])
    t.same((await subject.call('GET', '/quotas')).body['data'], rows, 'what is nobody’s is left out')
  },
)
