// A target that takes no connections, and one that takes them again. Real sockets.

import { once } from 'node:events'
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { CircuitOpen } from '../../../src/gateway/upstream/connect-circuit.ts'
import { type Connect, createConnect } from '../../../src/gateway/upstream/connect.ts'
import { createEjection } from '../../../src/gateway/upstream/ejection.ts'
import { NoRoom } from '../../../src/gateway/upstream/no-room.ts'

const onread = { buffer: Buffer.alloc(1024), callback: () => true }

function attempt(connect: Connect): Promise<Error | null> {
  return new Promise((resolve) =>
    connect(onread, (error, socket) => {
      socket?.destroy()
      resolve(error)
    }),
  )
}

async function listen(
  t: Test,
  port = 0,
): Promise<{ port: number; accepted: () => number; close: () => void }> {
  let accepted = 0
  const server = createServer((socket) => {
    accepted++
    socket.on('error', () => {}).resume()
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = () => void server.close()
  t.teardown(close)
  return { port: Object(server.address()).port, accepted: () => accepted, close }
}

async function closedPort(t: Test): Promise<number> {
  const { port, close } = await listen(t)
  close()
  return port
}

const connectTo = (port: number) =>
  createConnect({ origin: `http://127.0.0.1:${port}`, timeoutMs: 5_000, certificates: {} })

t.test('three connects in a row that come to nothing take a target out, until one comes about', async (t) => {
  const port = await closedPort(t)
  const news: (string | undefined)[] = []
  let told = () => {}
  const ejection = createEjection(connectTo(port), (error) => {
    news.push(error === undefined ? undefined : Object(error).code)
    told()
  })
  t.teardown(ejection.stop)
  ejection.watch(true)
  for (const isOut of [false, false, true, true]) {
    t.ok(await attempt(ejection.connect))
    t.equal(ejection.isEjected(), isOut)
  }
  t.same(news, ['ECONNREFUSED'], 'told once')

  const isBack = new Promise<void>((resolve) => (told = resolve))
  const server = await listen(t, port)
  await isBack
  t.equal(ejection.isEjected(), false)
  t.same(news, ['ECONNREFUSED', undefined])
  t.equal(server.accepted(), 1, 'by a trial of our own')
})

t.test('a connection in between begins the count anew, and takes it back at once', async (t) => {
  const port = await closedPort(t)
  const ejection = createEjection(connectTo(port), () => {})
  t.teardown(ejection.stop)
  ejection.watch(true)
  const fail = async (times: number) => {
    for (let i = 0; i < times; i++) t.ok(await attempt(ejection.connect))
  }
  await fail(2)
  const server = await listen(t, port)
  t.equal(await attempt(ejection.connect), null)
  server.close()
  await fail(2)
  t.equal(ejection.isEjected(), false)
  await fail(1)
  t.equal(ejection.isEjected(), true)
  const again = await listen(t, port)
  t.equal(await attempt(ejection.connect), null)
  t.equal(ejection.isEjected(), false)
  again.close()
})

t.test('one that is alone is not taken out, and is taken back when it is', async (t) => {
  const port = await closedPort(t)
  const ejection = createEjection(connectTo(port), () => {})
  t.teardown(ejection.stop)
  for (let i = 0; i < 5; i++) await attempt(ejection.connect)
  t.equal(ejection.isEjected(), false)
  ejection.watch(true)
  await attempt(ejection.connect)
  t.equal(ejection.isEjected(), true)
  ejection.watch(false)
  t.equal(ejection.isEjected(), false)
})

t.test('what is no fault of the target, or was not tried, does not count', async (t) => {
  for (const error of [
    new NoRoom(),
    new CircuitOpen('not tried'),
    Object.assign(new Error(), { code: 'EMFILE' }),
  ]) {
    const ejection = createEjection(
      (_onread, done) => process.nextTick(done, error),
      () => t.fail('nothing to tell'),
    )
    ejection.watch(true)
    for (let i = 0; i < 5; i++) await attempt(ejection.connect)
    t.equal(ejection.isEjected(), false)
    ejection.stop()
  }
})
