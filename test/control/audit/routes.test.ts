import t from 'tap'
import { createSubject, makeKey } from '../subject.ts'

void t.test('the audit tells who changed what, filtered and page by page', async (t) => {
  const subject = await createSubject(t)
  const { id, secret } = await makeKey(subject)
  const disabled = await subject.call('POST', `/keys/${id}/disable`)
  await subject.call('POST', `/keys/${id}/disable`)
  const first = await subject.call('GET', `/audit?target=${id}&actor=ann&limit=1`)
  t.match(first.body, {
    data: [
      {
        at: '2026-01-15T12:00:00.000Z',
        actor: 'ann',
        action: 'key.disable',
        target: id,
        before: { status: 'active' },
        after: { status: 'disabled' },
        request_id: disabled.headers['x-request-id'],
        revision: 3,
      },
    ],
    next_cursor: String,
  })
  const cursor = String(first.body['next_cursor'])
  const second = await subject.call('GET', `/audit?target=${id}&actor=ann&limit=1&cursor=${cursor}`)
  t.match(second.body, { data: [{ action: 'key.create', before: null }], next_cursor: null })
  t.same((await subject.call('GET', '/audit?action=key.revoke')).body, { data: [], next_cursor: null })
  t.equal((await subject.call('GET', '/audit?cursor=IjUi')).status, 422)
  t.notMatch((await subject.call('GET', '/audit')).text, secret)
})

void t.test(
  'why something was changed is kept with it, once a request, and only where it was changed',
  async (t) => {
    const subject = await createSubject(t)
    const { call } = subject
    const merchant = await call('POST', '/merchants', { name: 'Acme', reason: 'agreement signed' })
    const { id } = await makeKey(subject)
    await call('POST', `/keys/${id}/disable`, { reason: '  seen in a paste\u0301 ' })
    await call('POST', `/keys/${id}/disable`, { reason: 'again' })
    await call('PATCH', `/merchants/${String(merchant.body['id'])}`, { name: 'Acme Ltd', reason: 'renamed' })
    await call('PATCH', `/keys/${id}`, { name: 'Till', reason: 'moved' })
    await call('POST', `/keys/${id}/rotate`, { reason: 'old' })
    await call('POST', `/keys/${id}/rotation/end`, { reason: 'done' })
    const lines = [1, 2].map((count) =>
      JSON.stringify({
        ...{ merchant_id: merchant.body['id'], api: 'flintn', environment: 'live', name: `Key ${count}` },
        ...{ permissions: ['transaction.read'], sha256: `${count}`.repeat(64), last4: 'abcd' },
      }),
    )
    const imported = await call('POST', '/keys/import?reason=from+the+old+gateway', `${lines.join('\n')}\n`, {
      'content-type': 'application/x-ndjson',
    })
    t.match(imported, { status: 200, body: { created: 2 } })
    const { body } = await call('GET', '/audit')
    const entries = body['data'] as { action: string; reason: string | null }[]
    t.same(
      entries.map(({ action, reason }) => [action, reason]),
      [
        ['key.import', 'from the old gateway'],
        ['key.import', 'from the old gateway'],
        ['key.rotation_end', 'done'],
        ['key.rotate', 'old'],
        ['key.update', 'moved'],
        ['merchant.update', 'renamed'],
        ['key.disable', 'seen in a past\u00e9'],
        ['key.create', null],
        ['merchant.create', null],
        ['merchant.create', 'agreement signed'],
      ],
    )
    t.match(await subject.db.query('SELECT count(*) FROM change_reason'), [{ count: 7 }])
    for (const reason of ['', ' ', 'a\nb', 5, 'x'.repeat(501)])
      t.match(await call('POST', `/keys/${id}/enable`, { reason }), {
        status: 422,
        body: { error: { details: [{ path: '/reason' }] } },
      })
  },
)

void t.test('a time and a request narrow the audit', async (t) => {
  const subject = await createSubject(t)
  const { call, clock } = subject
  const ids: string[] = []
  for (let day = 0; day < 5; day++) {
    clock.nowMs = Date.UTC(2026, 0, 20 + day)
    ids.push(String((await call('POST', '/merchants', { name: `Merchant ${day}` })).headers['x-request-id']))
  }
  const found = async (query: string) => {
    const { body } = await call('GET', `/audit?${query}`)
    return (body['data'] as { request_id: string }[]).map((entry) => ids.indexOf(entry.request_id))
  }
  t.same(await found('since=2026-01-22T00:00:00Z'), [4, 3, 2])
  t.same(await found('until=2026-01-22T00:00:00Z'), [1, 0])
  t.same(await found('since=2026-01-21T00:00:00Z&until=2026-01-22T00:00:00.001Z'), [2, 1])
  t.same(await found('since=2027-01-21T00:00:00Z'), [])
  t.same(await found('until=2020-01-21T00:00:00Z'), [])
  t.same(await found(`request_id=${ids[3]}`), [3])
  t.same(await found('request_id=req_0000000000zz'), [])
  for (const query of ['since=today', 'since=2026-01-22T00:00:00Z&until=2026-01-21T00:00:00Z'])
    t.equal((await call('GET', `/audit?${query}`)).status, 422, query)
})

void t.test('who sees a part gets no address, token and words of others', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  await subject.call('POST', `/keys/${id}/disable`, { reason: 'a hint of the police' })
  const { body: key } = await subject.call('GET', `/keys/${id}`)
  const { body: made } = await subject.call('POST', '/tokens', {
    ...{ name: 'own', role: 'admin', merchant_id: key['merchant_id'] },
  })
  const headers = { authorization: `Bearer ${String(made['secret'])}` }
  t.equal((await subject.call('POST', `/keys/${id}/enable`, { reason: 'mine' }, headers)).status, 200)
  const expected = [
    { action: 'key.enable', client: '127.0.0.1', token_id: made['id'], reason: 'mine' },
    { action: 'key.disable', actor: 'ann', client: null, token_id: null, reason: null },
    { action: 'key.create', client: null },
  ]
  const listed = await subject.call('GET', `/audit?target=${id}`, undefined, headers)
  t.match(listed.body['data'], expected)
  const { body } = await subject.app.inject({ url: `/admin/v1/audit/export?target=${id}`, headers })
  const lines = body.trimEnd().split('\n')
  t.match(
    lines.map((line) => JSON.parse(line) as unknown),
    expected.toReversed(),
  )
  t.match((await subject.call('GET', `/audit?target=${id}`)).body, {
    data: [{}, { reason: 'a hint of the police' }],
  })
})
