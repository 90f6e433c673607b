// Contract 8.

import t from 'tap'
import { createSubject, keyBody, makeMerchant } from '../subject.ts'

void t.test('a request for a key is checked field by field', async (t) => {
  const subject = await createSubject(t)
  const merchantId = await makeMerchant(subject)
  const faults: readonly (readonly [object, string])[] = [
    [{ merchant_id: undefined }, '/merchant_id'],
    [{ merchant_id: 'mer_999999999999' }, '/merchant_id'],
    [{ merchant_id: 'mer_\u0000' }, '/merchant_id'],
    [{ api: 'other' }, '/api'],
    [{ environment: 'test' }, '/environment'],
    [{ permissions: undefined }, '/permissions'],
    [{ permissions: [] }, '/permissions'],
    [{ permissions: 'transaction.read' }, '/permissions'],
    [{ permissions: [1] }, '/permissions/0'],
    [{ permissions: ['transaction.read', 'nope'] }, '/permissions/1'],
    [{ permissions: ['transaction.read', '*'] }, '/permissions/1'],
    [{ expires_at: 5 }, '/expires_at'],
    [{ expires_at: 'tomorrow' }, '/expires_at'],
    [{ expires_at: '2026-02-30T00:00:00Z' }, '/expires_at'],
    [{ expires_at: '2026-02-01' }, '/expires_at'],
    [{ expires_at: '2026-01-15T12:00:00Z' }, '/expires_at'],
    [{ status: 'disabled' }, '/status'],
  ]
  for (const [extra, path] of faults) {
    const { status, body } = await subject.call('POST', '/keys', keyBody(merchantId, extra))
    t.equal(status, 422, JSON.stringify(extra))
    const { error } = body as { error: { code: string; details: { path: string; message: string }[] } }
    t.equal(error.code, 'VALIDATION_FAILED')
    t.ok(error.details.every(({ message }) => message.length > 0))
    t.ok(
      error.details.some((detail) => detail.path === path),
      JSON.stringify(error.details),
    )
  }
  t.same((await subject.call('GET', '/keys')).body, { data: [], next_cursor: null })
})

void t.test('all faults of a request are told at once', async (t) => {
  const { call } = await createSubject(t)
  const { body } = await call('POST', '/keys', { api: 5, colour: 'red' })
  const { error } = body as { error: { details: { path: string }[] } }
  t.same(
    new Set(error.details.map(({ path }) => path)),
    new Set(['/merchant_id', '/environment', '/name', '/permissions', '/api', '/colour']),
  )
})
