// The end of connections whose clients still send: over real sockets, by what our side reads and when it closes.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import {
  isLeaving,
  linger,
  lingerAtEnd,
  type LingerBounds,
  lingeringConnections,
  stopParsing,
} from '../../../src/gateway/listener/linger.ts'
import { request } from '../../support/wire.ts'

t.setTimeout(60_000)

const endless = Number.POSITIVE_INFINITY
const leaver = (network: string, isDraining = false) => ({ network, server: { isDraining } })
const mebibyte = 1024 * 1024
const block = Buffer.alloc(64 * 1024, 'x')
const answer = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno'

interface Teardown {
  teardown(fn: () => void): unknown
}

/** A server that answers each request at once and leaves; its ends of connections, and the requests that it got. */
async function serve(t: Teardown, leave: (socket: Socket) => void) {
  const requests: IncomingMessage[] = []
  const server: Server = createServer((raw) => {
    requests.push(raw)
    raw.socket.write(answer)
    leave(raw.socket)
    raw.resume()
  })
  // Of what the parser had in hand, or of the end that cuts a body short.
  server.on('clientError', () => {})
  const ours: Socket[] = []
  server.on('connection', (socket: Socket) => ours.push(socket))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { requests, ours, port: Number(Object(server.address()).port) }
}

/** A client that writes, and ends its side only when it is told to. */
async function open(port: number, bytes: string): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  let received = ''
  socket.on('error', () => {})
  socket.on('data', (chunk) => (received += chunk.toString('latin1')))
  await once(socket, 'connect')
  socket.write(bytes, 'latin1')
  return { socket, received: () => received }
}

/** Sends `bytes` as fast as the other side takes them; resolved when that is done, or the connection closed. */
function send(socket: Socket, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    let left = bytes
    const pump = () => {
      while (left > 0 && !socket.destroyed) {
        left -= block.length
        if (!socket.write(block)) return
      }
      resolve()
    }
    socket.on('drain', pump).once('close', resolve)
    pump()
  })
}

async function ended(socket: Socket): Promise<void> {
  if (!socket.readableEnded) await once(socket, 'end')
}

async function closed(socket: Socket | undefined): Promise<void> {
  if (socket?.destroyed === false) await once(socket, 'close')
}

const upload = request('POST /', ['Host: a', 'Content-Length: 1000000000'])

t.test('all that comes is read, however much, until the client ends', async (t) => {
  const { port, ours } = await serve(t, (socket) => linger(socket, leaver('all')))
  const { socket, received } = await open(port, upload)
  if (received() === '') await once(socket, 'data')
  t.equal(received(), answer)
  await ended(socket)
  await send(socket, 16 * mebibyte)
  t.notOk(ours[0]?.destroyed)
  socket.end()
  await closed(ours[0])
  t.equal(ours[0]?.bytesRead, socket.bytesWritten)
  t.equal(lingeringConnections(), 0)
})

t.test('nothing of it is taken for a request, and none of it parsed', async (t) => {
  const { port, requests, ours } = await serve(t, (socket) => linger(socket, leaver('parse')))
  const { socket } = await open(port, request('POST /', ['Host: a', 'Transfer-Encoding: chunked']))
  await ended(socket)
  const [raw] = requests
  let chunks = 0
  raw?.on('data', () => chunks++)
  socket.write('1\r\nx\r\n'.repeat(10_000))
  socket.end(`0\r\n\r\n${request('GET /next', ['Host: a'])}`)
  await closed(ours[0])
  t.equal(ours[0]?.bytesRead, socket.bytesWritten)
  t.equal(chunks, 0)
  t.equal(requests.length, 1)
})

t.test(
  'the piece that the parser has in hand goes through it, and requests in it wait for ever',
  async (t) => {
    const seen: string[] = []
    const server = createServer((raw, reply) => {
      seen.push(raw.url ?? '')
      if (seen.length > 1) return
      stopParsing(raw.socket)
      lingerAtEnd(raw.socket, leaver('hand'))
      raw.resume()
      reply.writeHead(403, { Connection: 'close', 'Content-Length': '2' })
      reply.write('no')
      setImmediate(() => reply.end())
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => void server.close())
    const body = request('POST /', ['Host: a', 'Transfer-Encoding: chunked'], '1\r\nx\r\n0\r\n\r\n')
    const { socket, received } = await open(
      Object(server.address()).port,
      body + request('GET /next', ['Host: a']),
    )
    await ended(socket)
    socket.write(request('GET /later', ['Host: a']))
    socket.end()
    await once(socket, 'close')
    t.equal(received().split('HTTP/1.1').length, 2)
    t.notOk(seen.includes('/later'))
  },
)

const bounds: Readonly<Record<string, readonly [LingerBounds, isDraining: boolean, bytes: number]>> = {
  'who falls silent is cut': [{ silenceMs: 50, wholeMs: 60_000, bytes: endless }, false, 0],
  'who never ends is cut, by time': [{ silenceMs: 60_000, wholeMs: 50, bytes: endless }, false, endless],
  'where a bound of bytes is kept, who sends more is cut': [
    { silenceMs: 60_000, wholeMs: 60_000, bytes: mebibyte },
    false,
    endless,
  ],
  'in a drain the time of a silence is all there is': [
    { silenceMs: 50, wholeMs: 60_000, bytes: endless },
    true,
    endless,
  ],
}
for (const [name, [kept, isDraining, bytes]] of Object.entries(bounds)) {
  t.test(name, async (t) => {
    const { port, ours } = await serve(t, (socket) => linger(socket, leaver(name, isDraining), kept))
    const { socket, received } = await open(port, upload)
    if (received() === '') await once(socket, 'data')
    void send(socket, bytes)
    await closed(ours[0])
    t.equal(received(), answer)
    t.equal(lingeringConnections(), 0)
    socket.destroy()
  })
}

t.test('of one client so many, and the next ones not for long; another one has its own', async (t) => {
  let network = 'many'
  const { port, ours } = await serve(t, (socket) => linger(socket, leaver(network)))
  const clients = []
  for (let i = 0; i < 32; i++) clients.push(await open(port, upload))
  await Promise.all(clients.map(({ socket }) => ended(socket)))
  t.equal(lingeringConnections(), 32)
  const next = await open(port, upload)
  await ended(next.socket)
  t.equal(lingeringConnections(), 32)
  await send(next.socket, endless)
  t.equal(next.received(), answer)
  t.ok((ours.at(-1)?.bytesRead ?? 0) < 8 * mebibyte)
  network = 'other'
  const other = await open(port, upload)
  await ended(other.socket)
  t.equal(lingeringConnections(), 33)
  for (const { socket } of [...clients, next, other]) socket.destroy()
  await Promise.all(ours.map(closed))
  t.equal(lingeringConnections(), 0)
})

t.test('a connection that is to linger can be taken back', async (t) => {
  const server = createServer((raw, reply) => {
    lingerAtEnd(raw.socket, leaver('back'))()
    reply.writeHead(200, { Connection: 'close', 'Content-Length': '2' })
    reply.end('ok')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const ours = once(server, 'connection')
  const { socket } = await open(Object(server.address()).port, request('GET /', ['Host: a']))
  const [mine] = await ours
  await closed(mine)
  t.notOk(isLeaving(mine))
  socket.destroy()
})

t.test('a connection that the parser was made to pause is read all the same when it lingers', async (t) => {
  const { ours, port } = await serve(t, (socket) => {
    socket.pause()
    // Not in the midst of what the parser has in hand, and not resumed by its request.
    setImmediate(() => linger(socket.pause(), leaver('192.0.2.9')))
  })
  const { socket, received } = await open(
    port,
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n',
  )
  for (let sent = 0; sent < mebibyte; sent += block.length) socket.write(block)
  socket.end()
  await once(socket, 'close')
  const [end] = ours
  if (end?.closed === false) await once(end, 'close')
  t.equal(received(), answer)
  t.ok(Number(end?.bytesRead) > mebibyte, `${end?.bytesRead} bytes read`)
})
