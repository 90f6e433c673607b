// Answers that nobody reads: whoever asks and does not listen takes little of the process, not for long, and from nobody.

import { once } from 'node:events'
import { get } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { prepareTestProgram, startTestProgram } from '../support/program.ts'
import { countsOf } from '../support/request-sums.ts'
import { plainAnswer } from '../support/upstream.ts'
import { tlsFile } from '../support/tls.ts'
import { startWatchedProcess } from '../support/watched-process.ts'
import { exchange, request } from '../support/wire.ts'

t.setTimeout(290_000)

const asked = (line: string, fields: readonly string[] = []) => request(line, [host, ...fields])
/** Refused with some hundred bytes, as nobody knows the host. */
const unknown = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

/** Sends, and reads nothing. */
function sendOnly(port: number, bytes: string, isTls = false): Socket {
  const socket = isTls
    ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    : connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.pause()
  socket.write(bytes)
  return socket
}

/** A metric's value for one label; 0 where it has none. */
async function metric(controlPort: number, name: string, label: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${controlPort}/metrics`)).text()
  const line = text.split('\n').find((one) => one.startsWith(`${name}{`) && one.includes(`"${label}"`))
  return Number(line?.split(' ').at(-1) ?? 0)
}

const underWay = (gateway: { controlPort: number }) =>
  metric(gateway.controlPort, 'latchkey_requests_in_flight', 'gateway')
const cut = (gateway: { controlPort: number }, reason: string) =>
  metric(gateway.controlPort, 'latchkey_connections_cut_total', reason)

/** Asks again and again with a key until it is stopped; gives the statuses that came. */
function customer(port: number, key: string): () => Promise<(number | undefined)[]> {
  const statuses = new Set<number | undefined>()
  const headers = { host: 'api.flintn.com', 'x-api-key': key }
  const ask = async () => {
    const asking = get({ port, host: '127.0.0.1', path: '/v1/transactions/1', headers, agent: false })
    const [answer] = await once(asking, 'response')
    answer.resume()
    statuses.add(answer.statusCode)
  }
  let isStopped = false
  const running = (async () => {
    while (!isStopped) await ask()
  })()
  return async () => {
    isStopped = true
    await running
    return [...statuses]
  }
}

t.test('ten connections that send thousands of requests and read no answer hold nobody up', async (t) => {
  const program = await startKeyedProgram(t)
  const { gatewayPort, key } = program
  const stop = customer(gatewayPort, key.secret)
  const each = Math.floor((84 * 1024) / unknown.length)
  const sockets = Array.from({ length: 10 }, () => sendOnly(gatewayPort, unknown.repeat(each)))
  const refused = () => program.log.filter(({ reason }) => reason === 'unknown_host').length
  let most = 0
  while (refused() < 10 * each) {
    most = Math.max(most, await underWay(program))
    await sleep(20)
  }
  t.same(await stop(), [200])
  t.ok(most <= 20, `${most} were under way`)
  for (const socket of sockets) socket.destroy()
})

for (const isTls of [false, true]) {
  t.test(`refusals that nobody reads end after idle_timeout${isTls ? ', over TLS too' : ''}`, async (t) => {
    const tls = `, tls: { cert: ${tlsFile('server.pem')}, key: ${tlsFile('server.key')} }`
    const program = await startTestProgram(t, {
      gateway: `, limits: { idle_timeout: 1s }${isTls ? tls : ''}`,
    })
    // Their answers are more than the kernel takes; what is not read of them keeps on coming.
    const sockets = [0, 1].map(() => sendOnly(program.gatewayPort, unknown.repeat(60_000), isTls))
    while ((await cut(program, 'idle_timeout')) < 2) await sleep(50)
    t.equal(await underWay(program), 0)
    for (const socket of sockets) socket.destroy()
    // Of each connection one answer waited for its client.
    const ends = program.log.filter((line) => 'cut' in line)
    t.match(ends, [
      { status: 421, code: 'UNKNOWN_HOST', cut: 'timeout' },
      { status: 421, code: 'UNKNOWN_HOST', cut: 'timeout' },
    ])
    t.equal(ends.length, 2)
    const lines = program.log.filter(({ msg }) => msg === 'request')
    t.equal(await countsOf(program.controlPort), lines.length)
    t.equal(await countsOf(program.controlPort, 'cut="timeout"'), 2)
  })
}

/** An answer of so many bytes. */
const answerOf = (bytes: number) =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`),
    Buffer.alloc(bytes, 'x'),
  ])

t.test('large answers that nobody reads end after idle_timeout, and let go of their upstream', async (t) => {
  const answer = answerOf(32 * 1024 ** 2)
  const program = await startTestProgram(t, {
    gateway: ', limits: { idle_timeout: 1s }',
    answer: () => answer,
  })
  const sockets = [0, 1, 2].map(() => sendOnly(program.gatewayPort, asked('GET /v1/status').repeat(5)))
  while ((await cut(program, 'idle_timeout')) < 3) await sleep(50)
  t.equal(await underWay(program), 0)
  t.equal(program.live.requests.length, 3, 'what waited behind them never began')
  const ends = program.log.filter(({ msg }) => msg === 'request')
  t.match(ends, [{ status: 200, cut: 'timeout' }, { cut: 'timeout' }, { cut: 'timeout' }])
  t.equal(ends.length, 3)
  for (const socket of sockets) socket.destroy()
})

t.test('who reads slowly, but does, gets it all', async (t) => {
  const bytes = 48 * 1024 ** 2
  const answer = answerOf(bytes)
  const program = await startTestProgram(t, {
    gateway: ', limits: { idle_timeout: 1s }',
    answer: () => answer,
  })
  const socket = sendOnly(program.gatewayPort, asked('GET /v1/status', ['Connection: close']))
  let received = 0
  let ofThisTurn = 0
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length
    ofThisTurn += chunk.length
    if (ofThisTurn > 1024 ** 2) socket.pause()
  })
  // The kernels' buffers between the two are of some megabytes: what is taken of them shows when a third is free.
  const reading = setInterval(() => {
    ofThisTurn = 0
    socket.resume()
  }, 100)
  await once(socket, 'close')
  clearInterval(reading)
  t.ok(received > bytes)
  t.equal(await cut(program, 'idle_timeout'), 0)
})

t.test('what is kept for those who do not read is bounded', async (t) => {
  const answer = answerOf(16 * 1024 ** 2)
  const program = await startTestProgram(t, {
    gateway: ', limits: { unread_bytes: 1mb }',
    answer: () => answer,
  })
  const sockets = Array.from({ length: 24 }, () => sendOnly(program.gatewayPort, asked('GET /v1/status')))
  while ((await cut(program, 'unread_bytes')) === 0) await sleep(50)
  while ((await metric(program.controlPort, 'latchkey_unread_bytes', 'answers')) > 1024 ** 2) await sleep(50)
  t.ok(program.live.open() > 0, 'not more are cut than have to be')
  t.ok(program.log.some((line) => line['cut'] === 'gateway'))
  t.notOk(program.log.some((line) => line['cut'] === 'client'))
  for (const socket of sockets) socket.destroy()
})

t.test(
  'hundreds of connections with thousands of requests that wait take a bounded share of memory',
  async (t) => {
    const { file, live } = await prepareTestProgram(t, {
      gateway: ', limits: { unread_bytes: 4mb }',
      upstream: ', connections: 400',
      // Nobody gets an answer on the public route.
      answer: ({ target }) => (target === '/v1/status' ? undefined : plainAnswer),
    })
    const gateway = await startWatchedProcess(t, file)
    const { secret } = await gateway.admin.makeKey(await gateway.admin.makeMerchant())
    const stop = customer(gateway.gatewayPort, secret)
    await sleep(300)
    const before = gateway.residentMiB()
    const ask = asked('GET /v1/status')
    const sockets: Socket[] = []
    let most = before
    for (let i = 0; i < 30; i++) {
      for (let j = 0; j < 10; j++) sockets.push(sendOnly(gateway.gatewayPort, ask.repeat(1_700)))
      await sleep(200)
      most = Math.max(most, gateway.residentMiB())
    }
    t.comment(`${before.toFixed(0)} MiB, then at most ${most.toFixed(0)} MiB`)
    t.same(await stop(), [200])
    t.ok((await cut(gateway, 'unread_bytes')) > 0)
    t.ok(live.requests.filter(({ target }) => target === '/v1/status').length <= 300, 'one a connection')
    t.ok(most - before < 250, 'MiB more')
    for (const socket of sockets) socket.destroy()
  },
)

t.test('thousands of requests sent ahead are answered one by one, in order', async (t) => {
  let open = 0
  let most = 0
  const program = await startKeyedProgram(t, {
    answer: ({ target }, socket) => {
      most = Math.max(most, ++open)
      setImmediate(() => {
        open--
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`)
      })
      return undefined
    },
  })
  const count = 3_000
  const paths = Array.from({ length: count }, (_, i) => `/v1/transactions/${i}`)
  const bytes = paths.map((path, i) =>
    i % 3 === 0
      ? request(`POST ${path}/refund`, [host, program.auth, 'Content-Length: 2'], '{}')
      : asked(`GET ${path}`, [program.auth]),
  )
  const { bytes: answers } = await exchange(program.gatewayPort, bytes.join(''), 5_000, count)
  const bodies = [...answers.matchAll(/\r\n\r\n([^\r]*?)(?=HTTP\/1\.1|$)/g)].map(([, body]) => body)
  t.same(
    bodies,
    paths.map((path, i) => (i % 3 === 0 ? `${path}/refund` : path)),
  )
  t.equal(most, 1)
})

t.test('a client that leaves ends its request, though others wait behind it', async (t) => {
  const program = await startKeyedProgram(t, { answer: () => undefined })
  const socket = sendOnly(program.gatewayPort, asked('GET /v1/status').repeat(10))
  while (program.live.requests.length === 0) await sleep(5)
  socket.destroy()
  while (program.live.open() > 0) await sleep(5)
  t.equal(program.live.requests.length, 1)
  t.equal(await underWay(program), 0)
})
