import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, createServer as createTcpServer, Socket } from 'node:net'
import t from 'tap'
import { deny } from '../../../src/errors/denial.ts'
import type { Access } from '../../../src/gateway/access.ts'
import { refuse, refuseSocket } from '../../../src/gateway/exchange/refuse.ts'
import { exchange, fieldOf, request } from '../../support/wire.ts'
import { accessOf, headOf, loadDemo } from '../subject.ts'

const config = await loadDemo()
const denial = deny('INSUFFICIENT_PERMISSIONS', 'insufficient_permissions', { required: ['a.read'] })
const host = 'Host: api.flintn.com'
const context = {
  requestId: 'req_test',
  leaver: { network: '192.0.2.1', server: { isDraining: false } },
  over() {},
}

interface Teardown {
  teardown(fn: () => void): unknown
}

/** A server that does `answer` with each request. */
async function serve(t: Teardown, answer: (access: Access, reply: ServerResponse) => void) {
  const seen: Access[] = []
  const server = createServer((raw: IncomingMessage, reply) => {
    const access = {
      ...accessOf(config),
      raw,
      reply,
      head: headOf(raw),
      host: config.table.matchHost('api.flintn.com'),
    }
    seen.push(access)
    answer(access, reply)
  })
  server.on('checkContinue', (raw, reply) => server.emit('request', raw, reply))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return { seen, port: typeof address === 'object' && address !== null ? address.port : 0 }
}

t.test('a refusal is the whole answer, and is noted on the request', async (t) => {
  const { port, seen } = await serve(t, (access) => refuse(access, denial))
  const response = await exchange(port, request('GET /', [host]))
  t.equal(response.status, 403)
  t.match(JSON.parse(response.body), { error: { code: 'INSUFFICIENT_PERMISSIONS', required: ['a.read'] } })
  t.equal(fieldOf(response, 'X-Request-Id'), 'req_test')
  t.equal(fieldOf(response, 'WWW-Authenticate'), 'ApiKey realm="flintn"')
  t.match(seen[0], { denial, status: 403, cut: undefined })
})

t.test('what is beyond ASCII leaves as UTF-8, as long as it was announced', async (t) => {
  const odd = deny('INSUFFICIENT_PERMISSIONS', 'insufficient_permissions', { required: ['größe.€'] })
  const { port } = await serve(t, (access) => refuse(access, odd))
  const response = await exchange(port, request('GET /', [host]))
  const body = Buffer.from(response.body, 'latin1')
  t.match(JSON.parse(body.toString()), { error: { required: ['größe.€'] } })
  t.equal(fieldOf(response, 'Content-Length'), String(body.length))
})

t.test('once an answer has begun the connection is cut instead', async (t) => {
  const { port, seen } = await serve(t, (access, reply) => {
    reply.writeHead(200, { 'Content-Length': '100' })
    reply.write('begun')
    reply.once('close', () => {})
    refuse(access, denial)
  })
  const outcome = await exchange(port, request('GET /', [host])).catch(() => undefined)
  t.notMatch(outcome?.bytes ?? '', 'INSUFFICIENT_PERMISSIONS')
  t.match(seen[0], { cut: 'gateway', denial: undefined })
})

t.test('in a drain the answer ends its connection', async (t) => {
  const { port } = await serve(t, (access) => refuse({ ...access, server: { isDraining: true } }, denial))
  t.equal(fieldOf(await exchange(port, request('GET /', [host])), 'Connection'), 'close')
})

t.test('a small body that nobody wants leaves the connection as it is', async (t) => {
  const { port, seen } = await serve(t, (access) => refuse(access, denial))
  const one = request('POST /', [host, 'Content-Length: 3'], 'abc')
  const { bytes } = await exchange(port, [one, request('GET /', [host])], 500)
  t.equal(seen.length, 2)
  t.ok(bytes.startsWith('HTTP/1.1 403'))
})

const unwanted: Record<string, string> = {
  'a chunked body': request('POST /', [host, 'Transfer-Encoding: chunked'], '3\r\nabc\r\n0\r\n\r\n'),
  'a large body': request('POST /', [host, 'Content-Length: 200000'], 'a'.repeat(200_000)),
  'a body that waits to be asked for': request('POST /', [host, 'Content-Length: 3', 'Expect: 100-continue']),
}
for (const [name, bytes] of Object.entries(unwanted)) {
  t.test(`${name} that nobody wants: the answer arrives whole, then the connection ends`, async (t) => {
    const { port } = await serve(t, (access) => refuse(access, denial))
    const response = await exchange(port, bytes, 3_000)
    t.equal(response.status, 403)
    t.ok(JSON.parse(response.body))
    t.equal(fieldOf(response, 'Connection'), 'close')
  })
}

t.test('a bare socket gets the same answer, and is closed', async (t) => {
  const server = createTcpServer((socket: Socket) => {
    refuseSocket(socket, deny('BAD_REQUEST', 'parser'), context)
  })
  t.teardown(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const client = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1')
  let bytes = ''
  client.on('data', (chunk) => (bytes += chunk.toString()))
  client.on('error', () => {})
  await once(client, 'close')
  t.match(bytes, /^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n/)
  t.match(bytes, /\r\n\r\n\{"error":\{"code":"BAD_REQUEST"/)
})

t.test('a bare socket tells once that its answer was handed over, or that it never will be', async (t) => {
  for (const isTaken of [true, false]) {
    const told: boolean[] = []
    const server = createTcpServer((socket: Socket) => {
      socket.on('error', () => {})
      // More than the kernel takes for a client that does not read.
      if (!isTaken) socket.write(Buffer.alloc(32 * 1024 ** 2))
      refuseSocket(socket, deny('BAD_REQUEST', 'parser'), {
        ...context,
        over: () => told.push(socket.destroyed),
      })
      t.same(told, [], 'not at once')
      setTimeout(() => socket.destroy(), 200)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const client = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1')
    client.on('error', () => {})
    if (isTaken) client.resume()
    await new Promise((resolve) => setTimeout(resolve, 500))
    t.same(told, [!isTaken])
    client.destroy()
    server.close()
  }
})

t.test('a socket that is gone already is no fault', (t) => {
  const socket = new Socket()
  socket.destroy()
  t.doesNotThrow(() => refuseSocket(socket, deny('BAD_REQUEST', 'parser'), context))
  t.end()
})
