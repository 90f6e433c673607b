import t from 'tap'
import { deny } from '../../../src/errors/denial.ts'
import { conclude } from '../../../src/gateway/exchange/proxy.ts'
import { createNames } from '../../../src/gateway/upstream/names.ts'
import { createUpstreamRoom } from '../../../src/gateway/upstream/room.ts'
import type { Upstreams } from '../../../src/gateway/upstream/upstreams.ts'
import { accessOf, loadDemo } from '../subject.ts'

const config = await loadDemo()

t.test('a request that no stage gave an upstream is not forwarded', (t) => {
  const access = accessOf(config)
  conclude(access, undefined)
  t.match(access, { status: 500, denial: { code: 'INTERNAL_ERROR', reason: 'no_upstream' } })
  t.end()
})

t.test('a fault of our own ends the connection, and is kept for the log', (t) => {
  const broken = new Error('broken')
  const upstreams: Upstreams = {
    get() {
      throw broken
    },
    all: () => [],
    names: createNames({ ask: () => {}, now: () => 0 }),
    room: createUpstreamRoom(1),
    retire: () => {},
    close: async () => {},
  }
  const [environment] = config.table.matchHost('api.flintn.com')?.environments ?? []
  const access = { ...accessOf(config), environment, isPreflight: true, upstreams }
  conclude(access, undefined)
  t.match(access, { failure: broken, cut: 'gateway' })
  t.ok(access.raw.socket.destroyed)

  const failing = accessOf(config)
  failing.reply.writeHead = () => {
    throw broken
  }
  conclude(failing, deny('ROUTE_NOT_FOUND', 'route_not_found'))
  t.equal(failing.failure, broken)
  t.ok(failing.raw.socket.destroyed)
  t.end()
})
