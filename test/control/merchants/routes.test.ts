import t from 'tap'
import { createSubject, makeMerchant } from '../subject.ts'

void t.test('a merchant is made, shown, suspended and resumed', async (t) => {
  const subject = await createSubject(t)
  const { call, published } = subject
  const made = await call('POST', '/merchants', { name: 'Acme' })
  t.equal(made.status, 201)
  t.same(made.body, {
    id: made.body['id'],
    name: 'Acme',
    status: 'active',
    created_at: '2026-01-15T12:00:00.000Z',
    revision: 1,
    plan: null,
    rate_limits: {},
    quotas: {},
    in_flight: null,
  })
  const id = String(made.body['id'])
  t.same((await call('GET', `/merchants/${id}`)).body, made.body)
  t.match(await call('POST', `/merchants/${id}/suspend`), {
    status: 200,
    body: { status: 'suspended', revision: 2 },
  })
  t.match(await call('POST', `/merchants/${id}/suspend`, {}), { status: 200, body: { revision: 2 } })
  t.match(await call('POST', `/merchants/${id}/resume`), {
    status: 200,
    body: { status: 'active', revision: 3 },
  })
  t.match(published, [{ revision: 1 }, { revision: 2, keyId: null }, { revision: 3, merchantId: id }])
})

void t.test('names that people could not read are refused, with the field named', async (t) => {
  const { call } = await createSubject(t)
  const faults: readonly (readonly [unknown, string])[] = [
    [{}, '/name'],
    [{ name: '' }, '/name'],
    [{ name: '   ' }, '/name'],
    [{ name: 5 }, '/name'],
    [{ name: null }, '/name'],
    [{ name: 'a\u0000b' }, '/name'],
    [{ name: 'a\nb' }, '/name'],
    [{ name: 'a\u202eb' }, '/name'],
    [{ name: 'a\ud800b' }, '/name'],
    [{ name: 'x'.repeat(101) }, '/name'],
    [{ name: 'ok', colour: 'red' }, '/colour'],
    [{ name: 'ok', 'a/b~c': 1 }, '/a~1b~0c'],
  ]
  for (const [body, path] of faults) {
    const answer = await call('POST', '/merchants', body)
    t.match(answer, { status: 422, body: { error: { code: 'VALIDATION_FAILED', details: [{ path }] } } })
  }
  t.equal((await call('POST', '/merchants', { name: 'Ünïcode & Söhne 商店 🛒' })).status, 201)
  t.equal((await call('POST', '/merchants', { name: '🛒'.repeat(100) })).status, 201)
})

void t.test('all merchants are found page by page', async (t) => {
  const subject = await createSubject(t)
  const ids: string[] = []
  for (let count = 0; count < 5; count++) ids.push(await makeMerchant(subject))
  const found: unknown[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body } = await subject.call(
      'GET',
      `/merchants?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
    )
    const data = body['data'] as { id: string }[]
    t.ok(data.length <= 2)
    found.push(...data.map(({ id }) => id))
    cursor = body['next_cursor'] as string | null
  }
  t.same(found, ids.toReversed())
})

void t.test(
  'merchants are found by a part of their name or id, by status, and sorted either way',
  async (t) => {
    const { call } = await createSubject(t)
    const ids = new Map<string, string>()
    for (const name of ['Beta', 'alpha', 'Ärger', 'Alpha']) {
      ids.set(name, String((await call('POST', '/merchants', { name })).body['id']))
    }
    await call('POST', `/merchants/${ids.get('Beta')}/suspend`)
    const names = async (query: string) => {
      const found: string[] = []
      for (let cursor = ''; ; ) {
        const { status, body } = await call('GET', `/merchants?limit=1&${query}${cursor}`)
        t.equal(status, 200, query)
        found.push(...(body['data'] as { name: string }[]).map(({ name }) => name))
        const next = body['next_cursor']
        if (typeof next !== 'string') return found
        cursor = `&cursor=${next}`
      }
    }
    t.same(await names(''), ['Alpha', 'Ärger', 'alpha', 'Beta'])
    t.same(await names('sort=created'), ['Beta', 'alpha', 'Ärger', 'Alpha'])
    t.same(await names('sort=name'), ['alpha', 'Alpha', 'Beta', 'Ärger'])
    t.same(await names('sort=-name'), ['Ärger', 'Beta', 'Alpha', 'alpha'])
    t.same(await names('q=ALPH&sort=-created'), ['Alpha', 'alpha'])
    t.same(await names(`q=${ids.get('Ärger')?.toLowerCase()}`), ['Ärger'])
    t.same(await names('status=suspended'), ['Beta'])
    t.same(await names('status=active&q=beta'), [])
    t.same(await names('q=%25'), [])
    for (const query of ['sort=colour', 'status=revoked', 'q=', 'q=%00']) {
      t.equal((await call('GET', `/merchants?${query}`)).status, 422, query)
    }
  },
)

void t.test('an id that cannot be is not found, and never reaches the database', async (t) => {
  const { call } = await createSubject(t)
  for (const id of [
    'mer_999999999999',
    'key_000000000001',
    'x',
    'mer_%00',
    'mer_000000000001%27',
    'm'.repeat(300),
  ]) {
    t.match(
      await call('GET', `/merchants/${id}`),
      { status: 404, body: { error: { code: 'NOT_FOUND' } } },
      id,
    )
    t.equal((await call('POST', `/merchants/${id}/suspend`)).status, 404, id)
  }
})

void t.test('a merchant is renamed; the same name, or none, changes nothing', async (t) => {
  const subject = await createSubject(t)
  const { call, published } = subject
  const id = await makeMerchant(subject)
  t.match(await call('PATCH', `/merchants/${id}`, { name: ' Acme GmbH ' }), {
    status: 200,
    body: { id, name: 'Acme GmbH', status: 'active', revision: 2 },
  })
  t.match((await call('PATCH', `/merchants/${id}`, { name: 'Acme GmbH' })).body, { revision: 2 })
  t.match((await call('PATCH', `/merchants/${id}`, {})).body, { name: 'Acme GmbH', revision: 2 })
  t.match(await call('GET', `/merchants/${id}`), { body: { name: 'Acme GmbH' } })
  t.equal(published.length, 2)
  t.match((await call('GET', `/audit?target=${id}&limit=1`)).body['data'], [
    { action: 'merchant.update', before: { name: 'Acme' }, after: { name: 'Acme GmbH', status: 'active' } },
  ])
  t.equal((await call('PATCH', `/merchants/${id}`, { status: 'suspended' })).status, 422)
  t.equal((await call('PATCH', '/merchants/mer_0000000000zz', { name: 'x' })).status, 404)
})
