import t from 'tap'
import { digestOfMerchant } from '../../src/credentials/merchant-digest.ts'
import { createChanges } from '../../src/lookup/changes.ts'
import { changeOf, digestOf, recordOf } from './subject.ts'

const digest = digestOf('a')
const record = recordOf()

t.test('before the first contact nothing can be told', (t) => {
  const changes = createChanges()
  t.equal(changes.applied, -1)
  t.equal(changes.epoch, undefined)
  t.notOk(changes.knowsSince(1_000_000))
  t.end()
})

t.test('a change of a key moves what was read before it, and nothing read with or after it', (t) => {
  const changes = createChanges()
  changes.restart('e', 0)
  changes.apply([changeOf(1)])
  t.equal(changes.applied, 1)
  t.notOk(changes.isCurrent(0, digest, record))
  t.ok(changes.isCurrent(1, digest, record))
  t.ok(changes.isCurrent(0, digest, recordOf({ keyId: 'key_b' })), 'another key of the merchant stays')
  t.end()
})

t.test('a change of a merchant moves all of its keys, and no one else', (t) => {
  const changes = createChanges()
  changes.restart('e', 0)
  changes.apply([changeOf(1, { keyId: null })])
  t.notOk(changes.isCurrent(0, digest, record))
  t.notOk(changes.isCurrent(0, digestOf('b'), recordOf({ keyId: 'key_b' })))
  t.ok(changes.isCurrent(0, digest, recordOf({ keyId: 'key_c', merchantId: 'mer_c' })))
  t.end()
})

t.test('a change of a key moves "unknown" for each of its digests', (t) => {
  const changes = createChanges()
  changes.restart('e', 0)
  changes.apply([changeOf(1, { digests: [digest] })])
  t.notOk(changes.isCurrent(0, digest, undefined))
  t.ok(changes.isCurrent(0, digestOf('b'), undefined))
  t.ok(changes.isCurrent(1, digest, undefined))
  t.end()
})

t.test('a merchant that comes into being moves "unknown" where it is looked up', (t) => {
  const changes = createChanges()
  changes.restart('e', 0)
  const merchantId = 'mer_01K8ZX3V9QABCDEFGHJKMNPQRS'
  const place = digestOfMerchant(merchantId) ?? ''
  changes.apply([changeOf(1, { keyId: null, merchantId })])
  t.notOk(changes.isCurrent(0, place, undefined))
  t.ok(changes.isCurrent(1, place, undefined))
  t.ok(changes.isCurrent(0, digestOfMerchant(merchantId.replace('S', 'T')) ?? '', undefined))
  t.end()
})

t.test('a change heard early counts at once, though what lies between is not known', (t) => {
  const changes = createChanges()
  changes.restart('e', 10)
  const before = changes.version
  changes.hear(changeOf(15))
  t.equal(changes.applied, 10)
  t.notOk(changes.isCurrent(14, digest, record))
  t.ok(changes.version > before, 'what is cached is checked again')
  t.end()
})

t.test('late news takes nothing back', (t) => {
  const changes = createChanges()
  changes.restart('e', 0)
  changes.hear(changeOf(5))
  changes.apply([changeOf(1)])
  t.notOk(changes.isCurrent(4, digest, record))
  t.end()
})

t.test('changes that are known already do not take the process back', (t) => {
  const changes = createChanges()
  changes.restart('e', 0)
  changes.apply([changeOf(1), changeOf(2)])
  changes.apply([changeOf(1), changeOf(2), changeOf(3)])
  t.equal(changes.applied, 3)
  changes.apply([changeOf(2)])
  t.equal(changes.applied, 3)
  t.end()
})

t.test('what was forgotten to stay within bounds counts as moved', (t) => {
  const changes = createChanges(2)
  changes.restart('e', 0)
  changes.apply([1, 2, 3].map((revision) => changeOf(revision, { keyId: `key_${revision}` })))
  t.notOk(changes.knowsSince(0), 'the move of key_1 is forgotten: of before it nothing can be told')
  t.ok(changes.knowsSince(1))
  t.notOk(changes.isCurrent(1, digest, recordOf({ keyId: 'key_2' })))
  t.end()
})

t.test('after a gap nothing read before it is vouched for, and known moves stay known', (t) => {
  const changes = createChanges()
  changes.restart('e', 0)
  changes.apply([changeOf(1)])
  changes.hear(changeOf(60, { keyId: 'key_b' }))
  const { history } = changes
  changes.restart('e', 50)
  t.equal(changes.applied, 50)
  t.notOk(changes.knowsSince(49))
  t.ok(changes.knowsSince(50))
  t.notOk(changes.isCurrent(55, digest, recordOf({ keyId: 'key_b' })))
  t.equal(changes.history, history, 'it is the same history')
  t.end()
})

t.test('another epoch is another history, whatever its revisions', (t) => {
  const changes = createChanges()
  changes.restart('e', 0)
  changes.apply([changeOf(1)])
  const { history } = changes
  changes.restart('f', 100)
  t.not(changes.history, history)
  t.ok(changes.isCurrent(0, digest, record), 'moves of the old one say nothing of this one')
  t.end()
})

t.test('a head below what was applied is another history also where the epoch is the same', (t) => {
  const changes = createChanges()
  changes.restart('e', 0)
  changes.apply([1, 2, 3].map((revision) => changeOf(revision)))
  const { history } = changes
  changes.restart('e', 1)
  t.not(changes.history, history)
  t.equal(changes.applied, 1)
  t.ok(changes.isCurrent(2, digest, record), 'the lost changes would shut the key out for ever')
  t.end()
})

t.test('what was heard before the first contact stays heard', (t) => {
  const changes = createChanges()
  changes.hear(changeOf(7))
  changes.restart('e', 5)
  t.notOk(changes.isCurrent(6, digest, record))
  t.end()
})
