// Connections whose bytes are dear to parse: parsed bit by bit, with nothing lost and in order.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { keepPeer } from '../../../src/gateway/listener/peer.ts'
import { admit, readInSlices } from '../../../src/gateway/listener/slices.ts'
import { createTurns } from '../../../src/gateway/listener/turns.ts'
import { makeAuthority } from '../../support/certificates.ts'
import { until } from '../upstream/asked.ts'

const crumbs = 20_000
const crumbly = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(crumbs)}0\r\n\r\n`
const tiny = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const last = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

/** `isProxy`: whose connections are taken for those of a proxy. */
async function serve(
  t: Test,
  begin: (raw: IncomingMessage, reply: ServerResponse) => void,
  isProxy: (address: string) => boolean = () => false,
) {
  const server = createServer(begin).listen(0, '127.0.0.1')
  server.on('connection', (socket) => admit(socket, isProxy(keepPeer(socket) ?? '')))
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (localAddress: string) => {
    const socket = connect({ port: Object(server.address()).port, host: '127.0.0.1', localAddress })
    socket.on('error', () => {})
    let received = ''
    socket.on('data', (bytes) => (received += bytes.toString('latin1')))
    return { socket, answers: () => received.split('HTTP/1.1 ').slice(1) }
  }
}

/** Counts what comes between two turns of the loop. */
function countTurns(t: Test) {
  const counts = { inTurn: 0, most: 0 }
  let timer = setImmediate(look)
  function look(): void {
    counts.most = Math.max(counts.most, counts.inTurn)
    counts.inTurn = 0
    timer = setImmediate(look)
  }
  t.teardown(() => clearImmediate(timer))
  return counts
}

t.test(
  'a body in crumbs comes whole, a little in a turn of the loop, and so does what its client sends next',
  async (t) => {
    const turns = countTurns(t)
    const open = await serve(t, (raw, reply) => {
      let pieces = 0
      raw.on('data', () => {
        pieces++
        turns.inTurn++
        if (pieces === 300) readInSlices(raw.socket)
      })
      raw.on('end', () => reply.end(String(pieces)))
    })
    const first = open('127.0.0.1')
    first.socket.write(crumbly)
    await until(() => first.answers().length === 1)
    t.match(first.answers()[0], new RegExp(`\r\n\r\n${crumbs}$`))
    turns.most = 0
    const next = open('127.0.0.1')
    next.socket.write(crumbly)
    await until(() => next.answers().length === 1)
    t.match(next.answers()[0], new RegExp(`\r\n\r\n${crumbs}$`))
    t.ok(turns.most > 0 && turns.most < crumbs / 4, `${turns.most} in a turn`)
    // Of the connection that was read so, too.
    first.socket.write(tiny)
    await until(() => first.answers().length === 2)
  },
)

t.test('a body that nobody takes lies about in few pieces, and comes whole when somebody does', async (t) => {
  const bodies: IncomingMessage[] = []
  let pieces = 0
  const open = await serve(t, (raw, reply) => {
    bodies.push(raw)
    if (bodies.length > 1) return
    raw.on('data', () => ++pieces === 300 && readInSlices(raw.socket)).on('end', () => reply.end())
  })
  const first = open('127.0.0.1')
  first.socket.write(crumbly)
  await until(() => first.answers().length === 1)
  const [paused, unheard] = [open('127.0.0.1'), open('127.0.0.1')]
  paused.socket.write(crumbly)
  await until(() => bodies.length === 2)
  pieces = 0
  bodies[1]?.on('data', () => pieces++).pause()
  unheard.socket.write(crumbly)
  await until(() => bodies.length === 3)
  await until(() => bodies.slice(1).every((body) => body.readableLength >= 256))
  // As many turns of the parser as would bring far more.
  await new Promise((resolve) => setTimeout(resolve, 200))
  const held = bodies.slice(1).map((body) => body.readableLength)
  t.ok(Math.max(...held) < 512, `${held.join(', ')} pieces`)
  let unheardPieces = 0
  bodies[1]?.resume()
  bodies[2]?.on('data', (bytes: Buffer) => (unheardPieces += bytes.length))
  await Promise.all(bodies.slice(1).map((body) => once(body, 'end')))
  t.same([pieces, unheardPieces], [crumbs, crumbs])
})

t.test('requests sent ahead are all answered, in their order', async (t) => {
  let asked = 0
  const open = await serve(t, (raw, reply) => {
    if (++asked === 100) readInSlices(raw.socket)
    reply.end(String(asked))
  })
  const { socket, answers } = open('127.0.0.2')
  socket.write(tiny.repeat(3_000))
  await until(() => answers().length === 3_000)
  t.same(
    answers().map((answer) => Number(answer.split('\r\n\r\n')[1])),
    Array.from({ length: 3_000 }, (_, i) => i + 1),
  )
})

t.test('a client that reads nothing is parsed no further than Node would', async (t) => {
  let asked = 0
  const open = await serve(t, (raw, reply) => {
    if (asked++ === 0) readInSlices(raw.socket)
    reply.end('x'.repeat(10_000))
  })
  const { socket, answers } = open('127.0.0.3')
  socket.pause()
  socket.write(tiny.repeat(3_000))
  for (let before = -1; before !== asked; ) {
    before = asked
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  t.ok(asked < 3_000, `${asked} begun`)
  socket.resume()
  await until(() => answers().length === 3_000)
})

t.test(
  'the end of a connection comes behind what was sent before it; a parser that is gone gets nothing',
  async (t) => {
    let asked = 0
    const open = await serve(t, (raw, reply) => {
      if (asked++ === 0) readInSlices(raw.socket)
      reply.end('ok')
    })
    const { socket, answers } = open('127.0.0.4')
    socket.end(tiny.repeat(500) + last + tiny.repeat(500))
    await once(socket, 'close')
    t.ok(answers().length >= 1)
    t.ok(asked <= 1_001)
    const other = open('127.0.0.4')
    other.socket.write(`${tiny}CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n${tiny.repeat(500)}`)
    await once(other.socket, 'close')
  },
)

t.test('many at once that send all and end their side at once are answered whole', async (t) => {
  let asked = 0
  const open = await serve(t, (raw, reply) => {
    if (asked++ === 0) readInSlices(raw.socket)
    reply.end('ok')
  })
  const first = open('127.0.0.6')
  first.socket.write(tiny)
  await until(() => first.answers().length === 1)
  for (let round = 0; round < 10; round++) {
    const clients = Array.from({ length: 8 }, () => open('127.0.0.6'))
    for (const { socket } of clients) socket.end(tiny.repeat(200) + last)
    await Promise.all(clients.map(({ socket }) => once(socket, 'close')))
    t.same(
      clients.map(({ answers }) => answers().length),
      Array.from({ length: 8 }, () => 201),
    )
  }
})

t.test('so is what comes over TLS, where the end is told with what came before it', async (t) => {
  const { certFile, keyFile } = makeAuthority(t).make('server')
  const turns = countTurns(t)
  let asked = 0
  let pieces = 0
  const server = createHttpsServer(
    { cert: readFileSync(certFile), key: readFileSync(keyFile) },
    (raw, reply) => {
      if (asked++ === 0) readInSlices(raw.socket)
      raw.on('data', () => {
        pieces++
        turns.inTurn++
      })
      if (raw.method === 'GET') reply.end('ok')
      else raw.on('end', () => reply.end('ok'))
    },
  ).listen(0, '127.0.0.1')
  server.on('secureConnection', (socket) => void (keepPeer(socket) && admit(socket, false)))
  await once(server, 'listening')
  t.teardown(() => server.close())
  const ask = async (bytes: string, isEnd: boolean) => {
    const below = connect({
      port: Object(server.address()).port,
      host: '127.0.0.1',
      localAddress: '127.0.0.7',
    })
    const socket = connectTls({ socket: below, rejectUnauthorized: false })
    let received = ''
    socket.on('error', () => {}).on('data', (chunk) => (received += chunk.toString('latin1')))
    if (isEnd) socket.end(bytes)
    else socket.write(bytes)
    await once(socket, 'close')
    return received.split('HTTP/1.1 200').length - 1
  }
  t.equal(await ask(last, false), 1)
  turns.most = 0
  t.equal(await ask(crumbly + last, false), 2)
  t.equal(pieces, crumbs)
  t.ok(turns.most > 0 && turns.most < crumbs / 4, `${turns.most} in a turn`)
  // Node ends what has not been answered by then, of such a client.
  t.ok((await ask(tiny.repeat(200) + last, true)) >= 1)
})

t.test(
  'over TLS, the end of a client that does not read its answer, with more requests before it',
  async (t) => {
    const { certFile, keyFile } = makeAuthority(t).make('server')
    const big = Buffer.alloc(16 * 1024 * 1024)
    let asked = 0
    const server = createHttpsServer(
      { cert: readFileSync(certFile), key: readFileSync(keyFile) },
      (raw, reply) => {
        asked++
        readInSlices(raw.socket)
        reply.end(big)
      },
    ).listen(0, '127.0.0.1')
    const closed = new Promise((resolve) =>
      server.once('secureConnection', (socket) => socket.once('close', resolve)),
    )
    await once(server, 'listening')
    t.teardown(() => server.close())
    const below = connect({
      port: Object(server.address()).port,
      host: '127.0.0.1',
      localAddress: '127.0.0.8',
    })
    const socket = connectTls({ socket: below, rejectUnauthorized: false }).on('error', () => {})
    await once(socket, 'secureConnect')
    socket.pause()
    socket.write(tiny)
    await until(() => asked === 1)
    below.cork()
    for (let i = 0; i < 5; i++) socket.write(tiny)
    socket.end()
    setImmediate(() => below.uncork())
    await until(() => asked > 1 || server.listenerCount('request') === 0).catch(() => {})
    below.destroy()
    await closed
    t.pass('nothing was thrown')
  },
)

/** A first request that is answered late, and a body behind it that is read only after a while. */
async function serveLate(t: Test) {
  const turns = createTurns(
    (raw, reply) => {
      if (raw.url === '/first') readInSlices(raw.socket)
      if (raw.url === '/late') return void setTimeout(() => reply.end('late'), 100)
      if (raw.method !== 'POST') return void reply.end('ok')
      let bytes = 0
      setTimeout(() => {
        raw.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('end', () => reply.end(String(bytes)))
      }, 300)
    },
    () => {},
  )
  const open = await serve(t, turns.take)
  const client = open('127.0.0.9')
  client.socket.write(tiny.replace('/', '/first'))
  await until(() => client.answers().length === 1)
  return client
}

const upload = (length: number) => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`

t.test('a large body behind another request is read on, however late somebody takes it', async (t) => {
  const { socket, answers } = await serveLate(t)
  socket.write(tiny.replace('/', '/late') + upload(300_000) + 'x'.repeat(60_000))
  await until(() => answers().length === 2)
  socket.write('x'.repeat(240_000))
  await until(() => answers().length === 3)
  t.match(answers()[2], /\r\n\r\n300000$/)
})

t.test('so is what comes behind a body that is there whole', async (t) => {
  const { socket, answers } = await serveLate(t)
  socket.write(tiny.replace('/', '/late') + upload(40_000) + 'x'.repeat(40_000) + tiny)
  await until(() => answers().length === 4)
  t.match(answers()[2], /\r\n\r\n40000$/)
  t.match(answers()[3], /\r\n\r\nok$/)
})

t.test('behind a proxy nobody suffers for another', async (t) => {
  const turns = countTurns(t)
  let pieces = 0
  const open = await serve(
    t,
    (raw, reply) => {
      raw.on('data', () => {
        turns.inTurn++
        if (++pieces === 300) readInSlices(raw.socket)
      })
      raw.on('end', () => reply.end('ok'))
    },
    (address) => address === '127.0.0.5',
  )
  const first = open('127.0.0.5')
  first.socket.write(crumbly)
  await until(() => first.answers().length === 1)
  turns.most = 0
  const next = open('127.0.0.5')
  next.socket.write(crumbly)
  await until(() => next.answers().length === 1)
  t.ok(turns.most > 2_000, `${turns.most} in a turn`)
})
