// Requests that ask for another protocol, as Java's HttpClient and `curl --http2` do with each request over plain http: they
// are served, the connection goes on, and nothing behind them is lost, doubled or taken for something else, wherever the
// bytes are cut.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { converse } from '../support/conversation.ts'
import { host, startKeyedProgram, withKey } from '../support/keyed-program.ts'
import { startTestProgram } from '../support/program.ts'
import { tlsFile } from '../support/tls.ts'
import { plainAnswer, valuesOf } from '../support/upstream.ts'
import { request } from '../support/wire.ts'
import { open, pause, until } from './hostile-client.ts'

t.setTimeout(300_000)

const h2c = [
  'Connection: Upgrade, HTTP2-Settings',
  'Upgrade: h2c',
  'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
]
const forms: Readonly<Record<string, readonly string[]>> = {
  'as Java’s HttpClient and curl ask': h2c,
  'for WebSocket': ['Upgrade: websocket', 'connection: keep-alive, upgrade', 'Sec-WebSocket-Version: 13'],
  'in many fields': [
    'Upgrade: a',
    'X-Between: 1',
    'uPGRADE: b/2, c',
    'Connection: x-y',
    'Connection: UPGRADE',
  ],
  // Node's parser takes it for Connection.
  'by Proxy-Connection': ['Proxy-Connection: Upgrade', 'Upgrade: h2c'],
  'of which Connection says nothing': ['Upgrade: h2c'],
  'that Connection names and nobody asks for': ['Connection: upgrade'],
}

/** Node 24.9 and later ask whether to upgrade, and no connection with a body under way can be had from them. */
const bodiesEnd = 'shouldUpgradeCallback' in createServer()

const answersIn = (bytes: string) => bytes.split(/HTTP\/1\.1 [2-5]/).length - 1

/** What is received on a connection to which `bytes` are written, each once as many answers as stand before it have come. */
async function talk(socket: Socket, parts: readonly string[]): Promise<string> {
  let received = ''
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
  for (const [i, part] of parts.entries()) {
    socket.write(part, 'latin1')
    if (!(await until(async () => answersIn(received) > i || socket.destroyed))) break
  }
  socket.destroy()
  return received
}

t.test('one connection serves request after request', async (t) => {
  const program = await startKeyedProgram(t)
  for (const [name, fields] of Object.entries(forms)) {
    await t.test(name, async (t) => {
      const before = program.live.requests.length
      const asked = [1, 2, 3].map((i) =>
        request(`GET /v1/transactions/${i}?a`, [host, program.auth, ...fields, 'X-A: \u00e4']),
      )
      const received = await talk(connect(program.gatewayPort, '127.0.0.1'), asked)
      t.equal(answersIn(received), 3)
      t.notMatch(received, /connection: close/i)
      const seen = program.live.requests.slice(before)
      t.same(
        seen.map(({ target }) => target),
        ['/v1/transactions/1?a', '/v1/transactions/2?a', '/v1/transactions/3?a'],
      )
      for (const one of seen) {
        for (const gone of ['Upgrade', 'Connection', 'HTTP2-Settings', 'Proxy-Connection']) {
          t.notMatch(valuesOf(one, gone).join(), /h2c|websocket|upgrade|AAEA/i)
        }
        t.same(valuesOf(one, 'X-A'), ['\u00e4'])
        t.equal(valuesOf(one, 'X-Merchant-Id').length, 1)
      }
    })
  }
})

t.test('Connection: close beside it is heeded', async (t) => {
  const program = await startKeyedProgram(t)
  const fields = [host, program.auth, 'Connection: close, upgrade', 'Upgrade: h2c']
  const { head } = await program.raw(request('GET /v1/transactions/1', fields))
  t.match(head, /^HTTP\/1\.1 200 [^]*\r\nConnection: close/i)
})

t.test('whatever came behind it is served in order, wherever the bytes were cut', async (t) => {
  const program = await startKeyedProgram(t)
  const inner = request('GET /v1/transactions/inner', [host, program.auth])
  const chunks = `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`
  const fields = [host, program.auth]
  const asked: [line: string, fields: readonly string[], body: string, seen: string][] = [
    ['GET /v1/transactions/1', h2c, '', ''],
    ['GET /v1/transactions/2', forms['by Proxy-Connection'] ?? [], '', ''],
    ['GET /v1/transactions/3', [], '', ''],
    ['POST /v1/upload?4', [...h2c, 'Content-Length: 0'], '', ''],
    ['POST /v1/upload?5', [...h2c, `Content-Length: ${inner.length}`], inner, inner],
    ['POST /v1/upload?6', [...h2c, 'Transfer-Encoding: chunked'], chunks, inner],
    ['GET /v1/transactions/7', h2c, '', ''],
  ]
  const bytes = asked.map(([line, own, body]) => request(line, [...fields, ...own], body)).join('')
  const served = bodiesEnd ? asked.slice(0, 5) : asked
  const expected = served.map(([line, , , seen]) => `${line} ${seen}`)
  const step = process.env['LATCHKEY_TEST_LONG'] === undefined ? 13 : 1
  const wrong: unknown[] = []
  for (let cut = 1; cut < bytes.length; cut += step) {
    const before = program.live.requests.length
    // In two packets, and in three.
    const cuts = cut % 2 === 0 ? [cut / bytes.length] : [cut / bytes.length, (cut + 40) / bytes.length]
    const answers = await converse(program.gatewayPort, {
      bytes,
      cuts,
      methods: served.map(([line]) => line.split(' ')[0] ?? ''),
    })
    const seen = program.live.requests
      .slice(before)
      .map(({ method, target, body }) => `${method} ${target} ${body}`)
    const statuses = answers.map((answer) => answer.slice(9, 12)).join(' ')
    if (seen.join('\n') === expected.join('\n') && statuses === served.map(() => '200').join(' ')) continue
    wrong.push({ cut, seen, statuses })
  }
  t.same(wrong, [])
})

t.test('bytes one by one', async (t) => {
  const program = await startKeyedProgram(t)
  const bytes = request('GET /v1/transactions/1', [host, program.auth, ...h2c]).repeat(2)
  const cuts = Array.from({ length: bytes.length - 1 }, (_, i) => (i + 1) / bytes.length)
  const answers = await converse(program.gatewayPort, { bytes, cuts, methods: ['GET', 'GET'] })
  t.same(
    answers.map((answer) => answer.slice(9, 12)),
    ['200', '200'],
  )
})

t.test('a body that is cut short behind it is nobody’s request', async (t) => {
  const program = await startKeyedProgram(t)
  const inner = request('GET /v1/transactions/inner', [host, program.auth])
  const length = `Content-Length: ${inner.length + 10}`
  const socket = await open(program, request('POST /v1/upload', [host, program.auth, ...h2c, length]))
  socket.resume()
  await pause(20)
  socket.write(inner)
  await pause(50)
  socket.end()
  await new Promise((resolve) => socket.once('close', resolve))
  t.same(program.live.requests, [])
})

t.test('behind answers that are still to come', async (t) => {
  const later: (() => void)[] = []
  const program = await startKeyedProgram(t, {
    answer(seen, socket) {
      if (!seen.target.endsWith('/slow')) return plainAnswer
      later.push(() => socket.write(plainAnswer.replace('{"ok":true}', '{"ok":slow}')))
      return undefined
    },
  })
  const asked = (name: string, fields: readonly string[] = h2c) =>
    request(`GET /v1/transactions/${name}`, [host, program.auth, ...fields])

  await t.test('it waits for its turn, and what comes meanwhile for its own', async (t) => {
    const socket = await open(program, asked('slow', []) + asked('a') + asked('b', []))
    let received = ''
    socket.on('data', (chunk) => (received += chunk.toString('latin1')))
    t.ok(await until(async () => later.length === 1))
    socket.write(asked('c') + asked('d', []).slice(0, 30))
    await pause(30)
    socket.write(asked('d', []).slice(30))
    await pause(30)
    t.equal(received, '')
    later.pop()?.()
    t.ok(await until(async () => answersIn(received) === 5))
    t.ok(received.indexOf('slow') < received.indexOf('true'))
    t.same(
      program.live.requests.slice(-5).map(({ target }) => target.split('/').at(-1)),
      ['slow', 'a', 'b', 'c', 'd'],
    )
    socket.destroy()
  })

  await t.test('a client that leaves meanwhile ends what it had asked for', async (t) => {
    for (const leave of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
      const before = program.live.requests.length
      const socket = await open(program, asked('slow', []) + asked('never'))
      socket.resume()
      t.ok(await until(async () => program.live.requests.length === before + 1))
      leave(socket)
      t.ok(await until(async () => program.live.open() === 0), 'the upstream’s connection has ended')
      t.equal(program.live.requests.length, before + 1)
    }
  })
})

t.test('a large answer before it goes on when its reader does', async (t) => {
  const large = 'x'.repeat(8 * 1024 * 1024)
  const program = await startKeyedProgram(t, {
    answer: ({ target }) =>
      target.endsWith('/large')
        ? `HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n\r\n${large}`
        : plainAnswer,
  })
  const asked = (name: string) => request(`GET /v1/transactions/${name}`, [host, program.auth, ...h2c])
  const socket = await open(program, asked('large') + asked('next'))
  socket.pause()
  await pause(300)
  let bytes = 0
  let tail = ''
  socket.on('data', (chunk) => {
    bytes += chunk.length
    tail = (tail + chunk.toString('latin1')).slice(-1_000)
  })
  socket.resume()
  t.ok(await until(async () => tail.endsWith('{"ok":true}')))
  t.ok(bytes > large.length)
  socket.destroy()
})

t.test('over TLS', async (t) => {
  const program = await withKey(
    await startTestProgram(t, {
      gateway: `, tls: { cert: ${tlsFile('server.pem')}, key: ${tlsFile('server.key')} }`,
    }),
  )
  const ca = readFileSync(tlsFile('ca.pem'))
  const socket = connectTls({ port: program.gatewayPort, host: '127.0.0.1', ca, servername: 'localhost' })
  const asked = request('GET /v1/transactions/1', [host, program.auth, ...h2c])
  const received = await talk(socket, [asked, asked, asked])
  t.equal(answersIn(received), 3)
  t.notMatch(received, /connection: close/i)
})

t.test('a head over the limits is refused with its upgrade, too, and ends the connection', async (t) => {
  const program = await startKeyedProgram(t)
  const many = Array.from({ length: 300 }, () => 'X-A: b')
  const bytes = request('GET /v1/transactions/1', [host, program.auth, ...many, ...h2c])
  const {
    status,
    head,
    bytes: all,
  } = await program.raw(bytes + request('GET /v1/transactions/2', [host, program.auth]))
  t.equal(status, 431)
  t.match(head, /Connection: close/i)
  t.equal(answersIn(all), 1)
  t.same(program.live.requests, [])
})
