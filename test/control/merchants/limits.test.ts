// Contract 11: what may be said of one merchant, and who may say it.

import t from 'tap'
import { createSubject, makeKey, makeMerchant } from '../subject.ts'

void t.test('plan, rates and requests under way of a merchant are kept and taken back', async (t) => {
  const subject = await createSubject(t)
  const id = await makeMerchant(subject)
  const patch = (body: object) => subject.call('PATCH', `/merchants/${id}`, body)
  const said = { plan: 'gold', rate_limits: { sums: { rate: '20/min', burst: 40 } }, in_flight: 7 }
  t.match((await patch(said)).body, { ...said, revision: 2 })
  t.match((await patch({ name: 'Other' })).body, { ...said, name: 'Other', revision: 3 })
  t.match((await patch(said)).body, { revision: 3 }, 'no change')
  t.match((await subject.call('POST', `/merchants/${id}/suspend`, {})).body, { ...said, status: 'suspended' })
  t.match((await subject.call('GET', '/merchants')).body, { data: [said] })
  const none = { plan: null, rate_limits: {}, in_flight: null }
  t.match((await patch({ plan: null, rate_limits: null, in_flight: null })).body, { ...none, revision: 5 })
  t.match((await subject.call('GET', `/merchants/${id}`)).body, none)
  t.match((await subject.call('GET', `/audit?target=${id}`)).body, {
    data: [{ before: said }, {}, {}, { after: said }, {}],
  })
})

void t.test('what nothing goes by is refused', async (t) => {
  const subject = await createSubject(t)
  const id = await makeMerchant(subject)
  for (const body of [
    { plan: 'lead' },
    { rate_limits: { none: { rate: '1/s' } } },
    { in_flight: 0 },
    { plan: 7 },
  ])
    t.equal((await subject.call('PATCH', `/merchants/${id}`, body)).status, 422, JSON.stringify(body))
})

void t.test('whoever is of one merchant does not say what the platform allows it', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  const merchantId = (await subject.call('GET', `/keys/${id}`)).body['merchant_id']
  const made = await subject.call('POST', '/tokens', { name: 'own', role: 'admin', merchant_id: merchantId })
  const token = String(made.body['secret'])
  const patch = (body: object) =>
    subject.call('PATCH', `/keys/${id}`, body, { authorization: `Bearer ${token}` })
  t.match(await patch({ allowed_ips: ['10.0.0.0/8'] }), { status: 200 })
  t.match(await patch({ rate_limits: { default: { rate: '9/s' } } }), { status: 403 })
  t.match(await patch({ in_flight: 1_000 }), { status: 403 })
})
