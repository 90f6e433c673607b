import t from 'tap'
import { DenialError } from '../../../src/errors/denial.ts'
import {
  createToken,
  findToken,
  listTokens,
  type NewToken,
  revokeToken,
  touchToken,
} from '../../../src/store/people/token-table.ts'
import { createDatabase } from '../../support/database.ts'
import { newId, nowMs, origin, secretOf, seedMerchant } from '../seed.ts'

function tokenOf(extra: Partial<NewToken> = {}): NewToken {
  const { digest, last4 } = secretOf(newId('x'))
  return {
    ...{
      id: newId('tok'),
      name: 'ci',
      role: 'support',
      merchantId: null,
      api: null,
      last4,
      expiresAtMs: null,
    },
    ...{ digest, ...extra },
  }
}

void t.test('a token is found by its digest, revoked too, and listed until then', async (t) => {
  const { db } = await createDatabase(t)
  const token = tokenOf({ merchantId: await seedMerchant(db), expiresAtMs: nowMs + 1000 })
  const { digest, ...rest } = token
  const stored = {
    ...rest,
    createdAtMs: nowMs,
    createdBy: 'ann',
    createdByToken: null,
    revokedAtMs: null,
    lastUsedAtMs: null,
  }
  t.same(await createToken(db, origin, token), { object: stored, change: null })
  t.same(await findToken(db, digest), stored)
  t.equal(await findToken(db, 'ab'.repeat(32)), undefined)
  t.same((await listTokens(db, { after: null, limit: 5 })).rows, [stored])
  const later = { ...origin, nowMs: nowMs + 5 }
  t.same(await revokeToken(db, later, token.id), { ...stored, revokedAtMs: nowMs + 5 })
  t.match(await revokeToken(db, { ...origin, nowMs: nowMs + 9 }, token.id), { revokedAtMs: nowMs + 5 })
  t.match(await findToken(db, digest), { revokedAtMs: nowMs + 5 })
  t.same((await listTokens(db, { after: null, limit: 5 })).rows, [])
  await t.rejects(revokeToken(db, origin, 'tok_000000009999'), DenialError)
})

void t.test('pages join, newest first', async (t) => {
  const { db } = await createDatabase(t)
  const ids = []
  for (const name of ['a', 'b', 'c'])
    ids.unshift((await createToken(db, origin, tokenOf({ name }))).object.id)
  const first = await listTokens(db, { after: null, limit: 2 })
  t.equal(first.hasMore, true)
  const second = await listTokens(db, { after: first.rows[1]?.id ?? '', limit: 2 })
  t.same(
    [...first.rows, ...second.rows].map(({ id }) => id),
    ids,
  )
})

void t.test('two who revoke at once write one entry of the audit, beside the last revision', async (t) => {
  const { db } = await createDatabase(t)
  await seedMerchant(db)
  const { id } = (await createToken(db, origin, tokenOf())).object
  await Promise.all([revokeToken(db, origin, id), revokeToken(db, origin, id)])
  t.match(await db.query('SELECT action, target, revision, before, after FROM audit ORDER BY id OFFSET 1'), [
    { action: 'token.create', target: id, revision: 1, before: null, after: { status: 'active' } },
    {
      action: 'token.revoke',
      target: id,
      revision: 1,
      before: { status: 'active' },
      after: { status: 'revoked' },
    },
  ])
})

void t.test('the last use goes forward, by the minute', async (t) => {
  const { db } = await createDatabase(t)
  const token = tokenOf()
  await createToken(db, origin, token)
  for (const [atMs, expected] of [
    [nowMs, nowMs],
    [nowMs + 60_000, nowMs],
    [nowMs + 60_001, nowMs + 60_001],
    [nowMs, nowMs + 60_001],
  ] as const) {
    await touchToken(db, token.id, atMs)
    t.equal((await findToken(db, token.digest))?.lastUsedAtMs, expected)
  }
})
