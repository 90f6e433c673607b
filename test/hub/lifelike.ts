// Keys, people and requests as an installation has them, for pictures of the hub.

import { addActivity } from '../../src/store/activity/activity-table.ts'
import { addLatencies, type LatencyCount } from '../../src/store/activity/latency-table.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import { timeBucketOf } from '../../src/telemetry/answer-time.ts'
import type { HubProgram } from './people.ts'
import { send } from './send.ts'

const dayMs = 86_400_000

interface Wanted {
  readonly name: string
  readonly permissions: readonly string[]
  readonly environment?: string
  readonly expires_at?: string
}

const wanted: readonly Wanted[] = [
  { name: 'Old web shop', permissions: ['*'] },
  { name: 'Support desk', permissions: ['transaction.read', 'transaction.search'] },
  {
    name: 'Nightly reconciliation',
    permissions: ['transaction.read', 'transaction.search'],
    expires_at: new Date(Date.now() + 9 * dayMs).toISOString(),
  },
  { name: 'Refund desk', permissions: ['transaction.read', 'transaction.refund'] },
  { name: 'Point of sale, Hamburg', permissions: ['transaction.read'] },
  {
    name: 'Checkout server, Frankfurt',
    permissions: ['transaction.read', 'transaction.search', 'transaction.refund'],
  },
  { name: 'Mia, laptop', permissions: ['transaction.read'], environment: 'sandbox' },
  { name: 'Nightly tests', permissions: ['*'], environment: 'sandbox' },
]

export interface Lifelike {
  /** A key whose secret is being rotated. */
  readonly keyId: string
  /** A refused request. */
  readonly requestId: string
}

export async function furnish(hub: HubProgram): Promise<Lifelike> {
  for (const name of ['Nordlicht Reisen GmbH', 'Blue Harbor Outfitters', 'Kinoko Books'])
    await hub.admin.makeMerchant(name)
  const keys = []
  for (const one of wanted) keys.push({ ...one, ...(await hub.admin.makeKey(hub.merchantId, { ...one })) })
  const [old, , , refunds, , checkout] = keys
  if (old === undefined || checkout === undefined || refunds === undefined) throw new Error('no keys')
  await hub.admin.call('POST', `/keys/${old.id}/disable?wait=all`, { reason: 'The shop was replaced' })
  await use(
    hub,
    keys.filter(({ id }) => id !== old.id),
  )
  const rotated = await hub.admin.call('POST', `/keys/${checkout.id}/rotate?wait=all`, {
    grace_seconds: 86_400,
  })
  const second = String(rotated.body['secret'])
  for (let i = 0; i < 24; i++)
    await send(hub.gatewayPort, {
      ...{ host: 'api.flintn.com', path: `/v1/transactions/${i}` },
      secret: i % 3 === 0 ? second : checkout.secret,
    })
  await send(hub.gatewayPort, { host: 'api.flintn.com', path: '/v1/transactions', secret: refunds.secret })
  await hub.admin.call('POST', '/deny', { kind: 'client', value: '203.0.113.0/24', reason: 'Guessing keys' })
  return { keyId: checkout.id, requestId: await refusedRequest(hub) }
}

/** The last days as a shop has them: quiet nights, busy evenings. */
async function use(
  hub: HubProgram,
  keys: readonly { readonly id: string; readonly environment?: string }[],
): Promise<void> {
  const db = createPostgres({ url: hub.databaseUrl, applicationName: 'latchkey-test' })
  const startMs = Math.floor(Date.now() / 300_000) * 300_000 - 300_000
  const counts = keys.flatMap(({ id, environment = 'live' }, index) =>
    Array.from({ length: 288 * 2 }, (_, step) => {
      const minuteMs = startMs - step * 300_000
      const hour = new Date(minuteMs).getUTCHours()
      const tide = 1 + Math.sin(((hour - 9) / 24) * 2 * Math.PI)
      const noise = 0.75 + 0.5 * Math.abs(Math.sin(step * 12.9898 + index * 78.233))
      const count = Math.round((60 / (index + 1)) * tide * noise)
      const of = { keyId: id, secretId: 'sec_1', api: 'flintn', environment, minuteMs, lastUsedAtMs: null }
      const route = index % 2 === 0 ? 'GET /v1/transactions/{id}' : 'GET /v1/transactions'
      return [
        { ...of, route, outcome: 'allow', count },
        {
          ...of,
          route: 'POST /v1/transactions/{id}/refund',
          outcome: 'INSUFFICIENT_PERMISSIONS',
          count: Math.round(count / 14),
        },
        {
          ...of,
          route,
          outcome: 'UPSTREAM_ERROR',
          count: step > 90 && step < 104 ? Math.round(count / 5) : 0,
        },
      ].filter((row) => row.count > 0)
    }).flat(),
  )
  await addLatencies(
    db,
    'seed-latency',
    keys.flatMap(({ id, environment = 'live' }) => times(hub, { id, environment })),
  )
  for (let i = 0; i < counts.length; i += 2_000)
    await addActivity(db, { id: `seed-${i}`, counts: counts.slice(i, i + 2_000) })
  // As if they had been there for a while; the newest is from today.
  for (const [index, { id }] of keys.toReversed().entries())
    await db.query(
      'UPDATE api_key SET created_at = now() - make_interval(days => $2::int, hours => 5) WHERE id = $1',
      [id, index * index * 4],
    )
  await db.close()
}

/** How long its answers took in the last two days: longer in the evening, and a few much longer. */
function times(
  { merchantId }: HubProgram,
  { id: keyId, environment }: { readonly id: string; readonly environment: string },
): LatencyCount[] {
  const nowMs = Date.now()
  return Array.from({ length: 48 }, (_, hour) => {
    const startMs = nowMs - hour * 3_600_000
    const slow = 1 + 0.4 * Math.sin(((new Date(startMs).getUTCHours() - 9) / 24) * 2 * Math.PI)
    const of = { keyId, merchantId, api: 'flintn', environment, startMs }
    return [
      [12, 700],
      [18, 240],
      [40, 55],
      [160, 5],
    ].map(([ms = 0, count = 0]) => ({
      ...{ ...of, bucket: timeBucketOf(ms * slow), answers: count, upstream: count },
    }))
  }).flat()
}

/** Kept a moment after it is over. */
async function refusedRequest(hub: HubProgram): Promise<string> {
  for (let i = 0; i < 200; i++) {
    const { body } = await hub.admin.call('GET', '/requests')
    const [first] = (body['data'] ?? []) as { id: string }[]
    if (first !== undefined) return first.id
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('no request was kept')
}
