// How connections come about. Certificates and names are held by test/wire/tls.test.ts, the circuit by
// test/wire/upstream-limits.test.ts.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectPlain, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer as createSecureServer } from 'node:tls'
import t, { type Test } from 'tap'
import { type Connect, ConnectTimeout, createConnect } from '../../../src/gateway/upstream/connect.ts'
import { createNames } from '../../../src/gateway/upstream/names.ts'
import { tlsFile } from '../../support/tls.ts'

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

t.test(
  'a dot at the end of the name in the url is looked up, and is no part of what is asked for over TLS',
  async (t) => {
    const asked: (string | false)[] = []
    const server = createSecureServer(
      { cert: readFileSync(tlsFile('server.pem')), key: readFileSync(tlsFile('server.key')) },
      (socket) => {
        asked.push(socket.servername ?? false)
        socket.on('error', () => {})
      },
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => void server.close())
    const lookedUp: string[] = []
    const names = createNames({
      ask(name, done) {
        lookedUp.push(name)
        done(null, [{ address: '127.0.0.1', family: 4 }])
      },
      now: () => performance.now(),
    })
    const connect = createConnect({
      origin: `https://localhost.:${Object(server.address()).port}`,
      timeoutMs: 5_000,
      certificates: { ca: readFileSync(tlsFile('ca.pem')) },
      names,
    })
    const { error, socket } = await connected(connect)
    t.equal(error, null)
    t.same(asked, ['localhost'])
    t.same(lookedUp, ['localhost.'])
    socket?.destroy()
  },
)

t.test('over TLS a connection that nobody needs any more ends with close_notify', async (t) => {
  const server = createSecureServer(
    {
      cert: readFileSync(tlsFile('server.pem')),
      key: readFileSync(tlsFile('server.key')),
      maxVersion: 'TLSv1.2',
    },
    (socket) => void socket.on('error', () => {}),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  let bytes = Buffer.alloc(0)
  const between = createServer((near) => {
    const far = connectPlain(Object(server.address()).port, '127.0.0.1')
    far.on('error', () => {}).pipe(near)
    near
      .on('error', () => {})
      .on('data', (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk])
        far.write(chunk)
      })
  }).listen(0, '127.0.0.1')
  await once(between, 'listening')
  t.teardown(() => void between.close())
  const connect = createConnect({
    origin: `https://localhost:${Object(between.address()).port}`,
    timeoutMs: 5_000,
    certificates: { ca: readFileSync(tlsFile('ca.pem')) },
  })
  const { socket } = await connected(connect)
  const closed = socket && once(socket, 'close')
  bytes = Buffer.alloc(0)
  socket?.destroy()
  await closed
  for (let i = 0; i < 100 && bytes.length === 0; i++) await sleep(10)
  t.equal(bytes[0], 21, 'an alert')
})
