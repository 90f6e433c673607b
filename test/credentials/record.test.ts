// Contract 5.6.

import * as fc from 'fast-check'
import t from 'tap'
import {
  type CredentialRecord,
  keyStatuses,
  merchantStatuses,
  whyUnusable,
} from '../../src/credentials/record.ts'

const nowMs = Date.UTC(2026, 0, 15, 12)

const usable: CredentialRecord = {
  kind: 'api_key',
  keyId: 'key_1',
  secretId: 'sec_1',
  merchantId: 'mer_1',
  api: 'flintn',
  environment: 'live',
  status: 'active',
  merchantStatus: 'active',
  permissions: ['transaction.read'],
  expiresAtMs: null,
  secretExpiresAtMs: null,
  limits: null,
  token: null,
  revision: 1,
}

void t.test('an active key of an active merchant may be used', async (t) => {
  t.equal(whyUnusable(usable, nowMs), undefined)
})

void t.test('a key works up to the instant of its expiry, and not in it', async (t) => {
  const record = { ...usable, expiresAtMs: nowMs }
  t.equal(whyUnusable(record, nowMs - 1), undefined)
  t.equal(whyUnusable(record, nowMs), 'expired')
  t.equal(whyUnusable(record, nowMs + 1), 'expired')
})

void t.test('a rotated secret works up to the end of its grace, and not in it', async (t) => {
  const record = { ...usable, secretExpiresAtMs: nowMs }
  t.equal(whyUnusable(record, nowMs - 1), undefined)
  t.equal(whyUnusable(record, nowMs), 'rotated_out')
})

void t.test('an expiry at the beginning of time is an expiry, not the lack of one', async (t) => {
  t.equal(whyUnusable({ ...usable, expiresAtMs: 0 }, 0), 'expired')
  t.equal(whyUnusable({ ...usable, secretExpiresAtMs: 0 }, 0), 'rotated_out')
})

void t.test("the key's own status is the reason before all others", async (t) => {
  const all = { ...usable, merchantStatus: 'suspended', expiresAtMs: 0, secretExpiresAtMs: 0 } as const
  t.equal(whyUnusable({ ...all, status: 'revoked' }, nowMs), 'revoked')
  t.equal(whyUnusable({ ...all, status: 'disabled' }, nowMs), 'disabled')
  t.equal(whyUnusable(all, nowMs), 'merchant_suspended')
})

void t.test('a record is usable only when nothing at all speaks against it', async () => {
  const time = fc.option(fc.integer({ min: nowMs - 3, max: nowMs + 3 }), { nil: null })
  const parts = fc.record({
    status: fc.constantFrom(...keyStatuses),
    merchantStatus: fc.constantFrom(...merchantStatuses),
    expiresAtMs: time,
    secretExpiresAtMs: time,
  })
  fc.assert(
    fc.property(parts, (part) => {
      const isOver = (ms: number | null) => ms !== null && ms <= nowMs
      const isUsable =
        part.status === 'active' &&
        part.merchantStatus === 'active' &&
        !isOver(part.expiresAtMs) &&
        !isOver(part.secretExpiresAtMs)
      return (whyUnusable({ ...usable, ...part }, nowMs) === undefined) === isUsable
    }),
  )
})
