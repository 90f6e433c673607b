// How connections come about. Certificates and names are held by test/wire/tls.test.ts, the circuit by
// test/wire/upstream-limits.test.ts.

import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Connect, ConnectTimeout, createConnect } from '../../../src/gateway/upstream/connect.ts'

const onread = { buffer: Buffer.alloc(1024), callback: () => true }

function connected(
  connect: Connect,
): Promise<{ error: Error | null; socket?: Socket | undefined; times: number }> {
  let times = 0
  return new Promise((resolve) => {
    connect(onread, (error, socket) => {
      times++
      setTimeout(() => resolve({ error, socket, times }), 20)
    })
  })
}

async function listen(t: Test, host: string): Promise<number> {
  const server = createServer((socket) => void socket.on('error', () => {})).listen(0, host)
  await once(server, 'listening')
  t.teardown(() => void server.close())
  return Object(server.address()).port
}

t.test('the time to connect is not the time that a connection has', async (t) => {
  const port = await listen(t, '127.0.0.1')
  const connect = createConnect({ origin: `http://127.0.0.1:${port}`, timeoutMs: 100, certificates: {} })
  const { error, socket, times } = await connected(connect)
  t.equal(error, null)
  await sleep(300)
  t.equal(socket?.destroyed, false)
  t.equal(times, 1)
  socket?.destroy(new Error('later'))
  await sleep(20)
  t.equal(times, 1, 'what goes wrong later is told once, and not here')
})

t.test('an address of IPv6 is connected to', async (t) => {
  const port = await listen(t, '::1')
  const { error, socket } = await connected(
    createConnect({ origin: `http://[::1]:${port}`, timeoutMs: 5_000, certificates: {} }),
  )
  t.equal(error, null)
  socket?.destroy()
})

t.test('who shakes no hands is given up, once', async (t) => {
  const port = await listen(t, '127.0.0.1')
  const connect = createConnect({ origin: `https://127.0.0.1:${port}`, timeoutMs: 100, certificates: {} })
  const { error, socket, times } = await connected(connect)
  t.type(error, ConnectTimeout)
  t.equal(socket, undefined)
  t.equal(times, 1)
})
