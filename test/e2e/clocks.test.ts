// Contract 7.
// Instances whose clocks are minutes apart decide alike: by the database's.

import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { adminClient, type AdminClient } from '../support/admin.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { fakeClock } from '../support/faketime.ts'
import { startRedis } from '../support/redis-service.ts'
import { startUpstream } from '../support/upstream.ts'
import { exchange, request } from '../support/wire.ts'
import { adminToken, keyOfDemo, latchkey, probe, secrets, untilReady, writeConfig } from '../main/process.ts'

t.setTimeout(240_000)

interface Instance {
  readonly admin: AdminClient
  readonly control: number
  status(secret: string): Promise<number | undefined>
  output(): string
}

const minuteMs = 60_000
const offsetsMs = [0, -2 * minuteMs, 2 * minuteMs]

/** One instance with the right time, one two minutes behind, one two minutes ahead. */
async function fleet(t: Test): Promise<Instance[]> {
  const { url } = await createEmptyDatabase(t)
  const redis = await startRedis()
  const upstream = await startUpstream()
  t.teardown(() => Promise.all([upstream.close(), redis.stop()]).then(() => {}))
  const file = await writeConfig(t, { postgres: url, redis: redis.url, upstream: upstream.url })
  const instances: Instance[] = []
  for (const offsetMs of offsetsMs) {
    const clock = offsetMs === 0 ? {} : await fakeClock(offsetMs / 1_000)
    const running = latchkey(t, ['start', '--config', file], { ...secrets, ...clock })
    const { gateway, control } = await untilReady(running)
    instances.push({
      admin: adminClient(`http://127.0.0.1:${control}`, adminToken),
      control,
      output: running.stdout,
      async status(secret) {
        const fields = ['Host: api.example.com', `X-Api-Key: ${secret}`]
        return (await exchange(gateway, request('GET /v1/a', fields))).status
      },
    })
  }
  return instances
}

t.test('instances two minutes behind and ahead', async (t) => {
  const instances = await fleet(t)
  const [right] = instances
  if (right === undefined) throw new Error('none')
  const merchant = await right.admin.makeMerchant()
  const statuses = (secret: string) => Promise.all(instances.map((one) => one.status(secret)))

  await t.test('say how far, warn, and count it', async (t) => {
    const { body } = await right.admin.call('GET', '/instances')
    const said = Array.from(Object(body['data']), (one) => Number(Object(one)['clock_offset_ms']))
    for (const [index, offsetMs] of offsetsMs.entries()) {
      const { control = 0, output = () => '' } = instances[index] ?? {}
      // Behind is what has to be added.
      t.ok(
        said.some((ms) => Math.abs(ms + offsetMs) < 1_000),
        `${offsetMs}: ${said.join()}`,
      )
      const ready = Number((await probe(control)).body['clock_offset_ms'])
      t.ok(Math.abs(ready + offsetMs) < 1_000)
      const metrics = await (await fetch(`http://127.0.0.1:${control}/metrics`)).text()
      const metric = Number(/^latchkey_clock_offset_seconds\{[^}]*\} (\S+)$/m.exec(metrics)?.[1])
      t.ok(Math.abs(metric * 1_000 + offsetMs) < 1_000, `${metric}`)
      t.equal(output().includes("clock is apart from the database's"), offsetMs !== 0)
    }
  })

  await t.test('refuse a key when it has expired, and not before', async (t) => {
    // Made by the one that is behind: what is in the future is so for all.
    for (const maker of instances) {
      const expiresAtMs = Date.now() + 6_000
      const expiry = { ...keyOfDemo, expires_at: new Date(expiresAtMs).toISOString() }
      const { secret } = await maker.admin.makeKey(merchant, expiry)
      t.same(await statuses(secret), [200, 200, 200])
      await sleep(expiresAtMs - Date.now() + 1_000)
      t.same(await statuses(secret), [401, 401, 401])
    }
    const past = { ...keyOfDemo, merchant_id: merchant, environment: 'live', name: 'x' }
    const expiresAt = new Date(Date.now() - minuteMs).toISOString()
    for (const { admin } of instances) {
      const answer = await admin.call('POST', '/keys', { ...past, expires_at: expiresAt })
      t.equal(answer.status, 422, 'a minute ago is past for the one that is behind, too')
    }
  })

  await t.test('grant a grace that is as long everywhere', async (t) => {
    for (const granter of instances) {
      const key = await right.admin.makeKey(merchant, keyOfDemo)
      const begun = Date.now()
      const { body } = await granter.admin.call('POST', `/keys/${key.id}/rotate?wait=all`, {
        grace_seconds: 30,
      })
      t.same(await statuses(key.secret), [200, 200, 200])
      t.same(await statuses(String(body['secret'])), [200, 200, 200])
      const ends = Array.from(Object(body['secrets']), (one) => Date.parse(String(Object(one)['expires_at'])))
      t.ok(
        ends.some((at) => Math.abs(at - begun - 30_000) < 10_000),
        ends.join(),
      )
    }
  })
})
