// The addresses of a name as targets, from one configuration to the next. The system's look-up is the test's own; servers are
// real, on addresses of loopback.

import { once } from 'node:events'
import { copyFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Upstream } from '../../../src/config/compiled.ts'
import { againMs, createNames, deniedMs, type Names } from '../../../src/gateway/upstream/names.ts'
import { createUpstreamRoom, type UpstreamRoom } from '../../../src/gateway/upstream/room.ts'
import type { UpstreamNews } from '../../../src/gateway/upstream/news.ts'
import {
  followTargets,
  mostTargets,
  type TargetsInForce,
} from '../../../src/gateway/upstream/targets-in-force.ts'
import { tlsFile } from '../../support/tls.ts'
import { loadDemo } from '../subject.ts'

const { settings, table } = await loadDemo()
const payments = settings.upstreams.get('payments')
if (payments === undefined) throw new Error('it is in the file')
const roomForAll = createUpstreamRoom(100)
const silent: UpstreamNews = { notReused() {}, odd() {}, target() {}, notMoved() {} }

const namesOf = (addresses: () => readonly string[]): Names =>
  createNames({
    ask: (_name, done) =>
      done(
        null,
        addresses().map((address) => ({ address, family: 4 })),
      ),
    now: () => performance.now(),
  })

interface Followed {
  readonly names: Names
  readonly before?: TargetsInForce
  readonly room?: UpstreamRoom
  readonly news?: Partial<UpstreamNews>
}

function follow(
  t: Test,
  upstream: Partial<Upstream>,
  { names, before, room = roomForAll, news }: Followed,
): TargetsInForce {
  const targets = followTargets(
    { ...Object(payments), ...upstream },
    { table, names, room, news: news && { ...silent, ...news }, before },
  )
  t.teardown(() => {
    targets.stop()
    for (const { target } of targets.all()) void target.connections.close()
  })
  return targets
}

const onread = { buffer: Buffer.alloc(1_024), callback: () => true }
const nameOf = ({ target }: { target: { name: string } }) => target.name
const all = {
  origin: 'http://pay.test:81',
  targets: [{ origin: 'http://pay.test:81', weight: 2 }],
  resolve: 'all',
} as const

t.test('each address of a name is a target, as heavy as its own, once they are known', async (t) => {
  const targets = follow(t, all, { names: namesOf(() => ['127.0.0.2', '127.0.0.1']) })
  t.same(targets.all().map(nameOf), ['pay.test:81'], 'until then the name')
  targets.begin()
  await setImmediate()
  t.same(targets.all().map(nameOf), ['127.0.0.1:81', '127.0.0.2:81'])
  t.same(
    targets.all().map(({ weight }) => weight),
    [2, 2],
  )
  t.same(
    targets.all().map(({ target }) => target.host),
    ['pay.test:81', 'pay.test:81'],
    'Host stays the name',
  )
})

t.test('a name whose addresses take turns, and an address, are one target each', async (t) => {
  const names = namesOf(() => ['127.0.0.1', '127.0.0.2'])
  for (const upstream of [
    { ...all, resolve: 'turns' as const },
    { ...all, targets: [{ origin: 'http://127.0.0.9', weight: 1 }] },
  ]) {
    const targets = follow(t, upstream, { names })
    targets.begin()
    await setImmediate()
    t.equal(targets.all().length, 1)
  }
})

t.test('addresses that stay keep their connections; those that go are left', async (t) => {
  let addresses = ['127.0.0.1', '127.0.0.2']
  const first = follow(t, all, { names: namesOf(() => addresses) })
  first.begin()
  await setImmediate()
  const before = first.all().map(({ target }) => target)
  addresses = ['127.0.0.2', '127.0.0.3']
  const second = follow(t, all, { names: namesOf(() => addresses), before: first })
  t.same(
    second.all().map(({ target }) => target),
    before,
    'nothing has to be looked up first',
  )
  first.stop()
  second.begin()
  await setImmediate()
  t.same(second.all().map(nameOf), ['127.0.0.2:81', '127.0.0.3:81'])
  t.equal(second.all()[0]?.target, before[1])
})

t.test('what its connections are opened with makes another target, its weight does not', async (t) => {
  const names = namesOf(() => [])
  const upstream = { targets: [{ origin: 'http://127.0.0.1:81', weight: 1 }], origin: 'http://127.0.0.1:81' }
  const first = follow(t, upstream, { names })
  const [target] = first.all().map((one) => one.target)
  const heavier = follow(
    t,
    { ...upstream, targets: [{ origin: 'http://127.0.0.1:81', weight: 5 }] },
    { names, before: first },
  )
  t.equal(heavier.all()[0]?.target, target)
  t.equal(heavier.all()[0]?.weight, 5)
  for (const other of [{ connections: 7 }, { connectTimeoutMs: 7 }, { serverName: 'other.test' }])
    t.not(follow(t, { ...upstream, ...other }, { names, before: first }).all()[0]?.target, target)
})

t.test(
  'checks go to each of them with its Host, and what they found of before goes where there are none',
  async (t) => {
    const hosts: string[] = []
    const server = createServer((request, response) => {
      hosts.push(request.headers.host ?? '')
      response.writeHead(500).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => void server.close())
    const origin = `http://127.0.0.1:${Object(server.address()).port}`
    const one = { origin, targets: [{ origin, weight: 1 }], preserveHost: false }
    const names = namesOf(() => [])
    const health = { path: '/', intervalMs: 20, healthyAfter: 1, unhealthyAfter: 2 }
    const checked = follow(t, { ...one, health }, { names })
    checked.begin()
    while (checked.all()[0]?.target.isAvailable() === true)
      await new Promise((resolve) => setTimeout(resolve, 10))
    t.equal(hosts[0], origin.slice('http://'.length))
    const unchecked = follow(t, { ...one, health: null }, { names, before: checked })
    checked.stop()
    unchecked.begin()
    t.equal(unchecked.all()[0]?.target.isAvailable(), true)
  },
)

t.test(
  'another address is connected to with the files as they were read, which are gone by then',
  async (t) => {
    const ca = join(t.testdir(), 'ca.pem')
    copyFileSync(tlsFile('ca.pem'), ca)
    const origin = 'https://pay.test:81'
    const upstream = { ...all, origin, targets: [{ origin, weight: 1 }], caFiles: [ca] }
    let addresses = ['127.0.0.1']
    const names = () => namesOf(() => addresses)
    const first = follow(t, upstream, { names: names() })
    first.begin()
    await setImmediate()
    const before = first.all()[0]?.target
    const second = follow(t, upstream, { names: names(), before: first })
    const third = follow(t, upstream, { names: names(), before: second })
    first.stop()
    rmSync(ca)
    addresses = ['127.0.0.1', '127.0.0.2']
    third.begin()
    await setImmediate()
    t.same(third.all().map(nameOf), ['127.0.0.1:81', '127.0.0.2:81'])
    t.equal(third.all()[0]?.target, before)
    t.throws(
      () => follow(t, upstream, { names: names(), before: third }),
      /^upstream payments: /,
      'a reload needs them',
    )
  },
)

t.test('addresses that cannot be opened are told of, and the ones before are kept', async (t) => {
  const told: unknown[] = []
  let isFull = false
  const room: UpstreamRoom = {
    ...roomForAll,
    share(closeOldest) {
      if (isFull) throw new Error('no more')
      return roomForAll.share(closeOldest)
    },
  }
  const targets = follow(t, all, {
    names: namesOf(() => ['127.0.0.2']),
    room,
    news: { notMoved: (...news) => void told.push(news) },
  })
  isFull = true
  targets.begin()
  await setImmediate()
  t.same(targets.all().map(nameOf), ['pay.test:81'])
  t.match(told, [['payments', { message: 'no more' }]])
})

t.test(
  'an address that takes no connections has its name looked up, and none is left when there is none',
  async (t) => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = Object(server.address())
    await new Promise((resolve) => server.close(resolve))
    const origin = `http://pay.test:${port}`
    let nowMs = 0
    let addresses = ['127.0.0.1']
    const names = createNames({
      ask(_name, done) {
        const gone = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
        done(
          addresses.length === 0 ? gone : null,
          addresses.map((address) => ({ address, family: 4 })),
        )
      },
      now: () => nowMs,
    })
    const targets = follow(t, { ...all, origin, targets: [{ origin, weight: 1 }] }, { names })
    targets.begin()
    await setImmediate()
    const attempt = async () => {
      await new Promise((resolve) => targets.all()[0]?.target.connect(onread, resolve))
      await setImmediate()
      return targets.all().map(nameOf)
    }
    nowMs += againMs
    addresses = ['127.0.0.2']
    t.same(await attempt(), [`127.0.0.2:${port}`])
    nowMs += deniedMs
    addresses = []
    t.same(await attempt(), [`pay.test:${port}`])
  },
)

t.test('each address that a name may have counts', (t) => {
  const upstream: Upstream = {
    ...Object(payments),
    targets: ['http://pay.test', 'http://[::1]', 'http://127.0.0.1'].map((origin) => ({ origin, weight: 1 })),
  }
  t.equal(mostTargets({ ...upstream, resolve: 'turns' }), 3)
  t.equal(mostTargets({ ...upstream, resolve: 'all' }), 66)
  t.end()
})
