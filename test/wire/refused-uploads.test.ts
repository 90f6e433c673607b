// Uploads whose answer comes before their end, by clients that send everything before they read anything: the answer is
// there for them, however long it takes (RFC 9112 §9.6).

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { have, python } from '../company/programs/have.ts'
import { host, type KeyedProgram, startKeyedProgram } from '../support/keyed-program.ts'
import { tlsFile } from '../support/tls.ts'
import { codeOf, parseResponse, request } from '../support/wire.ts'
import { gauge, open, pause, until } from './hostile-client.ts'

t.setTimeout(300_000)

const mebibyte = 1024 * 1024
const length = 8 * mebibyte
const tls = `, tls: { cert: ${tlsFile('server.pem')}, key: ${tlsFile('server.key')} }`
const ca = readFileSync(tlsFile('ca.pem'))

function dial(program: KeyedProgram, isTls: boolean): Socket {
  const address = { port: program.gatewayPort, host: '127.0.0.1' }
  return isTls ? connectTls({ ...address, ca, servername: 'localhost' }) : connect(address)
}

/** Writes everything, in `pieces`, with a pause before each but the first, then reads to the end; undefined: it could not. */
async function upload(socket: Socket, pieces: readonly string[], pauseMs = 0): Promise<string | undefined> {
  let failed = false
  socket.on('error', () => (failed = true))
  socket.pause()
  await once(socket, socket.listenerCount('secureConnect') > 0 ? 'secureConnect' : 'connect')
  for (const piece of pieces) {
    if (pauseMs > 0 && piece !== pieces[0]) await pause(pauseMs)
    await new Promise((resolve) => socket.write(piece, 'latin1', resolve))
  }
  if (failed) return undefined
  const received = await text(socket).catch(() => undefined)
  return failed ? undefined : received
}

const framings: Readonly<Record<string, readonly [field: string, body: string]>> = {
  'with a length': [`Content-Length: ${length}`, 'x'.repeat(length)],
  'in chunks': ['Transfer-Encoding: chunked', `10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(128) + '0\r\n\r\n'],
  'in chunks of a byte': ['Transfer-Encoding: chunked', '1\r\nx\r\n'.repeat(1_000_000)],
}
for (const isTls of [false, true]) {
  t.test(`refused uploads${isTls ? ' over TLS' : ''} leave their answer`, async (t) => {
    const program = await startKeyedProgram(t, isTls ? { gateway: tls } : {})
    for (const [name, [field, body]] of Object.entries(framings)) {
      await t.test(name, async (t) => {
        const before = program.live.requests.length
        for (let i = 0; i < 3; i++) {
          const received = await upload(dial(program, isTls), [
            request('POST /v1/upload', [host, field]),
            body,
          ])
          const response = parseResponse(received ?? '')
          t.equal(response.status, 401)
          t.equal(codeOf(response), 'MISSING_API_KEY')
          t.match(response.head, /\r\nConnection: close/i)
        }
        t.equal(program.live.requests.length, before)
      })
    }
    t.ok(await until(async () => (await gauge(program, 'latchkey_lingering_connections')) === 0))
    t.equal(program.log.filter(({ msg }) => msg === 'request').length, 9, 'each of them is one request')
  })
}

const pythonClient = `
import http.client, json, ssl, sys
port, is_tls = int(sys.argv[1]), sys.argv[2] == 'true'
for _ in range(10):
    if is_tls:
        connection = http.client.HTTPSConnection('127.0.0.1', port, context=ssl._create_unverified_context())
    else:
        connection = http.client.HTTPConnection('127.0.0.1', port)
    try:
        connection.request('POST', '/v1/upload', body=b'x' * ${length}, headers={'Host': 'api.flintn.com'})
        answer = connection.getresponse()
        print(answer.status, json.loads(answer.read())['error']['code'])
    except Exception as error:
        print(type(error).__name__)
    connection.close()
`

for (const isTls of [false, true]) {
  t.test(
    `Python’s http.client${isTls ? ' over TLS' : ''} reads its refusal ten times out of ten`,
    async (t) => {
      const program = await startKeyedProgram(t, isTls ? { gateway: tls } : {})
      const { file, env } = await have(python)
      const child = spawn(file, ['-c', pythonClient, String(program.gatewayPort), String(isTls)], {
        env: { ...process.env, ...env },
      })
      const said = await text(child.stdout)
      t.equal(said, '401 MISSING_API_KEY\n'.repeat(10))
    },
  )
}

/** An upstream that answers as soon as it has a head, and takes what comes. */
async function startHasty(t: { teardown(fn: () => void): unknown }, answer: string): Promise<string> {
  const server = createServer((socket) => {
    socket.once('data', () => socket.write(answer))
    socket.on('error', () => {})
    socket.resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  return `http://127.0.0.1:${Object(server.address()).port}`
}

t.test('the upstream answers at once, the upload goes on for longer than anybody waits for it', async (t) => {
  const liveUrl = await startHasty(t, 'HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\nno')
  const program = await startKeyedProgram(t, { liveUrl })
  const pieces = Array.from({ length: 32 }, () => 'x'.repeat(96 * 1024))
  const framed: Readonly<Record<string, readonly string[]>> = {
    'with a length': [`Content-Length: ${32 * 96 * 1024}`],
    'in chunks': ['Transfer-Encoding: chunked'],
  }
  for (const [name, fields] of Object.entries(framed)) {
    await t.test(name, async (t) => {
      const isChunked = name === 'in chunks'
      const head = request('POST /v1/upload', [host, program.auth, ...fields])
      const sent = pieces.map((piece) => (isChunked ? `18000\r\n${piece}\r\n` : piece))
      const received = await upload(dial(program, false), [head, ...sent], 60)
      t.match(received, /^HTTP\/1\.1 409 [^]*\r\n\r\nno$/)
      t.match(received, /\r\nConnection: close/i, 'more is to come, or may be, than will be waited for')
    })
  }
})

t.test('while a connection lingers its request is over, and a stop waits for it in bounds', async (t) => {
  const program = await startKeyedProgram(t)
  const socket = await open(program, request('POST /v1/upload', [host, 'Transfer-Encoding: chunked']))
  socket.allowHalfOpen = true
  socket.resume()
  await once(socket, 'end')
  const trickle = setInterval(() => socket.write('1\r\nx\r\n'), 100)
  t.teardown(() => clearInterval(trickle))
  t.equal(await gauge(program, 'latchkey_lingering_connections'), 1)
  t.equal(await gauge(program, 'latchkey_requests_in_flight'), 0)
  t.match(
    program.log.filter(({ msg }) => msg === 'request'),
    [{ status: 401, decision: 'deny' }],
  )
  await program.stop()
  t.ok(socket.destroyed || (await until(async () => socket.destroyed)))
  t.notOk(
    program.log.some(({ msg }) => String(msg).includes('are cut')),
    'nothing had to be cut',
  )
})
