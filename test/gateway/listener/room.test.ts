import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import type { Access } from '../../../src/gateway/access.ts'
import { boundConnections } from '../../../src/gateway/listener/room.ts'

t.test('a connection that was one too many is one like all others once there is room', async (t) => {
  const server = createServer((raw, reply) => {
    const denial = room.refusal({ raw, reply } as Access)
    reply.writeHead(denial === undefined ? 200 : 503, { 'Content-Length': '0' }).end()
  })
  const room = boundConnections(server, {
    ...{ most: 1, margin: 2 },
    refuse: (socket) => void socket.end('HTTP/1.1 503 Silent\r\n\r\n'),
    full() {},
  })
  // Node's own is shorter than what is waited for below.
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const open = async () => {
    const socket = connect(Object(server.address()).port, '127.0.0.1').on('error', () => {})
    await once(socket, 'connect')
    return socket
  }
  const ask = async (socket: Socket) => {
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const [first] = await once(socket, 'data')
    return String(first).slice(9, 12)
  }
  const first = await open()
  t.equal(await ask(first), '200')
  t.equal(await ask(await open()), '503', 'in the words of its own request')

  const second = await open()
  const gone = new Promise((resolve) => first.once('close', resolve))
  first.destroy()
  await gone
  while (room.open() > 1) await new Promise((resolve) => setTimeout(resolve, 10))
  t.equal(await ask(second), '200')
  // Longer than who is refused may stay.
  await new Promise((resolve) => setTimeout(resolve, 6_000))
  t.equal(await ask(second), '200', 'and nobody ends it later')

  await t.test('where more come, the first that says nothing is told at once', async (t) => {
    const [a, , c] = [await open(), await open(), await open()]
    const [told] = await once(a, 'data')
    t.match(String(told), /^HTTP\/1\.1 503 Silent/)
    t.equal(await ask(c), '503')
  })
})
