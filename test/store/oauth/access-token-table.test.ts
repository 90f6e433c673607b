// Contract 10: an access token is one more credential record, with the same freshness as a key's.

import { hash } from 'node:crypto'
import t from 'tap'
import { whyUnusable } from '../../../src/credentials/record.ts'
import {
  endTokens,
  findAccessToken,
  issueAccessToken,
  type NewAccessToken,
  pruneAccessTokens,
  pruneTokenStops,
  type TokenEnd,
} from '../../../src/store/oauth/access-token-table.ts'
import { changesAfter, readHead } from '../../../src/store/change-table.ts'
import { readCredentials } from '../../../src/store/keys/credential-table.ts'
import { listKeys } from '../../../src/store/keys/key-table.ts'
import { transitionMerchant } from '../../../src/store/keys/merchant-table.ts'
import type { Postgres } from '../../../src/store/postgres.ts'
import { createDatabase } from '../../support/database.ts'
import { newId, origin, seedKey, seedMerchant, view } from '../seed.ts'

const digestOf = (text: string) => hash('sha256', text, 'hex')

function tokenOf(merchantId: string, of: Partial<NewAccessToken> = {}): NewAccessToken {
  const id = newId('atk')
  return {
    ...{ id, digest: digestOf(id), clientId: 'cli_000000000001', userId: 'usr_000000000001' },
    ...{ grantId: 'grt_000000000001', merchantId, api: 'flintn', environment: 'live' },
    ...{ permissions: ['transaction.read'], jkt: null, lifetimeMs: 900_000 },
    ...of,
  }
}

const recordOf = async (db: Postgres, { digest }: { digest: string }) =>
  (await readCredentials(db, [digest])).records.get(digest)

const end = (db: Postgres, what: TokenEnd) => db.transaction((tx) => endTokens(tx, what))

t.test('a token is found by its digest, as a record of its client', async (t) => {
  const { db } = await createDatabase(t)
  const merchantId = await seedMerchant(db)
  const jkt = 'a'.repeat(43)
  const token = tokenOf(merchantId, { jkt })
  const { expiresAtMs } = await issueAccessToken(db, token)
  t.same(await recordOf(db, token), {
    ...{ kind: 'access_token', keyId: token.clientId, secretId: token.grantId, merchantId },
    ...{ api: 'flintn', environment: 'live', status: 'active', merchantStatus: 'active' },
    ...{ permissions: ['transaction.read'], expiresAtMs, secretExpiresAtMs: null, limits: null },
    token: { id: token.id, userId: token.userId, grantId: token.grantId, jkt },
    revision: 1,
  })
  const found = await findAccessToken(db, token.digest)
  t.match(found, { id: token.id, clientId: token.clientId, jkt, isLive: true, expiresAtMs })
  t.equal(expiresAtMs - (found?.createdAtMs ?? 0), 900_000)
  t.equal(await findAccessToken(db, digestOf('nobody')), undefined)
})

t.test('a token takes no revision, and is no key', async (t) => {
  const { db } = await createDatabase(t)
  const merchantId = await seedMerchant(db)
  const { head } = await readHead(db)
  await issueAccessToken(db, tokenOf(merchantId, { userId: null, grantId: null }))
  t.equal((await readHead(db)).head, head)
  t.same((await listKeys(db, { ...view }, { after: null, limit: 10 })).rows, [])
})

t.test(
  'each end takes one revision, however many tokens, and ends what was made before and nothing else',
  async (t) => {
    const { db } = await createDatabase(t)
    const [own, other] = [await seedMerchant(db), await seedMerchant(db)]
    const token = tokenOf(own)
    for (const [what, isEnded] of [
      [{ kind: 'token', digest: token.digest }, [true, false, false, false, false]],
      [{ kind: 'grant', id: 'grt_000000000001' }, [true, true, false, false, false]],
      [{ kind: 'user', id: 'usr_000000000001', merchantId: own }, [true, true, true, false, false]],
      [{ kind: 'user', id: 'usr_000000000001' }, [true, true, true, true, false]],
      [{ kind: 'client', id: 'cli_000000000001' }, [true, true, true, true, true]],
    ] as const) {
      const tokens = [
        token,
        tokenOf(own),
        tokenOf(own, { grantId: 'grt_000000000002' }),
        tokenOf(other, { grantId: 'grt_000000000003' }),
        tokenOf(own, { grantId: null, userId: null }),
      ]
      await db.query('DELETE FROM access_token')
      for (const one of tokens) await issueAccessToken(db, one)
      const { head } = await readHead(db)
      const change = await end(db, what)
      t.equal(change?.revision, head + 1, what.kind)
      t.same(await changesAfter(db, head, 10), [change])
      const records = await Promise.all(tokens.map((one) => recordOf(db, one)))
      t.same(
        records.map((record) => record?.status === 'revoked'),
        isEnded,
        what.kind,
      )
      t.equal(records[0]?.revision, head + 1)
      t.equal((await findAccessToken(db, token.digest))?.isLive, false)
      // What is made afterwards works.
      const later = tokenOf(own)
      await issueAccessToken(db, later)
      t.equal((await recordOf(db, later))?.status, 'active', what.kind)
    }
  },
)

t.test('what has nothing to end takes no revision', async (t) => {
  const { db } = await createDatabase(t)
  const merchantId = await seedMerchant(db)
  const over = tokenOf(merchantId, { lifetimeMs: 0 })
  await issueAccessToken(db, over)
  t.equal(await end(db, { kind: 'token', digest: over.digest }), null, 'its time is over')
  t.equal(await end(db, { kind: 'token', digest: digestOf('nobody') }), null)
  t.equal(await end(db, { kind: 'user', id: 'usr_000000000001' }), null)
  const token = tokenOf(merchantId)
  await issueAccessToken(db, token)
  t.equal(await end(db, { kind: 'user', id: 'usr_000000000001', merchantId: 'mer_other' }), null)
  t.not(await end(db, { kind: 'token', digest: token.digest }), null)
  t.equal(await end(db, { kind: 'token', digest: token.digest }), null, 'it has ended already')
  t.equal((await readHead(db)).head, 2)
})

t.test('a token that was begun before an end is ended by it, whoever commits first', async (t) => {
  const { db } = await createDatabase(t)
  const merchantId = await seedMerchant(db)
  const token = tokenOf(merchantId)
  await db.transaction(async (tx) => {
    await issueAccessToken(tx, token)
    await end(db, { kind: 'grant', id: 'grt_000000000001' })
  })
  t.equal((await recordOf(db, token))?.status, 'revoked')
})

t.test('its time is the database’s, and the merchant is what it is for keys', async (t) => {
  const { db } = await createDatabase(t)
  const merchantId = await seedMerchant(db)
  const [over, token] = [tokenOf(merchantId, { lifetimeMs: 1 }), tokenOf(merchantId)]
  for (const one of [over, token]) await issueAccessToken(db, one)
  const [clock] = await db.query<{ now: number }>(
    `SELECT (extract(epoch FROM clock_timestamp() + interval '10 milliseconds') * 1000)::bigint AS now`,
  )
  const record = await recordOf(db, over)
  t.equal(record && whyUnusable(record, clock?.now ?? 0), 'expired')
  await transitionMerchant(db, origin, { id: merchantId, action: 'suspend' })
  t.match(await recordOf(db, token), { merchantStatus: 'suspended', revision: 2 })
  t.equal((await findAccessToken(db, token.digest))?.isLive, false)
  await transitionMerchant(db, origin, { id: merchantId, action: 'resume' })
  t.equal((await findAccessToken(db, token.digest))?.isLive, true)
})

t.test(
  'the table takes no token of more than a day, none without permissions, none that may do all',
  async (t) => {
    const { db } = await createDatabase(t)
    const merchantId = await seedMerchant(db)
    for (const of of [
      { lifetimeMs: 86_400_001 },
      { permissions: [] },
      { permissions: ['*'] },
      { jkt: 'short' },
    ] satisfies Partial<NewAccessToken>[])
      await t.rejects(issueAccessToken(db, tokenOf(merchantId, of)), JSON.stringify(of))
  },
)

t.test('a key beside tokens is what it was', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  const token = tokenOf(key.merchantId)
  await issueAccessToken(db, token)
  const { records } = await readCredentials(db, [key.secret.digest, token.digest])
  t.match(records.get(key.secret.digest), { kind: 'api_key', keyId: key.id, token: null })
  t.equal(records.size, 2)
})

t.test(
  'what is over is forgotten in batches: tokens an hour after, what ended them when none of before is left',
  async (t) => {
    const { db } = await createDatabase(t)
    const merchantId = await seedMerchant(db)
    const tokens = Array.from({ length: 5 }, () => tokenOf(merchantId))
    for (const one of tokens) await issueAccessToken(db, one)
    await end(db, { kind: 'grant', id: 'grt_000000000001' })
    t.equal(await pruneAccessTokens(db, 10), 0)
    t.equal(await pruneTokenStops(db, 10), 0)
    await db.query(
      `UPDATE access_token SET created_at = created_at - interval '2 hours', expires_at = now() - interval '61 minutes'
     WHERE digest <> $1`,
      [Buffer.from(tokens[0]?.digest ?? '', 'hex')],
    )
    t.equal(await pruneAccessTokens(db, 3), 3)
    t.equal(await pruneAccessTokens(db, 3), 1)
    await db.query(`UPDATE access_token_stop SET at = at - interval '27 hours'`)
    t.equal(await pruneTokenStops(db, 10), 1)
  },
)
