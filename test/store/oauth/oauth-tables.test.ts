// What the authorization server keeps: once, by digest, and no longer than what it hangs on.

import t from 'tap'
import { digestOf, Secret } from '../../../src/credentials/secret.ts'
import {
  consumeArtifact,
  dropArtifact,
  findArtifact,
  grantOfArtifact,
  keepArtifact,
  keepOnce,
  pruneArtifacts,
  pruneEndedArtifacts,
} from '../../../src/store/oauth/oauth-artifact-table.ts'
import {
  changeClient,
  createClient,
  mostClients,
  type NewClient,
  writeClientPatch,
  writeClientSecret,
  writeClientStatus,
} from '../../../src/store/oauth/oauth-client-change-table.ts'
import {
  findActiveClient,
  isClientSecret,
  listClients,
  lockActiveClient,
} from '../../../src/store/oauth/oauth-client-table.ts'
import {
  endGrantsOf,
  findGrant,
  insertGrant,
  listGrants,
  lockGranting,
  lockUsableGrant,
  prolongGrant,
  pruneGrants,
} from '../../../src/store/oauth/oauth-grant-table.ts'
import {
  addOauthKeys,
  listOauthKeys,
  pruneOauthKeys,
  resealOauthKey,
} from '../../../src/store/oauth/oauth-key-table.ts'
import type { Postgres } from '../../../src/store/postgres.ts'
import { everything } from '../../../src/store/scope.ts'
import { createDatabase } from '../../support/database.ts'

const origin = { actor: 'ann', requestId: 'req_1', scope: everything, nowMs: Date.now() }
const digest = (text: string) => digestOf(new Secret(text))
const about: Omit<NewClient, 'id' | 'merchantId' | 'secret'> = {
  ...{ api: 'flintn', environment: 'live', name: 'Books', grants: ['code'], permissions: ['x'] },
  ...{
    redirectUris: ['https://books.example/'],
    authMethod: 'client_secret',
    jwks: null,
    jwksUri: null,
    tlsSubject: null,
    limits: { rates: {}, inFlight: null },
    isBound: false,
  },
}

async function seed(db: Postgres): Promise<void> {
  await db.query(
    `INSERT INTO merchant (id, name, status, created_at, revision) VALUES ('mer_1', 'A', 'active', now(), 0)`,
  )
  await db.query(
    `INSERT INTO person (id, email, kind, created_at, created_by) VALUES ('usr_1', 'a@x.test', 'member', now(), 'ann')`,
  )
  await db.query(`INSERT INTO membership VALUES ('usr_1', 'mer_1', 'admin', now(), 'ann')`)
  await createClient(db, origin, {
    ...{ id: 'cli_1', merchantId: 'mer_1', ...about },
    secret: { id: 'cls_1', digest: digest('one'), last4: 'aaaa' },
  })
}

const grant = {
  clientId: 'cli_1',
  personId: 'usr_1',
  merchantId: 'mer_1',
  permissions: ['x'],
  lifetimeSeconds: 60,
}
const artifact = (of: string, grantId: string | null = null) => ({
  ...{ model: 'RefreshToken', digest: digest(of), grantId, payload: 'sealed', lifetimeSeconds: 60 },
})

void t.test('the tables of the authorization server', async (t) => {
  const { db } = await createDatabase(t)
  await seed(db)

  await t.test('a secret works by its digest, two while one ends, and for its client alone', async (t) => {
    t.ok(await isClientSecret(db, 'cli_1', digest('one')))
    t.notOk(await isClientSecret(db, 'cli_2', digest('one')))
    const rotate = (text: string, graceSeconds: number) =>
      changeClient(db, origin, {
        ...{ id: 'cli_1', action: 'client.rotate_secret' },
        write: (tx) =>
          writeClientSecret(tx, 'cli_1', {
            ...{ secret: { id: `cls_${text}`, digest: digest(text), last4: 'bbbb' }, graceSeconds },
          }),
      })
    const { client } = await rotate('two', 60)
    t.equal(client.secrets.length, 2)
    t.ok(await isClientSecret(db, 'cli_1', digest('one')))
    t.ok(await isClientSecret(db, 'cli_1', digest('two')))
    await rotate('three', 0)
    t.notOk(await isClientSecret(db, 'cli_1', digest('one')))
    t.notOk(await isClientSecret(db, 'cli_1', digest('two')))
    t.ok(await isClientSecret(db, 'cli_1', digest('three')))
  })

  await t.test('a change has its line in the audit, without secrets', async (t) => {
    await changeClient(db, origin, {
      ...{ id: 'cli_1', action: 'client.update' },
      write: (tx, before) => writeClientPatch(tx, before, { name: 'Other' }),
    })
    t.match(await findActiveClient(db, 'cli_1'), {
      name: 'Other',
      jwks: null,
      jwksUri: null,
      limits: { rates: {}, inFlight: null },
    })
    const rows = await db.query<{ text: string }>(
      `SELECT before::text || after::text AS text FROM audit WHERE action LIKE 'client.%' AND before IS NOT NULL`,
    )
    t.equal(rows.length, 3)
    for (const { text } of rows) t.notMatch(text, digest('one'))
    t.equal((await listClients(db, { scope: everything }, { after: null, limit: 5 })).rows.length, 1)
  })

  await t.test('a grant is usable while all that it rests on is', async (t) => {
    await insertGrant(db, { id: 'grt_1', ...grant })
    await prolongGrant(db, 'grt_1', 3600)
    t.ok(Number((await findGrant(db, 'grt_1'))?.expiresAtMs) > Date.now() + 3_000_000)
    t.match(await lockUsableGrant(db, 'grt_1'), { merchantId: 'mer_1' })
    for (const [other, back] of [
      [`UPDATE oauth_client SET status = 'disabled'`, `UPDATE oauth_client SET status = 'active'`],
      ['UPDATE person SET disabled_at = now()', 'UPDATE person SET disabled_at = NULL'],
      [`UPDATE membership SET role = 'viewer'`, `UPDATE membership SET role = 'admin'`],
      [`UPDATE merchant SET status = 'suspended'`, `UPDATE merchant SET status = 'active'`],
    ] as const) {
      await db.query(other)
      t.equal(await lockUsableGrant(db, 'grt_1'), undefined, other)
      await db.query(back)
    }
    t.ok(await lockUsableGrant(db, 'grt_1'))
    t.ok(await lockActiveClient(db, 'cli_1'))
  })

  await t.test('nothing is granted where what it would rest on has ended', async (t) => {
    await db.query(
      `INSERT INTO hub_session (id, digest, person_id, proofs, created_at, last_used_at, ends_at)
       VALUES ('ses_1', $1, 'usr_1', '{password}', now(), now(), now() + interval '1 hour')`,
      [Buffer.alloc(32)],
    )
    const by = { ...grant, sessionId: 'ses_1' }
    for (const [other, back] of [
      [`UPDATE oauth_client SET status = 'disabled'`, `UPDATE oauth_client SET status = 'active'`],
      ['UPDATE person SET disabled_at = now()', 'UPDATE person SET disabled_at = NULL'],
      [`UPDATE membership SET role = 'viewer'`, `UPDATE membership SET role = 'admin'`],
    ] as const) {
      await db.query(other)
      t.notOk(await lockGranting(db, by), other)
      await db.query(back)
    }
    t.ok(await lockGranting(db, by))
    t.notOk(await lockGranting(db, { ...by, sessionId: 'ses_2' }))
  })

  await t.test('what hangs on a grant ends with it, and nothing is hung on an ended one', async (t) => {
    await insertGrant(db, { id: 'grt_2', ...grant })
    t.ok(await keepArtifact(db, artifact('r1', 'grt_2')))
    t.ok(await keepArtifact(db, artifact('r2')))
    t.equal(await grantOfArtifact(db, artifact('r1')), 'grt_2')
    t.equal((await listGrants(db, { scope: everything }, { after: null, limit: 5 })).rows.length, 1)
    t.same(await endGrantsOf(db, {}), [], 'nothing that is named by nothing')
    t.same(new Set(await endGrantsOf(db, { clientId: 'cli_1' })), new Set(['grt_1', 'grt_2']))
    t.equal(await findArtifact(db, artifact('r1')), undefined)
    t.ok(await findArtifact(db, artifact('r2')))
    t.notOk(await keepArtifact(db, artifact('r3', 'grt_2')))
    // Not with the grant: they are too many for one request.
    t.equal(await grantOfArtifact(db, artifact('r1')), 'grt_2')
    t.equal(await pruneEndedArtifacts(db, 10), 1)
    t.equal(await grantOfArtifact(db, artifact('r1')), undefined)
    t.ok(await findArtifact(db, artifact('r2')))
    t.equal(await lockUsableGrant(db, 'grt_2'), undefined)
    await db.query(`UPDATE oauth_grant SET expires_at = now() - interval '2 days'`)
    t.equal(await pruneGrants(db, 3 * 86_400_000, 10), 0)
    t.equal(await pruneGrants(db, 86_400_000, 10), 2)
  })

  await t.test('what is used up is used once, whoever comes at the same time', async (t) => {
    await keepArtifact(db, artifact('once'))
    const uses = await Promise.all([1, 2, 3].map(() => consumeArtifact(db, artifact('once'))))
    t.equal(uses.filter(Boolean).length, 1)
    t.match(await findArtifact(db, artifact('once')), { isConsumed: true })
    const seen = await Promise.all([1, 2].map(() => keepOnce(db, artifact('jti'))))
    t.same(new Set(seen), new Set([false, true]))
    await dropArtifact(db, artifact('once'))
    await db.query(`UPDATE oauth_artifact SET expires_at = now() - interval '1 second'`)
    t.equal(await findArtifact(db, artifact('jti')), undefined)
    t.equal(await pruneArtifacts(db, 10), 2)
  })

  await t.test('all who need keys at once find the same', async (t) => {
    const make = (name: string) =>
      addOauthKeys(db, {
        overlapSeconds: 60,
        make: (there) =>
          there.length > 0 ? [] : [{ id: name, purpose: 'sign', sealed: `s ${name}`, usedAfterSeconds: 0 }],
      })
    const made = await Promise.all(['a', 'b', 'c'].map(make))
    t.equal(new Set(made.map((keys) => keys.map(({ id }) => id).join())).size, 1)
    const next = { id: 'next', purpose: 'sign', sealed: 's', usedAfterSeconds: 300 } as const
    const [used, coming] = await addOauthKeys(db, { overlapSeconds: 60, make: () => [next] })
    t.match([used, coming], [{ isInUse: true }, { id: 'next', isInUse: false }])
    await resealOauthKey(db, { id: 'next', was: 'other', sealed: 'x' })
    await resealOauthKey(db, { id: 'next', was: 's', sealed: 't' })
    t.match((await listOauthKeys(db))[1], { sealed: 't' })
    await db.query(`UPDATE oauth_key SET ends_at = now() - interval '1 second' WHERE id <> 'next'`)
    t.equal((await listOauthKeys(db)).length, 1)
    t.equal(await pruneOauthKeys(db, 10), 1)
  })

  await t.test('a client that is disabled is none', async (t) => {
    const { client } = await changeClient(db, origin, {
      ...{ id: 'cli_1', action: 'client.disable' },
      write: (tx, before) => writeClientStatus(tx, before, 'disabled'),
    })
    t.equal(client.status, 'disabled')
    t.equal(await findActiveClient(db, 'cli_1'), undefined)
    t.notOk(await lockActiveClient(db, 'cli_1'))
  })

  await t.test('of clients that are active a merchant has a hundred at most', async (t) => {
    const make = (id: string) => createClient(db, origin, { id, merchantId: 'mer_1', ...about, secret: null })
    const enable = () =>
      changeClient(db, origin, {
        ...{ id: 'cli_1', action: 'client.enable' },
        write: (tx, before) => writeClientStatus(tx, before, 'active'),
      })
    const tooMany = { denial: { code: 'VALIDATION_FAILED' } }
    // One more is there, and disabled.
    for (let i = 0; i < mostClients; i++) await make(`cli_many_${i}`)
    t.match(await make('cli_more').catch((error: unknown) => error), tooMany)
    t.match(await enable().catch((error: unknown) => error), tooMany)
    await db.query(`UPDATE oauth_client SET status = 'disabled' WHERE id = 'cli_many_0'`)
    t.match(await enable(), { client: { status: 'active' } })
  })
})
