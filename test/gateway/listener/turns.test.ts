// Requests sent ahead: one at a time on a connection, few in a turn of the loop.

import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { keepPeer } from '../../../src/gateway/listener/peer.ts'
import { admit } from '../../../src/gateway/listener/slices.ts'
import { type Begin, createTurns } from '../../../src/gateway/listener/turns.ts'
import { until } from '../upstream/asked.ts'

const one = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** A server whose requests take turns. */
async function serve(t: Test, begin: Begin, grown: () => void = () => {}) {
  const turns = createTurns(begin, grown)
  const server = createServer().on('request', turns.take).listen(0, '127.0.0.1')
  // A client that was seen to send many ahead is read in slices from the beginning.
  server.on('connection', (socket) => void (keepPeer(socket) && admit(socket, false)))
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const open = () => {
    const socket = connect(Object(server.address()).port, '127.0.0.1')
    socket.on('error', () => {})
    let received = ''
    socket.on('data', (bytes) => (received += bytes.toString('latin1')))
    return { socket, answers: () => received.split('HTTP/1.1 200').length - 1 }
  }
  return { turns, open }
}

t.test('the next one begins when the answer before it has gone out', async (t) => {
  const begun: ServerResponse[] = []
  const { turns, open } = await serve(t, (_, reply) => void begun.push(reply))
  const { socket, answers } = open()
  socket.write(one.repeat(20))
  for (let i = 1; i <= 20; i++) {
    await until(() => begun.length === i)
    await new Promise((resolve) => setImmediate(resolve))
    t.equal(begun.length, i)
    if (i < 20) t.ok(turns.waiting() > 0)
    begun[i - 1]?.end('ok')
  }
  await until(() => answers() === 20)
  t.equal(turns.waiting(), 0)
})

t.test('who sends ahead is served a few at a time, over all connections', async (t) => {
  let inTurn = 0
  let most = 0
  let total = 0
  const { open } = await serve(t, (_, reply) => {
    if (inTurn++ === 0) setImmediate(() => (inTurn = 0))
    most = Math.max(most, inTurn)
    total++
    reply.end('ok')
  })
  const clients = Array.from({ length: 30 }, open)
  await Promise.all(clients.map(({ socket }) => once(socket, 'connect')))
  for (const { socket } of clients) socket.write(one.repeat(50))
  await until(() => total === 30 * 50)
  // The first of each connection is not sent ahead: all of them may come in one turn.
  t.ok(most <= 30 + 2 * 8, `${most} in one turn`)
  await until(() => clients.every(({ answers }) => answers() === 50))
})

t.test(
  'who sends many ahead and ends its side gets all answers, on a connection that is read in slices, too',
  async (t) => {
    const { open } = await serve(t, (_, reply) => void reply.end('ok'))
    for (const count of [200, 1_000, 3_000]) {
      const { socket, answers } = open()
      socket.end(one.repeat(count))
      await once(socket, 'close')
      t.equal(answers(), count)
    }
  },
)

t.test('while one waits, few of those behind it are made of what is read in slices', async (t) => {
  let made = 0
  const begun: ServerResponse[] = []
  const { open } = await serve(
    t,
    (raw, reply) => {
      begun.push(reply)
      if (raw.url === '/') reply.end('ok')
    },
    () => made++,
  )
  const known = open()
  known.socket.write(one.repeat(200))
  await until(() => known.answers() === 200)
  const { socket, answers } = open()
  made = 0
  begun.length = 0
  socket.write(one.replace('/', '/slow') + one.repeat(999))
  await until(() => begun.length === 1)
  // As many turns of the parser as would bring far more.
  await new Promise((resolve) => setTimeout(resolve, 100))
  t.ok(made > 0 && made <= 24, `${made} wait`)
  begun[0]?.end('ok')
  await until(() => answers() === 1_000)
})

t.test('the next one does not begin while Node is about the end of the one before', async (t) => {
  const order: string[] = []
  const { open } = await serve(t, (_, reply) => {
    const number = order.push('begun')
    // Behind Node's own listener, which gives the next one its connection.
    reply.once('finish', () => order.push(`ended ${number}`))
    reply.end('ok')
  })
  open().socket.write(one.repeat(3))
  await until(() => order.length === 6)
  t.same(order, ['begun', 'ended 1', 'begun', 'ended 3', 'begun', 'ended 5'])
})

t.test('what waits is forgotten with its connection', async (t) => {
  let begun = 0
  const { turns, open } = await serve(t, () => void begun++)
  const { socket } = open()
  socket.write(one.repeat(20))
  await until(() => turns.waiting() > 0)
  socket.destroy()
  await until(() => turns.waiting() === 0)
  t.equal(begun, 1)
})
