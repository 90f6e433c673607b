import t from 'tap'
import { parseChange, parseReading, parseScope, parseSeen } from '../../src/lookup/redis-format.ts'
import { changeOf, digestOf, recordOf } from './subject.ts'

const reading = { record: recordOf(), revision: 3, confirmedAtMs: 1_700_000_000_000 }

t.test('a reading comes back as it was written', (t) => {
  t.same(parseReading(JSON.stringify(reading)), reading)
  const full = { ...reading, record: recordOf({ expiresAtMs: 5, secretExpiresAtMs: 6, status: 'revoked' }) }
  t.same(parseReading(JSON.stringify(full)), full)
  t.end()
})

t.test('a change comes back with its epoch', (t) => {
  const change = changeOf(7, { digests: [digestOf('a')] })
  t.same(parseChange(JSON.stringify({ epoch: 'e', ...change })), { epoch: 'e', change })
  const ofMerchant = changeOf(8, { keyId: null })
  t.same(parseChange(JSON.stringify({ epoch: 'e', ...ofMerchant })), { epoch: 'e', change: ofMerchant })
  t.end()
})

t.test('how far Redis is, and when somebody was seen, come back', (t) => {
  const scope = { epoch: 'e', id: 'x', base: 1, revision: 2, stamp: null }
  t.same(parseScope(JSON.stringify(scope)), scope)
  t.equal(parseScope(JSON.stringify({ ...scope, base: '1' })), undefined)
  t.same(parseSeen('{"atMs":5}'), { atMs: 5 })
  t.end()
})

t.test('what is said of a caller comes back', (t) => {
  const merchant = { plan: 'gold', rates: {}, inFlight: 3 }
  const limits = {
    allowedIps: ['10.0.0.0/8'],
    rates: { default: { rate: '5/min', burst: null } },
    inFlight: null,
    merchant,
  }
  const limited = { ...reading, record: recordOf({ limits }) }
  t.same(parseReading(JSON.stringify(limited)), limited)
  const faulty = { ...limits, allowedIps: '10.0.0.0/8' }
  t.equal(
    parseReading(JSON.stringify({ ...reading, record: { ...reading.record, limits: faulty } })),
    undefined,
  )
  t.end()
})

const wrong: Record<string, object | null> = {
  'of an earlier version, which says nothing of addresses': {
    ...reading,
    record: { ...reading.record, limits: undefined },
  },
  'without its record': { ...reading, record: undefined },
  'of another kind': { ...reading, record: { ...reading.record, kind: 'access_token' } },
  'with a status that there is not': { ...reading, record: { ...reading.record, status: 'ACTIVE' } },
  'with an environment that none is called': {
    ...reading,
    record: { ...reading.record, environment: 'Live ' },
  },
  'with permissions that are no list': { ...reading, record: { ...reading.record, permissions: '*' } },
  'without the status of its merchant': {
    ...reading,
    record: { ...reading.record, merchantStatus: undefined },
  },
  'with an expiry in words': { ...reading, record: { ...reading.record, expiresAtMs: '2026-01-01' } },
  'with a broken revision': { ...reading, revision: 1.5 },
  'without a confirmation': { ...reading, confirmedAtMs: null },
  'that is null': null,
}
for (const [name, value] of Object.entries(wrong)) {
  t.test(`a reading ${name} is none`, (t) => {
    t.equal(parseReading(JSON.stringify(value)), undefined)
    t.end()
  })
}

t.test('what is no JSON, or not there, is nothing', (t) => {
  for (const parse of [parseReading, parseChange, parseScope, parseSeen]) {
    for (const text of [undefined, '', '{', '[]', '1', '"e"']) t.equal(parse(text), undefined)
  }
  t.end()
})

t.test('a change without its list of digests is none', (t) => {
  t.equal(parseChange(JSON.stringify({ epoch: 'e', ...changeOf(7), digests: undefined })), undefined)
  t.end()
})
