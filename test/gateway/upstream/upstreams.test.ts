// Upstreams from one configuration to the next, be it one that does not come about.

import { once } from 'node:events'
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import type { Settings, Upstream } from '../../../src/config/compiled.ts'
import { createUpstreamRoom, type UpstreamRoom } from '../../../src/gateway/upstream/room.ts'
import { createUpstreams, type Inherited } from '../../../src/gateway/upstream/upstreams.ts'
import { loadDemo } from '../subject.ts'

const { settings, table } = await loadDemo()
const onread = { buffer: Buffer.alloc(1_024), callback: () => true }

function upstreamOf(name: string, origins: readonly string[], rest: Partial<Upstream> = {}): Upstream {
  const demo: unknown = settings.upstreams.get('payments')
  const targets = origins.map((origin) => ({ origin, weight: 1 }))
  return { ...Object(demo), name, origin: origins[0], targets, ...rest }
}

function make(t: Test, upstreams: readonly Upstream[], inherited: Inherited) {
  const named: Settings = { ...settings, upstreams: new Map(upstreams.map((one) => [one.name, one])) }
  const made = createUpstreams(named, table, inherited)
  t.teardown(() => made.close())
  return made
}

async function closedOrigin(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = Object(server.address())
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

/** A room that says how many share it. */
function countingRoom(): UpstreamRoom & { sharers: () => number } {
  const room = createUpstreamRoom(100)
  let sharers = 0
  return {
    ...room,
    share(closeOldest) {
      const leave = room.share(closeOldest)
      sharers++
      return () => {
        sharers--
        leave()
      }
    },
    sharers: () => sharers,
  }
}

t.test('a configuration that cannot be opened leaves targets as they are, and nothing behind', async (t) => {
  const [a, b] = [await closedOrigin(), await closedOrigin()]
  const room = countingRoom()
  const before = make(t, [upstreamOf('payments', [a, b])], { room })
  const target = before.get('payments')?.targets.all()[0]?.target
  for (let i = 0; i < 3; i++) await new Promise((resolve) => target?.connect(onread, resolve))
  t.equal(target?.isAvailable(), false)
  const other = upstreamOf('other', ['https://127.0.0.1:9'], { caFiles: ['/nowhere/ca.pem'] })
  const next = [upstreamOf('payments', [a]), upstreamOf('new', ['http://127.0.0.1:9']), other]
  t.throws(() => make(t, next, { before }), /^upstream other: /)
  t.equal(target?.isAvailable(), false, 'it has others')
  t.equal(room.sharers(), 2)

  const taken = make(t, next.slice(0, 2), { before })
  t.equal(taken.get('payments')?.targets.all()[0]?.target, target)
  t.equal(target?.isAvailable(), true, 'it is alone')
  t.equal(room.sharers(), 3)
})
