import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import t from 'tap'
import { denialOf } from '../../../src/gateway/exchange/upstream-failure.ts'
import { createConnect } from '../../../src/gateway/upstream/connect.ts'
import { createEjection } from '../../../src/gateway/upstream/ejection.ts'
import { NoRoom } from '../../../src/gateway/upstream/no-room.ts'
import { createUpstreamRoom } from '../../../src/gateway/upstream/room.ts'

const onread = { buffer: Buffer.alloc(1_024), callback: () => true }

t.test('connections are bounded together, and a closed one makes room', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  server.on('connection', (socket) => socket.resume().on('error', () => {}))
  const { port } = Object(server.address())
  const room = createUpstreamRoom(2)
  const options = { origin: `http://127.0.0.1:${port}`, timeoutMs: 5_000, certificates: {} }
  const connects = [room.bound(createConnect(options)), room.bound(createConnect(options))]
  const open = (which: number) =>
    new Promise<Error | Socket | undefined>((resolve) =>
      connects[which]?.(onread, (error, socket) => resolve(error ?? socket)),
    )
  const first = await open(0)
  const second = await open(1)
  t.equal(room.open(), 2)
  const third = await open(0)
  t.ok(third instanceof NoRoom)
  t.match(denialOf(new NoRoom()), { code: 'OVERLOADED', reason: 'descriptors' })

  if (!(first instanceof Error)) await new Promise((resolve) => first?.once('close', resolve).destroy())
  const fourth = await open(1)
  t.notOk(fourth instanceof Error, 'there is room again')

  await t.test('at the bound, one at rest is closed, whoever has it', async (t) => {
    const asked: string[] = []
    const leave = [
      room.share(() => {
        asked.push('none')
        return false
      }),
      room.share(() => {
        asked.push('one')
        if (!(second instanceof Error)) second?.destroy()
        return true
      }),
    ]
    const fifth = await open(0)
    t.notOk(fifth instanceof Error)
    t.same(asked, ['none', 'one'])
    for (const end of leave) end()
    t.ok((await open(0)) instanceof NoRoom)
    t.equal(asked.length, 2)
    if (!(fifth instanceof Error)) fifth?.destroy()
  })
  if (!(fourth instanceof Error)) fourth?.destroy()
})

t.test('a connect that fails gives its room back', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = Object(server.address())
  await new Promise((resolve) => server.close(resolve))
  const room = createUpstreamRoom(1)
  const connect = room.bound(
    createConnect({ origin: `http://127.0.0.1:${port}`, timeoutMs: 5_000, certificates: {} }),
  )
  for (let i = 0; i < 3; i++) {
    const error = await new Promise((resolve) => connect(onread, resolve))
    t.match(error, { code: 'ECONNREFUSED' })
    t.equal(room.open(), 0)
  }
})

t.test('a connect that cannot even be tried is an error like others, and gives its room back', async (t) => {
  const room = createUpstreamRoom(1)
  const certificates = { cert: 'no certificate', key: 'no key' }
  const connect = room.bound(createConnect({ origin: 'https://127.0.0.1:9', timeoutMs: 5_000, certificates }))
  const errors = Array.from({ length: 2 }, () => new Promise((resolve) => connect(onread, resolve)))
  t.match(await Promise.all(errors), [Error, NoRoom])
  t.equal(room.open(), 0)
  const ejection = createEjection(connect, () => {})
  t.teardown(ejection.stop)
  for (let i = 0; i < 3; i++)
    t.ok((await new Promise((resolve) => ejection.connect(onread, resolve))) instanceof Error)
  t.equal(room.open(), 0)
})
