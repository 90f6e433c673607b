import t from 'tap'
import { digestOfMerchant, merchantOfDigest } from '../../src/credentials/merchant-digest.ts'
import { digestOf, generateSecret } from '../../src/credentials/secret.ts'

const id = 'mer_01K8ZX3V9QABCDEFGHJKMNPQRS'

t.test('a merchant stands where a digest would, and is read back', async (t) => {
  const digest = digestOfMerchant(id) ?? ''
  t.match(digest, /^[0-9a-f]{64}$/)
  t.equal(merchantOfDigest(digest), id)
})

t.test('what is no id of a merchant has no place', async (t) => {
  for (const other of [
    '',
    'mer_',
    'mer_1',
    `${id}0`,
    id.toLowerCase(),
    `key_${id.slice(4)}`,
    `${id.slice(0, -1)}ä`,
  ])
    t.equal(digestOfMerchant(other), undefined, other)
})

t.test('the digest of a secret is no merchant', async (t) => {
  for (let i = 0; i < 100; i++) t.equal(merchantOfDigest(digestOf(generateSecret('pk_live_'))), undefined)
  const digest = digestOfMerchant(id) ?? ''
  for (const other of [
    digest.slice(0, -1),
    `${digest.slice(0, -1)}1`,
    digest.replace('6d', '6e'),
    '',
    '6d65725f',
  ])
    t.equal(merchantOfDigest(other), undefined, other)
})
