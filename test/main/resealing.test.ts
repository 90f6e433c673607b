// Secrets outlive the key that sealed them: second factors of people who did not sign in meanwhile, too.

import t from 'tap'
import { createSealing } from '../../src/credentials/sealing.ts'
import { newSharedSecret, totpPlace } from '../../src/credentials/totp.ts'
import { webhookSecretPlace } from '../../src/credentials/webhook-secret.ts'
import { createResealing } from '../../src/main/resealing.ts'
import type { Postgres } from '../../src/store/postgres.ts'
import { resealText, sealedColumns } from '../../src/store/sealed-table.ts'
import { createDatabase } from '../support/database.ts'

const [old, young] = ['o'.repeat(32), 'y'.repeat(32)]
const byOld = createSealing([old])
const byYoung = createSealing([young])

async function addTotp(db: Postgres, id: string, sealed: string): Promise<void> {
  await db.query('INSERT INTO totp (person_id, secret, created_at) VALUES ($1, $2, now())', [id, sealed])
}

async function sealedOf(db: Postgres): Promise<readonly { id: string; sealed: string }[]> {
  return db.query('SELECT person_id AS id, secret AS sealed FROM totp ORDER BY 1')
}

function resealingOf(db: Postgres, keys: { now: readonly string[] }) {
  const told: string[] = []
  const clock = { now: 0 }
  let made = { keys: keys.now, sealing: createSealing(keys.now) }
  const resealing = createResealing({
    db,
    log: { info: (_, text) => told.push(text), warn: (_, text) => told.push(text) },
    sealing() {
      if (made.keys !== keys.now) made = { keys: keys.now, sealing: createSealing(keys.now) }
      return made.sealing
    },
    monotonicNow: () => clock.now,
  })
  return { resealing, told, clock }
}

t.test('all of them open with the new key alone after it was first for a while', async (t) => {
  const { db } = await createDatabase(t)
  const secrets = new Map<string, string>()
  // More than are looked at together.
  for (let n = 0; n < 1_100; n++) {
    const id = `usr_${String(n).padStart(12, '0')}`
    const secret = newSharedSecret()
    secrets.set(id, secret)
    await addTotp(db, id, byOld.seal(totpPlace(id), secret))
  }
  await db.query(
    `INSERT INTO webhook_endpoint (id, url, events, status, created_at, created_by, cursor_seq, first_revision)
     VALUES ('whk_1', 'https://x.test', '{*}', 'enabled', now(), 'ann', 0, 0)`,
  )
  await db.query(
    `INSERT INTO webhook_secret (id, endpoint_id, sealed, last4, created_at) VALUES ('whs_1', 'whk_1', $1, 'abcd', now())`,
    [byOld.seal(webhookSecretPlace('whs_1'), 'whsec_x')],
  )
  const keys = { now: [young, old] }
  const { resealing, told, clock } = resealingOf(db, keys)
  t.equal(resealing.unopened(), undefined)
  await resealing.run()
  t.same(told, ['What an earlier key had sealed is sealed anew'])
  t.equal(resealing.unopened(), 0)
  for (const { id, sealed } of await sealedOf(db))
    if (byYoung.open(totpPlace(id), sealed) !== secrets.get(id)) t.fail(id)
  const [webhook] = await db.query<{ sealed: string }>('SELECT sealed FROM webhook_secret')
  t.equal(byYoung.open(webhookSecretPlace('whs_1'), webhook?.sealed ?? ''), 'whsec_x')

  await addTotp(db, 'usr_late', byOld.seal(totpPlace('usr_late'), 'by one that was not restarted yet'))
  await resealing.run()
  t.equal(
    (await sealedOf(db)).filter(({ sealed }) => byYoung.isByFirst(sealed)).length,
    1_100,
    'not at each call',
  )
  clock.now += 5 * 60_000
  await resealing.run()
  t.equal((await sealedOf(db)).filter(({ sealed }) => byYoung.isByFirst(sealed)).length, 1_101)
})

t.test('what no key opens stays as it is, is told once, and counted until the key is back', async (t) => {
  const { db } = await createDatabase(t)
  await addTotp(db, 'usr_1', byOld.seal(totpPlace('usr_1'), 'a'))
  // Of another row: it opens nowhere.
  await addTotp(db, 'usr_2', byOld.seal(totpPlace('usr_1'), 'a'))
  const keys: { now: readonly string[] } = { now: [young] }
  const { resealing, told, clock } = resealingOf(db, keys)
  const before = await sealedOf(db)
  await resealing.run()
  clock.now += 5 * 60_000
  await resealing.run()
  t.equal(resealing.unopened(), 2)
  t.equal(told.length, 1)
  t.match(told[0], /LATCHKEY_SEAL_KEY/)
  t.same(await sealedOf(db), before)
  keys.now = [young, old]
  await resealing.run()
  t.equal(resealing.unopened(), 1)
  const [first] = await sealedOf(db)
  t.equal(byYoung.open(totpPlace('usr_1'), first?.sealed ?? ''), 'a')
})

t.test(
  'one that was changed meanwhile is left, and trouble with Postgres is told and tried again',
  async (t) => {
    const { db } = await createDatabase(t)
    const sealed = byOld.seal(totpPlace('usr_1'), 'a')
    await addTotp(db, 'usr_1', sealed)
    for (const column of sealedColumns)
      await resealText(db, column, { id: 'usr_1', sealed: 'as it was before', anew: 'x' })
    t.match(await sealedOf(db), [{ sealed }])
    await db.query('ALTER TABLE totp RENAME TO away')
    const { resealing, told, clock } = resealingOf(db, { now: [young, old] })
    await resealing.run()
    t.match(told, [/tried again/])
    await db.query('ALTER TABLE away RENAME TO totp')
    clock.now += 5 * 60_000
    await resealing.run()
    t.equal(byYoung.isByFirst((await sealedOf(db))[0]?.sealed ?? ''), true)
  },
)
