import t from 'tap'
import type { Access } from '../../../src/gateway/access.ts'
import { createAddressRecorder, type SeenAddress } from '../../../src/gateway/record/addresses.ts'

const braked = { brakes: [{ action: 'require_ip' }] }

function accessOf(
  client: string,
  {
    api = braked,
    token = null,
    denial,
    keyId = 'key_1',
  }: {
    api?: object
    token?: object | null
    denial?: object | undefined
    keyId?: string
  } = {},
): Access {
  return { principal: { record: { keyId, token } }, host: { api }, denial, client } as unknown as Access
}

function createSubject(t: { teardown(fn: () => void): unknown }) {
  const world = { nowMs: Date.UTC(2027, 0, 1), failures: 0, batches: [] as (readonly SeenAddress[])[] }
  const recorder = createAddressRecorder({
    async sink(seen) {
      if (world.failures-- > 0) throw new Error('away')
      world.batches.push(seen)
    },
    now: () => world.nowMs,
    flushEveryMs: 1_000_000,
  })
  t.teardown(() => recorder.stop())
  const seen = () => world.batches.flat().map(({ keyId, address }) => `${keyId} ${address}`)
  return { recorder, world, seen }
}

void t.test('an address of a key is handed on once in a while, and an IPv6 network as one', async (t) => {
  const { recorder, world, seen } = createSubject(t)
  for (const client of [
    '192.0.2.1',
    '192.0.2.1',
    '2001:db8:0:1::5',
    '2001:db8:0:1:aaaa::9',
    '::1',
    '192.0.2.2',
  ])
    recorder.note(accessOf(client))
  await recorder.flush()
  t.same(seen(), ['key_1 192.0.2.1', 'key_1 2001:db8:0:1::/64', 'key_1 ::/64', 'key_1 192.0.2.2'])
  recorder.note(accessOf('192.0.2.1'))
  recorder.note(accessOf('192.0.2.1', { keyId: 'key_2' }))
  await recorder.flush()
  t.same(seen().slice(4), ['key_2 192.0.2.1'])
  world.nowMs += 7 * 60 * 60_000
  recorder.note(accessOf('192.0.2.1'))
  await recorder.flush()
  t.same(seen().slice(5), ['key_1 192.0.2.1'], 'it is used still')
})

void t.test('nothing is kept of refusals, tokens, strangers, and APIs without such a brake', async (t) => {
  const { recorder, world } = createSubject(t)
  recorder.note(accessOf('192.0.2.1', { denial: { code: 'IP_NOT_ALLOWED' } }))
  recorder.note(accessOf('192.0.2.1', { token: { id: 'atk_1' } }))
  recorder.note(accessOf('192.0.2.1', { api: { brakes: [{ action: 'disable' }] } }))
  recorder.note({ ...accessOf('192.0.2.1'), principal: undefined })
  recorder.note(accessOf('nobody knows'))
  await recorder.flush()
  t.same(world.batches, [])
})

void t.test('what could not be kept comes again', async (t) => {
  const { recorder, world, seen } = createSubject(t)
  world.failures = 1
  recorder.note(accessOf('192.0.2.1'))
  await recorder.flush()
  t.same(seen(), [])
  await recorder.flush()
  t.same(seen(), ['key_1 192.0.2.1'])
})
