import { hash } from 'node:crypto'
import t from 'tap'
import { digestOfMerchant } from '../../../src/credentials/merchant-digest.ts'
import { whyUnusable } from '../../../src/credentials/record.ts'
import { readHead } from '../../../src/store/change-table.ts'
import { readCredentials } from '../../../src/store/keys/credential-table.ts'
import { transitionKey } from '../../../src/store/keys/key-change-table.ts'
import { endRotation, rotateKey } from '../../../src/store/keys/key-rotation-table.ts'
import { createMerchant, patchMerchant, transitionMerchant } from '../../../src/store/keys/merchant-table.ts'
import { createDatabase } from '../../support/database.ts'
import { nowMs, origin, secretOf, seedKey } from '../seed.ts'

void t.test(
  'known digests get their records, unknown ones nothing, at the head of the same moment',
  async (t) => {
    const { db } = await createDatabase(t)
    const key = await seedKey(db)
    const unknown = hash('sha256', 'nobody', 'hex')
    const page = await readCredentials(db, [key.secret.digest, unknown])
    t.equal(page.revision, 2)
    t.same(
      [...page.records],
      [
        [
          key.secret.digest,
          {
            kind: 'api_key',
            keyId: key.id,
            secretId: key.secret.id,
            merchantId: key.merchantId,
            api: 'flintn',
            environment: 'live',
            status: 'active',
            merchantStatus: 'active',
            permissions: ['transaction.read'],
            limits: null,
            token: null,
            expiresAtMs: null,
            secretExpiresAtMs: null,
            revision: 2,
          },
        ],
      ],
    )
    const { epoch } = await readHead(db)
    t.same(await readCredentials(db, [unknown]), { epoch, revision: 2, records: new Map() })
    t.same(await readCredentials(db, []), { epoch, revision: 2, records: new Map() })
  },
)

void t.test("a record shows the merchant's status and moves with the merchant's revision", async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  await transitionMerchant(db, origin, { id: key.merchantId, action: 'suspend' })
  const { revision, records } = await readCredentials(db, [key.secret.digest])
  t.equal(revision, 3)
  t.match(records.get(key.secret.digest), { merchantStatus: 'suspended', revision: 3 })
  await transitionKey(db, origin, { id: key.id, action: 'disable' })
  const later = await readCredentials(db, [key.secret.digest])
  t.match(later.records.get(key.secret.digest), { status: 'disabled', revision: 4 })
})

void t.test(
  'a secret in its grace has its end; one ended by hand is over on a clock that is late',
  async (t) => {
    const { db } = await createDatabase(t)
    const key = await seedKey(db)
    const secret = secretOf('second')
    await rotateKey(db, origin, { id: key.id, secret, prefix: 'pk_live_', graceSeconds: 60 })
    const during = await readCredentials(db, [key.secret.digest, secret.digest])
    t.equal(during.records.get(key.secret.digest)?.secretExpiresAtMs, nowMs + 60_000)
    t.equal(during.records.get(secret.digest)?.secretExpiresAtMs, null)
    await endRotation(db, origin, key.id)
    const after = (await readCredentials(db, [key.secret.digest])).records.get(key.secret.digest)
    t.equal(after && whyUnusable(after, nowMs - 3_600_000), 'rotated_out')
  },
)

void t.test('a merchant is found where it is looked up, with its status and limits', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  const id = 'mer_01K8ZX3V9QABCDEFGHJKMNPQRS'
  await createMerchant(db, origin, { id, name: 'Outside' })
  await patchMerchant(db, origin, { id, patch: { limits: { inFlight: 3 } } })
  const place = digestOfMerchant(id) ?? ''
  const none = digestOfMerchant('mer_00000000000000000000000000') ?? ''
  const page = await readCredentials(db, [place, none, key.secret.digest])
  t.same([...page.records.keys()].toSorted(), [place, key.secret.digest].toSorted())
  const outsideKey = id.replace('mer_', 'jwt_')
  t.match(page.records.get(place), {
    ...{ kind: 'merchant', keyId: outsideKey, secretId: outsideKey, merchantId: id, api: '', token: null },
    ...{ status: 'active', merchantStatus: 'active', permissions: [], expiresAtMs: null },
    limits: { merchant: { inFlight: 3 } },
    revision: page.revision,
  })
  await transitionMerchant(db, origin, { id, action: 'suspend' })
  const after = (await readCredentials(db, [place])).records.get(place)
  t.match(after, { merchantStatus: 'suspended', revision: page.revision + 1 })
})
