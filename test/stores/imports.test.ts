// Many keys imported at once while others are revoked, on instances that are processes of their own.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createPostgres } from '../../src/store/postgres.ts'
import { adminClient } from '../support/admin.ts'
import { startProcess } from '../support/process.ts'
import { adminToken, cacheKey, prepareTestProgram } from '../support/program.ts'
import { isLong, writeRow } from './table.ts'
import { postgresVersion } from './versions.ts'

t.setTimeout(600_000)
const lines = isLong ? 20_000 : 1_000
const pauseMs = 50

t.test('every revocation is confirmed by all while keys are imported', async (t) => {
  const { file, databaseUrl } = await prepareTestProgram(t)
  const env = { LATCHKEY_ADMIN_TOKEN: adminToken, LATCHKEY_CACHE_KEY: cacheKey }
  const ports: number[] = []
  for (let started = 0; started < 3; started++) {
    const gateway = await startProcess(['--config', file], env)
    t.teardown(() => gateway.stop().then(() => undefined))
    ports.push(gateway.controlPort)
  }
  const [one, two] = ports.map((port) => `http://127.0.0.1:${port}`)
  const admin = adminClient(two ?? '', adminToken)
  const merchant = await admin.makeMerchant()
  const ids: string[] = []
  while (ids.length < lines / 20) ids.push((await admin.makeKey(merchant)).id)
  const importing = fetch(`${one}/admin/v1/keys/import?wait=all`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/x-ndjson' },
    body: Array.from({ length: lines }, (_, index) =>
      JSON.stringify({
        merchant_id: merchant,
        api: 'flintn',
        environment: 'live',
        name: `Old ${index}`,
        permissions: ['transaction.read', 'transaction.search'],
        secret: `legacy-key-of-somebody-else-${index}`,
      }),
    ).join('\n'),
  })
  let isOver = false
  const imported = importing
    .then(async (response) => [response.status, Object(await response.json()).created])
    .finally(() => (isOver = true))
  const took: number[] = []
  for (const id of ids) {
    if (isOver) break
    const startedAt = performance.now()
    const { status, body } = await admin.call('POST', `/keys/${id}/revoke?wait=all`)
    took.push(performance.now() - startedAt)
    t.equal(status, 200)
    t.match(body, { status: 'revoked', pending: [] })
    await sleep(pauseMs)
  }
  t.same(await imported, [200, lines])
  const sorted = took.toSorted((a, b) => a - b)
  const at = (part: number) =>
    Math.ceil(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0)
  const db = createPostgres({ url: databaseUrl, applicationName: 'latchkey-test' })
  t.teardown(() => db.close())
  writeRow(
    '20,000 keys imported while keys are revoked, three instances',
    `Postgres ${await postgresVersion(db)}`,
    `${took.length} revocations, from call to all have applied it: half within ${at(0.5)} ms, nine of ten ${at(0.9)} ms, all ${at(1)} ms`,
  )
})
