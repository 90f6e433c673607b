import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer, IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, Socket } from 'node:net'
import t from 'tap'
import { closeEmptyBody } from '../../../src/gateway/listener/empty-body.ts'
import { startTestProgram } from '../../support/program.ts'
import { exchange as askGateway, request } from '../../support/wire.ts'
import { headOf } from '../subject.ts'

interface Ending {
  teardown(fn: () => void): unknown
}

interface Seen {
  readonly events: string[]
  readonly raw: IncomingMessage
  readonly reply: ServerResponse
}

/** A server that hears what its requests emit, and answers each with its path; `/open` stays open. */
async function serve(t: Ending) {
  const seen: Seen[] = []
  const server = createServer((raw, reply) => {
    const events: string[] = []
    for (const name of ['data', 'end', 'close', 'aborted']) raw.on(name, () => events.push(name))
    reply.on('close', () => events.push('over'))
    seen.push({ events, raw, reply })
    closeEmptyBody(raw, headOf(raw))
    reply.write(raw.url ?? '')
    if (raw.url !== '/open') reply.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { seen, port, server }
}

/** Sends `text` on one connection and reads until `until` has come. */
async function exchange(t: Ending, port: number, text: string, until: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write(text)
  let said = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    said += String(chunk)
    if (said.includes(until)) return socket
  }
  throw new Error(`ended after ${JSON.stringify(said)}`)
}

void t.test('a request without a body is read, ended and closed before anybody looks at it', async (t) => {
  const { seen, port } = await serve(t)
  const socket = await exchange(t, port, 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n', '/1')
  // On the same connection, and several at once.
  const three = ['/2', '/3', '/4'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join('')
  let said = ''
  socket.write(three)
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    said += String(chunk)
    if (said.includes('/4')) break
  }
  t.ok(said.indexOf('/2') < said.indexOf('/3') && said.indexOf('/3') < said.indexOf('/4'), said)
  t.equal(seen.length, 4)
  for (const { raw, events } of seen) {
    t.ok(raw.complete)
    t.ok(raw.readableEnded)
    t.ok(raw.destroyed)
    t.notOk(raw.aborted)
    t.same(
      events.filter((name) => name !== 'over'),
      [],
    )
  }
})

/** Of each request that is answered from here on, how its stream stood when its answer was out. */
function streamsAtFinish(t: Ending): { url: string; isEnded: boolean; isDestroyed: boolean }[] {
  const streams: { url: string; isEnded: boolean; isDestroyed: boolean }[] = []
  const finish = channel('http.server.response.finish')
  const look = (message: unknown) => {
    const { request: raw } = message as { request: IncomingMessage }
    streams.push({ url: raw.url ?? '', isEnded: raw.readableEnded, isDestroyed: raw.destroyed })
  }
  finish.subscribe(look)
  t.teardown(() => {
    finish.unsubscribe(look)
  })
  return streams
}

void t.test('nobody listens, as in the gateway: Node finds nothing left to do for its stream', async (t) => {
  const messages: IncomingMessage[] = []
  const server = createServer((raw, reply) => {
    messages.push(raw)
    closeEmptyBody(raw, headOf(raw))
    reply.end('over')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const streams = streamsAtFinish(t)
  const { port } = server.address() as AddressInfo
  await exchange(t, port, 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n', 'over')
  t.same(streams, [{ url: '/1', isEnded: true, isDestroyed: true }])
  const [message] = messages
  t.ok(message?.closed)
  // Neither told that it ends, nor set flowing to its end.
  t.equal(message?.readableFlowing, null)
  t.match(message, { _readableState: { ended: true, emittedReadable: false, closeEmitted: true } })
})

void t.test('the gateway does so with its requests, let through and refused', async (t) => {
  const { admin, gatewayPort } = await startTestProgram(t)
  const key = await admin.makeKey(await admin.makeMerchant(), { permissions: ['transaction.search'] })
  const fields = ['Host: api.flintn.com', `X-Api-Key: ${key.secret}`]
  const streams = streamsAtFinish(t)
  await askGateway(gatewayPort, request('GET /v1/transactions/txn_1', ['Host: api.flintn.com']))
  await askGateway(
    gatewayPort,
    request('POST /v1/transactions/search', [...fields, 'Content-Length: 2'], '{}'),
  )
  const isOurs = ({ url }: { url: string }) => url === '/'
  // What Fastify routes by: the target itself is kept elsewhere.
  t.same(
    streams.filter(isOurs).map(({ isEnded }) => isEnded),
    [true, false],
  )
})

void t.test('what announces a body keeps its stream', async (t) => {
  const { seen, port } = await serve(t)
  const heads = [
    'Content-Length: 0\r\n\r\n',
    'Content-Length: 2\r\n\r\nhi',
    'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ]
  for (const [i, head] of heads.entries()) {
    const socket = await exchange(t, port, `POST /${i} HTTP/1.1\r\nHost: a\r\n${head}`, `/${i}`)
    socket.end()
    await once(socket, 'close')
    t.ok(seen.at(-1)?.events.includes('end'), head)
    t.equal(seen.at(-1)?.events.includes('data'), i === 1)
  }
})

void t.test('that the client has gone is still told by the response', async (t) => {
  const { seen, port } = await serve(t)
  const socket = await exchange(t, port, 'GET /open HTTP/1.1\r\nHost: a\r\n\r\n', '/open')
  const reply = seen[0]?.reply
  t.same(seen[0]?.events, [])
  socket.destroy()
  if (reply !== undefined) await once(reply, 'close')
  t.same(seen[0]?.events, ['over'])
})

void t.test(
  'a connection that is closed as idle goes at once, as if nothing had been asked on it',
  async (t) => {
    const { port, server } = await serve(t)
    const socket = await exchange(t, port, 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n', '/1')
    server.closeIdleConnections()
    await once(socket.resume(), 'close')
    t.ok(socket.destroyed)
  },
)

void t.test('a message that is being read, or is kept in another way, is left alone', async (t) => {
  const head = headOf(new IncomingMessage(new Socket()))
  const read = new IncomingMessage(new Socket())
  read.resume()
  read.read()
  closeEmptyBody(read, head)
  t.notOk(read.readableEnded)
  const other = Object.assign(new IncomingMessage(new Socket()), { _dumped: undefined })
  closeEmptyBody(other, head)
  t.notOk(other.readableEnded)
  const fresh = new IncomingMessage(new Socket())
  closeEmptyBody(fresh, head)
  t.ok(fresh.readableEnded)
})
