import t from 'tap'
import { createSubject, keyBody, makeKey, makeMerchant } from './subject.ts'

const decomposed = ' Cafe\u0301 '

void t.test('every name comes in its normal form, wherever it is given', async (t) => {
  const subject = await createSubject(t)
  const merchant = await subject.call('POST', '/merchants', { name: decomposed })
  t.match(merchant, { status: 201, body: { name: 'Café' } })
  const merchantId = String(merchant.body['id'])
  t.match(await subject.call('POST', '/keys', keyBody(merchantId, { name: decomposed })), {
    body: { name: 'Café' },
  })
  const { id } = await makeKey(subject)
  t.match(await subject.call('PATCH', `/keys/${id}`, { name: 'Cafe\u0301 2' }), { body: { name: 'Café 2' } })
  const line = keyBody(merchantId, { name: 'Cafe\u0301 3 ', secret: 'a-secret-of-more-than-24-characters' })
  t.match(await subject.call('POST', '/keys/import', JSON.stringify(line)), {
    status: 200,
    body: { created: 1 },
  })
  const found = await subject.call('GET', `/keys?q=${encodeURIComponent('cafe\u0301 ')}`)
  const names = (found.body['data'] as { name: string }[]).map(({ name }) => name)
  t.same(names.toSorted(), ['Café', 'Café 2', 'Café 3'])
})

void t.test('a name that hides something is 422 with its place, wherever it is given', async (t) => {
  const subject = await createSubject(t)
  const merchantId = await makeMerchant(subject)
  const { id } = await makeKey(subject)
  for (const name of ['a\u200bb', 'a\u2066b', '\ufeff', 'a\ue000b', 'a\u{e0041}b', '\u2800']) {
    const details = [{ path: '/name', message: /^must / }]
    const refused = { status: 422, body: { error: { code: 'VALIDATION_FAILED', details } } }
    t.match(await subject.call('POST', '/merchants', { name }), refused)
    t.match(await subject.call('POST', '/keys', keyBody(merchantId, { name })), refused)
    t.match(await subject.call('PATCH', `/keys/${id}`, { name }), refused)
    const line = keyBody(merchantId, { name, secret: 'a-secret-of-more-than-24-characters' })
    t.match(await subject.call('POST', '/keys/import', JSON.stringify(line)), refused)
  }
})

void t.test('a repeat of a request is one, in whichever form its name comes', async (t) => {
  const { call } = await createSubject(t)
  const headers = { 'idempotency-key': 'one' }
  const first = await call('POST', '/merchants', { name: 'Café' }, headers)
  const again = await call('POST', '/merchants', { name: decomposed }, headers)
  t.match(again, { status: 201, headers: { 'idempotency-replayed': 'true' }, body: { id: first.body['id'] } })
})

void t.test('names that were stored before there was a normal form go on working', async (t) => {
  const subject = await createSubject(t)
  const merchantId = await makeMerchant(subject)
  const line = keyBody(merchantId, { name: 'Café', secret: 'a-secret-of-more-than-24-characters' })
  const made = await subject.call('POST', '/keys/import', JSON.stringify(line))
  const id = (made.body['results'] as { id: string }[])[0]?.id
  const old = 'Cafe\u0301\u200b'
  for (const name of [old, decomposed])
    await subject.db.query('UPDATE api_key SET name = $1 WHERE id = $2', [name, id])
  t.match(await subject.call('GET', `/keys/${id}`), { status: 200, body: { name: decomposed } })
  t.match(await subject.call('POST', '/keys/import', JSON.stringify({ ...line, name: decomposed })), {
    status: 200,
    body: { unchanged: 1 },
  })
  await subject.db.query('UPDATE api_key SET name = $1 WHERE id = $2', [old, id])
  t.match(await subject.call('POST', `/keys/${id}/disable`), { status: 200, body: { name: old } })
})
