// `gateway.proxy_protocol`: who a balancer of connections says that it speaks for, over plain connections and TLS.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import t from 'tap'
import { startTestProgram, type TestProgram } from '../support/program.ts'
import { header2, localBlock, tcp4, tcp6 } from '../support/proxy-protocol.ts'
import { tlsFile } from '../support/tls.ts'
import type { RecordedRequest } from '../support/upstream.ts'
import { codeOf, parseResponse, request } from '../support/wire.ts'

const trusted = ', trusted_proxies: [127.0.0.1], proxy_protocol: true'
const line = 'PROXY TCP4 203.0.113.5 10.0.0.1 56324 443\r\n'
const status = request('GET /v1/status', ['Host: api.flintn.com'])
const closing = request('GET /v1/status', ['Host: api.flintn.com', 'Connection: close'])

/** Writes the pieces, each when the one before has gone out on its own; all that came until the other side closed. */
async function converse(socket: Socket, pieces: readonly (string | Buffer)[]): Promise<string> {
  socket.setNoDelay(true).on('error', () => {})
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  for (const piece of pieces) {
    socket.write(piece, 'latin1')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await closed
  return text
}

const open = (port: number, host = '127.0.0.1') => connect(port, host)
const ask = (program: TestProgram, ...pieces: (string | Buffer)[]) =>
  converse(open(program.gatewayPort), pieces)

function forwardedFor(recorded: RecordedRequest | undefined): string | undefined {
  return recorded?.headers.find(([name]) => name.toLowerCase() === 'x-forwarded-for')?.[1]
}

t.test('of a trusted proxy', async (t) => {
  const program = await startTestProgram(t, { gateway: trusted })
  const key = await program.admin.makeKey(await program.admin.makeMerchant(), {
    permissions: ['transaction.refund'],
  })
  const lastClient = () => forwardedFor(program.live.requests.at(-1))

  await t.test('the client is who the header tells, in both versions', async (t) => {
    for (const [header, client] of [
      [line, '203.0.113.5'],
      ['PROXY TCP6 2001:DB8::5 ::1 1 2\r\n', '2001:db8::5'],
      [header2(0x21, 0x11, tcp4('203.0.113.6')), '203.0.113.6'],
      [header2(0x21, 0x21, tcp6('20010db8000000000000000000000007')), '2001:db8::7'],
    ] as const) {
      t.equal(parseResponse(await ask(program, header, closing)).status, 200)
      t.equal(lastClient(), client)
      t.match(
        program.log.findLast(({ msg }) => msg !== 'Indexes built'),
        { msg: 'request', client },
      )
    }
  })

  await t.test('it is the peer where no client is named', async (t) => {
    for (const header of [
      'PROXY UNKNOWN\r\n',
      'PROXY UNKNOWN what ever\r\n',
      header2(0x20, 0x00, Buffer.alloc(0)),
      header2(0x21, 0x00, Buffer.alloc(0)),
      header2(0x21, 0x31, localBlock),
    ]) {
      t.equal(parseResponse(await ask(program, header, closing)).status, 200)
      t.equal(lastClient(), '127.0.0.1')
    }
  })

  await t.test(
    'what comes in one piece with the header, or in pieces of a byte, is read to its end',
    async (t) => {
      t.equal(parseResponse(await ask(program, line + closing)).status, 200)
      t.equal(lastClient(), '203.0.113.5')
      const bytes = Buffer.concat([header2(0x21, 0x11, tcp4('203.0.113.8')), Buffer.from(closing)])
      t.equal(
        parseResponse(await ask(program, ...Array.from(bytes, (byte) => String.fromCharCode(byte)))).status,
        200,
      )
      t.equal(lastClient(), '203.0.113.8')
    },
  )

  await t.test('requests sent ahead, and one behind another, are all of that client', async (t) => {
    const before = program.live.requests.length
    const text = await ask(program, line + status + status, status + closing)
    t.equal(text.split('HTTP/1.1 200').length - 1, 4)
    t.same(program.live.requests.slice(before).map(forwardedFor), Array(4).fill('203.0.113.5'))
  })

  await t.test(
    'a body that comes with the header, and one of a megabyte behind it, arrive whole',
    async (t) => {
      for (const size of [10, 20_000, 1_000_000]) {
        const body = 'b'.repeat(size)
        const fields = [
          'Host: api.flintn.com',
          `X-Api-Key: ${key.secret}`,
          `Content-Length: ${size}`,
          'Connection: close',
        ]
        const text = await ask(program, line + request('POST /v1/upload', fields, body))
        t.equal(parseResponse(text).status, 200)
        t.equal(program.live.requests.at(-1)?.body.length, size)
        t.equal(lastClient(), '203.0.113.5')
      }
    },
  )

  await t.test('what the client writes of itself is not believed, whoever brought it', async (t) => {
    const fields = [
      'Host: api.flintn.com',
      'X-Forwarded-For: 198.51.100.9',
      'X-Request-Id: mine',
      'Connection: close',
    ]
    for (const [header, client] of [
      [line, '203.0.113.5'],
      ['PROXY UNKNOWN\r\n', '127.0.0.1'],
      [header2(0x20, 0x00, Buffer.alloc(0)), '127.0.0.1'],
    ] as const) {
      const text = await ask(program, header, request('GET /v1/status', fields))
      t.notMatch(text, 'mine')
      t.equal(lastClient(), client)
    }
  })

  await t.test('a proxy that the header tells of is believed, if it is a trusted one', async (t) => {
    const fields = [
      'Host: api.flintn.com',
      'X-Forwarded-For: 198.51.100.9',
      'X-Request-Id: its:own/id',
      'Connection: close',
    ]
    const text = await ask(
      program,
      'PROXY TCP4 127.0.0.1 10.0.0.1 1 2\r\n',
      request('GET /v1/status', fields),
    )
    t.match(text, /X-Request-Id: its:own\/id\r\n/i)
    t.match(
      program.log.findLast(({ msg }) => msg !== 'Indexes built'),
      { client: '198.51.100.9' },
    )
  })

  await t.test('without a header, with a wrong one or a second one, no request is taken', async (t) => {
    const before = program.live.requests.length
    for (const bytes of [
      closing,
      `\r\n${line}${closing}`,
      `PROXY TCP4 203.0.113.5 10.0.0.1 1\r\n${closing}`,
      `PROXY UNKNOWN ${'f'.repeat(200)}\r\n${closing}`,
      Buffer.concat([header2(0x21, 0x12, tcp4('203.0.113.5')), Buffer.from(closing)]),
    ]) {
      t.equal(await ask(program, bytes), '', 'nothing is said')
      t.match(
        program.log.findLast(({ msg }) => msg !== 'Indexes built'),
        { client: '127.0.0.1', reason: 'proxy_header_missing' },
      )
    }
    t.equal(codeOf(parseResponse(await ask(program, line + line + closing))), 'BAD_REQUEST')
    t.equal(program.live.requests.length, before)
    const metrics = await (await fetch(`http://127.0.0.1:${program.controlPort}/metrics`)).text()
    t.match(metrics, 'latchkey_connections_refused_total{reason="proxy_header_missing"} 5')
  })

  await t.test('a denied client is refused by the address that the header tells', async (t) => {
    await program.admin.call('POST', '/deny', { kind: 'client', value: '203.0.113.77' })
    t.equal(parseResponse(await ask(program, line.replace('.5 ', '.77 '), closing)).status, 401)
    t.equal(parseResponse(await ask(program, line, closing)).status, 200)
  })
})

t.test('a header that does not come is not waited for; who only looks is not told of', async (t) => {
  const program = await startTestProgram(t, { gateway: `${trusted}, limits: { header_timeout: 300ms }` })
  t.equal(await ask(program, 'PROXY TCP4 203'), '')
  t.match(
    program.log.findLast(({ msg }) => msg !== 'Indexes built'),
    { client: '127.0.0.1', reason: 'proxy_header_timeout' },
  )
  const lines = program.log.length
  const looking = open(program.gatewayPort)
  await once(looking, 'connect')
  looking.end()
  await once(looking, 'close')
  t.equal(program.log.length, lines)
})

t.test('connections of one client are counted, not those of its balancer', async (t) => {
  const program = await startTestProgram(t, { gateway: `${trusted}, limits: { client_connections: 2 }` })
  const held = await Promise.all(
    [1, 2, 3].map(async () => {
      const socket = open(program.gatewayPort).on('error', () => {})
      socket.write(line + status)
      return Promise.race([once(socket, 'data').then(() => socket), once(socket, 'close').then(() => null)])
    }),
  )
  t.equal(held.filter((socket) => socket !== null).length, 2)
  t.equal(
    parseResponse(await ask(program, line.replace('.5 ', '.6 '), closing)).status,
    200,
    'another client',
  )
  for (const socket of held) socket?.destroy()
})

t.test('a header of anybody else is no header, and tells nothing', async (t) => {
  const program = await startTestProgram(t, {
    gateway: ', trusted_proxies: [192.0.2.1], proxy_protocol: true',
  })
  for (const header of [line, header2(0x21, 0x11, tcp4('203.0.113.5')), 'PROXY UNKNOWN\r\n']) {
    t.equal(codeOf(parseResponse(await ask(program, header, closing))), 'BAD_REQUEST')
    t.match(
      program.log.findLast(({ msg }) => msg !== 'Indexes built'),
      { client: '127.0.0.1' },
    )
  }
  t.same(program.live.requests, [])
  t.equal(parseResponse(await ask(program, closing)).status, 200, 'without one he is served as himself')
  t.equal(forwardedFor(program.live.requests.at(-1)), '127.0.0.1')
})

t.test('over TLS', async (t) => {
  const tls = `, tls: { cert: ${tlsFile('server.pem')}, key: ${tlsFile('server.key')} }`
  const program = await startTestProgram(t, { gateway: trusted + tls })
  const ca = readFileSync(tlsFile('ca.pem'))

  /** The handshake begins when the header has gone out, or, with `early`, is sent in one piece with it. */
  async function askOverTls(header: string | Buffer, bytes: string): Promise<string> {
    const socket = open(program.gatewayPort).on('error', () => {})
    socket.write(header, 'latin1')
    return converse(tlsConnect({ socket, ca, servername: 'localhost' }), [bytes])
  }

  await t.test('the header stands before the handshake', async (t) => {
    for (const [header, client] of [
      [line, '203.0.113.5'],
      [header2(0x21, 0x21, tcp6('20010db8000000000000000000000007')), '2001:db8::7'],
      ['PROXY UNKNOWN\r\n', '127.0.0.1'],
    ] as const) {
      const text = await askOverTls(header, status + closing)
      t.equal(text.split('HTTP/1.1 200').length - 1, 2)
      const last = program.live.requests.at(-1)
      t.equal(forwardedFor(last), client)
      t.match(JSON.stringify(last), '["X-Forwarded-Proto","https"]')
    }
  })

  await t.test('what a client writes of itself is not believed', async (t) => {
    const fields = ['Host: api.flintn.com', 'X-Forwarded-For: 198.51.100.9', 'Connection: close']
    for (const [header, client] of [
      [line, '203.0.113.5'],
      ['PROXY UNKNOWN\r\n', '127.0.0.1'],
    ] as const) {
      await askOverTls(header, request('GET /v1/status', fields))
      t.equal(forwardedFor(program.live.requests.at(-1)), client)
    }
  })

  await t.test('a handshake in one piece with the header is taken', async (t) => {
    const hello = await clientHello(ca)
    const socket = open(program.gatewayPort).on('error', () => {})
    socket.write(Buffer.concat([Buffer.from(line), hello]))
    const [answer] = await once(socket, 'data')
    t.equal(answer[0], 0x16, 'a handshake record')
    socket.destroy()
  })

  await t.test('without a header there is no handshake', async (t) => {
    const socket = tlsConnect({ port: program.gatewayPort, host: '127.0.0.1', ca, servername: 'localhost' })
    t.equal(await converse(socket, []), '')
    t.match(
      program.log.findLast(({ msg }) => msg !== 'Indexes built'),
      { reason: 'proxy_header_missing' },
    )
  })
})

/** The first flight of a client. */
async function clientHello(ca: Buffer): Promise<Buffer> {
  const { createServer } = await import('node:net')
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = Object(server.address())
  const client = tlsConnect({ port, host: '127.0.0.1', ca, servername: 'localhost' }).on('error', () => {})
  const [socket] = await once(server, 'connection')
  const [hello] = await once(socket, 'data')
  client.destroy()
  socket.destroy()
  server.close()
  return hello
}

t.test('in a drain a connection that has brought a header and nothing else is let go', async (t) => {
  const program = await startTestProgram(t, { gateway: `${trusted}, limits: { header_timeout: 1m }` })
  const sockets = [line, 'PROXY TCP4 203', ''].map((bytes) => {
    const socket = open(program.gatewayPort).on('error', () => {})
    socket.write(bytes)
    return new Promise((resolve) => socket.once('close', resolve))
  })
  await new Promise((resolve) => setTimeout(resolve, 50))
  await program.stop()
  await Promise.all(sockets)
  t.notMatch(JSON.stringify(program.log), 'are cut')
})
