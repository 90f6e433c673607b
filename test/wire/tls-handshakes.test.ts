// What becomes of clients whose TLS handshake fails, and what every connection over TLS is like.

import { readFileSync } from 'node:fs'
import { connect as connectPlain, createServer, type Socket } from 'node:net'
import { execFile } from 'node:child_process'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { type TestProgram, startTestProgram } from '../support/program.ts'
import { tlsFile } from '../support/tls.ts'
import { exchange, request } from '../support/wire.ts'

const host = 'Host: api.flintn.com'
const ca = readFileSync(tlsFile('ca.pem'))
const pair = `cert: ${tlsFile('server.pem')}, key: ${tlsFile('server.key')}`
const ask = request('GET /v1/status', [host])

function start(t: Test, more = ''): Promise<TestProgram> {
  return startTestProgram(t, {
    gateway: `, limits: { handshake_timeout: 1s, idle_timeout: 500ms }, tls: { ${pair}${more} }`,
  })
}

/** What a client gets: its connection, or why there is none. */
function shake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket | Error> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', ca, servername: 'localhost', ...options }, () =>
      resolve(socket),
    )
    socket.on('error', resolve)
  })
}

async function counts(program: TestProgram): Promise<Record<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${program.controlPort}/metrics`)).text()
  const found = text.matchAll(/^latchkey_tls_handshakes_failed_total\{reason="(\w+)"\} (\d+)$/gm)
  return Object.fromEntries([...found].map(([, reason = '', count]) => [reason, Number(count)]))
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 250; i++) {
    if (await isSo()) return true
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return false
}

const linesOf = (program: TestProgram, msg: string) => program.log.filter((line) => line['msg'] === msg)

t.test('each kind of handshake that fails is counted and told, with its client', async (t) => {
  const program = await start(t)
  const port = program.gatewayPort
  const weak = 'ALL:@SECLEVEL=0'
  const cases: Record<string, () => Promise<unknown>> = {
    version: () => shake(port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: weak }),
    nothing_shared: () => shake(port, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }),
    alpn: () => shake(port, { ALPNProtocols: ['h2'] }),
    not_tls: () => sendPlain(port, Buffer.alloc(64, 7)),
    timeout: () => sendPlain(port, Buffer.from([0x16, 3, 1])),
    closed: () => sendPlain(port, Buffer.from([0x16, 3, 1]), true),
    certificate_refused: () =>
      openssl(port, ['-verify_return_error', '-verifyCAfile', tlsFile('client.pem')]),
  }
  for (const [reason, fail] of Object.entries(cases)) {
    await fail()
    t.ok(await until(async () => (await counts(program))[reason] === 1), reason)
    t.match(linesOf(program, 'TLS handshake failed').at(-1), { reason, client: '127.0.0.1', level: 'info' })
  }
  const counted = Object.entries(await counts(program)).flatMap(([reason, count]) =>
    count > 0 ? reason : [],
  )
  t.same(counted.toSorted(), Object.keys(cases).toSorted(), 'and as no other')
  const secure = await shake(port)
  t.ok('authorized' in secure, 'others are served')
  if ('destroy' in secure) secure.destroy()
})

t.test('a port that is only looked at is counted, and no line is written for it', async (t) => {
  const program = await start(t)
  await sendPlain(program.gatewayPort, Buffer.alloc(0), true)
  t.ok(await until(async () => (await counts(program))['closed'] === 1))
  t.same(linesOf(program, 'TLS handshake failed'), [])
})

t.test('many handshakes that fail write few lines, and what is left out is told', async (t) => {
  const program = await start(t)
  await Promise.all(Array.from({ length: 60 }, () => shake(program.gatewayPort, { ALPNProtocols: ['h2'] })))
  t.ok(await until(async () => (await counts(program))['alpn'] === 60))
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  await shake(program.gatewayPort, { ALPNProtocols: ['h2'] })
  t.ok(await until(() => linesOf(program, 'TLS handshake failed').some((line) => Number(line['untold']) > 0)))
  const lines = linesOf(program, 'TLS handshake failed')
  const untold = lines.reduce((sum, line) => sum + Number(line['untold'] ?? 0), 0)
  t.equal(lines.length + untold, 61)
  t.ok(lines.length <= 31, `${lines.length} lines`)
})

t.test('plain HTTP on the TLS port is told so, in plain HTTP', async (t) => {
  const program = await start(t)
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const response = await exchange(program.gatewayPort, request(`${method} /v1/status`, [host]))
    t.equal(response.status, 400, method)
    t.match(response.head, /\r\nX-Error-Source: gateway/)
    t.match(response.body, /"code":"BAD_REQUEST"/)
  }
  t.match(linesOf(program, 'request').at(-1), { reason: 'plain_http', status: 400, client: '127.0.0.1' })
  t.equal(program.live.requests.length, 0)
})

t.test('… before an upload too, of which more comes than is read', async (t) => {
  const program = await start(t)
  const body = 'x'.repeat(700_000)
  for (let i = 0; i < 5; i++) {
    const upload = request('POST /v1/upload', [host, `Content-Length: ${body.length}`], body)
    t.equal((await exchange(program.gatewayPort, upload)).status, 400)
  }
})

t.test('without forward secrecy there is no connection, unless the file says so', async (t) => {
  const strict = await start(t)
  for (const ciphers of ['AES256-SHA', 'AES128-GCM-SHA256', 'AES256-SHA256']) {
    t.type(await shake(strict.gatewayPort, { maxVersion: 'TLSv1.2', ciphers }), Error, ciphers)
  }
  for (const ciphers of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-SHA384']) {
    const socket = await shake(strict.gatewayPort, { maxVersion: 'TLSv1.2', ciphers })
    t.equal('getCipher' in socket && socket.getCipher().name, ciphers)
    if ('destroy' in socket) socket.destroy()
  }
  const chosen = await start(t, ', ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384"')
  t.type(
    await shake(chosen.gatewayPort, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }),
    Error,
  )
})

t.test('the access log has version and cipher of TLS, and nothing of them without it', async (t) => {
  const program = await start(t)
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = await shake(program.gatewayPort, { maxVersion })
    if (!('getCipher' in socket)) throw socket
    socket.write(ask + ask)
    const line = () => linesOf(program, 'request').filter((one) => one['tls'] === maxVersion)
    t.ok(await until(() => line().length === 2))
    t.match(line()[1], { tls: maxVersion, cipher: socket.getCipher().name, status: 200 })
    socket.destroy()
  }
  const plain = await startTestProgram(t)
  await exchange(plain.gatewayPort, ask)
  t.notMatch(linesOf(plain, 'request').at(-1), { tls: String })
})

t.test('a client of TLS 1.2 cannot ask for a handshake in the middle', async (t) => {
  const program = await start(t)
  const socket = await shake(program.gatewayPort, { maxVersion: 'TLSv1.2' })
  if (!('renegotiate' in socket)) throw socket
  const outcome = await new Promise((resolve) => {
    socket.on('error', resolve)
    socket.on('close', () => resolve('closed'))
    socket.renegotiate({}, (error) => resolve(error ?? 'renegotiated'))
  })
  t.match(outcome, { code: /NO_RENEGOTIATION/ })
  socket.destroy()
})

t.test('an idle connection ends with close_notify: after its time, and in a drain', async (t) => {
  for (const end of ['time', 'drain']) {
    const program = await start(t)
    const { port, records } = await recording(t, program.gatewayPort)
    const socket = await shake(port, { maxVersion: 'TLSv1.2' })
    if (!('write' in socket)) throw socket
    socket.write(ask)
    t.ok(await until(() => linesOf(program, 'request').length === 1))
    if (end === 'drain') void program.stop()
    t.ok(await until(() => records.at(-1) === 'FIN'), 'it ends')
    t.same(records.slice(-2), ['alert', 'FIN'], end)
    socket.destroy()
  }
})

t.test('an answer that is cut ends without close_notify: it must look cut', async (t) => {
  const program = await startTestProgram(t, {
    gateway: `, tls: { ${pair} }`,
    answer: (_request, upstream) => {
      setTimeout(() => upstream.destroy(), 50)
      return 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart'
    },
  })
  const { port, records } = await recording(t, program.gatewayPort)
  const socket = await shake(port, { maxVersion: 'TLSv1.2' })
  if (!('write' in socket)) throw socket
  socket.write(ask)
  t.ok(await until(() => records.at(-1) === 'FIN' || records.at(-1) === 'RST'))
  t.equal(records.includes('alert'), false)
  socket.destroy()
})

/** Sends bytes without TLS; resolves when the other side closes. */
function sendPlain(port: number, bytes: Buffer, isEnded = false): Promise<void> {
  return new Promise((resolve) => {
    const socket = connectPlain(port, '127.0.0.1', () => {
      socket.write(bytes)
      if (isEnded) socket.end()
    })
    socket.on('error', () => {})
    socket.resume().on('close', () => resolve())
  })
}

function openssl(port: number, words: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const child = execFile('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...words], () =>
      resolve(),
    )
    child.stdin?.end()
  })
}

/** A way to a port on which the types of TLS records that come back are seen, and how it ends. */
async function recording(t: Test, to: number): Promise<{ port: number; records: string[] }> {
  const records: string[] = []
  const server = createServer((near: Socket) => {
    const far = connectPlain(to, '127.0.0.1')
    let bytes = Buffer.alloc(0)
    near.on('error', () => {}).on('data', (chunk) => void far.write(chunk))
    far.on('data', (chunk) => {
      near.write(chunk)
      bytes = Buffer.concat([bytes, chunk])
      while (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt16BE(3)) {
        records.push(bytes[0] === 21 ? 'alert' : String(bytes[0]))
        bytes = bytes.subarray(5 + bytes.readUInt16BE(3))
      }
    })
    far.on('end', () => {
      records.push('FIN')
      near.end()
    })
    far.on('error', () => records.push('RST'))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => void server.close())
  return { port: Object(server.address()).port, records }
}
