// Contract 5.9.
// Bounds towards an upstream: time to connect, the pool and its queue, and the circuit before a host that takes no
// packets.

import { readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { startTestProgram, type TestProgram } from '../support/program.ts'
import { tlsFile } from '../support/tls.ts'
import { plainAnswer } from '../support/upstream.ts'
import { codeOf, exchange, request } from '../support/wire.ts'

t.setTimeout(120_000)
const host = 'Host: api.flintn.com'
const ask = (program: TestProgram, timeoutMs = 10_000) =>
  exchange(program.gatewayPort, request('GET /v1/status', [host]), timeoutMs)

interface TlsUpstream {
  readonly url: string
  /** Connections accepted so far. */
  accepted(): number
  /** From now on it speaks; before, connections are accepted and nothing is said. */
  wake(): void
}

/** An upstream over TLS that is mute at first: to one who connects, the same as a host that takes no packets. */
async function startMuteUpstream(t: Test): Promise<TlsUpstream> {
  const identity = { cert: readFileSync(tlsFile('server.pem')), key: readFileSync(tlsFile('server.key')) }
  const sockets = new Set<Socket>()
  let isAwake = false
  let accepted = 0
  const server = createServer((socket) => {
    accepted++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    if (!isAwake) return void socket.resume()
    const secure = new TLSSocket(socket, { isServer: true, ...identity })
    secure.on('error', () => {})
    secure.on('data', () => secure.write(plainAnswer))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    url: `https://127.0.0.1:${Object(server.address()).port}`,
    accepted: () => accepted,
    wake() {
      isAwake = true
    },
  }
}

t.test('an upstream that cannot be connected to', async (t) => {
  const upstream = await startMuteUpstream(t)
  const program = await startTestProgram(t, {
    liveUrl: upstream.url,
    upstream: `, connect_timeout: 200ms, ca: ${tlsFile('ca.pem')}`,
  })
  for (let i = 0; i < 5; i++) {
    const answer = await ask(program)
    t.equal(answer.status, 504, 'a connect that takes too long is 504')
    t.equal(codeOf(answer), 'UPSTREAM_TIMEOUT')
  }
  const tried = upstream.accepted()
  t.equal(tried, 5)
  const refused = await Promise.all(Array.from({ length: 20 }, () => ask(program)))
  t.same(
    [...new Set(refused.map(codeOf))],
    ['UPSTREAM_UNAVAILABLE'],
    'then nobody waits for it: the circuit is open',
  )
  t.match(
    program.log.findLast(({ msg }) => msg !== 'Indexes built'),
    { status: 503, reason: 'circuit_open' },
  )
  t.equal(upstream.accepted(), tried, 'and it is left alone')

  upstream.wake()
  let status = 503
  for (let i = 0; i < 100 && status !== 200; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    status = (await ask(program)).status
  }
  t.equal(status, 200, 'an attempt once a second finds out that it is back')
  t.equal((await ask(program)).status, 200)
})

t.test('an upstream that refuses is told each time, and used as soon as it is back', async (t) => {
  const closed = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => closed.once('listening', resolve))
  const { port } = Object(closed.address())
  await new Promise((resolve) => closed.close(resolve))
  const program = await startTestProgram(t, { liveUrl: `http://127.0.0.1:${port}` })
  for (let i = 0; i < 12; i++) t.equal(codeOf(await ask(program)), 'UPSTREAM_ERROR')
  const back = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () => socket.end(plainAnswer))
  }).listen(port, '127.0.0.1')
  t.teardown(() => void back.close())
  await new Promise((resolve) => back.once('listening', resolve))
  t.equal((await ask(program)).status, 200)
})

for (const [queue, waiting] of [
  ['', 4],
  [', queue: 1', 1],
  [', queue: 0', 0],
] as const) {
  t.test(`the pool and its queue are bounded: ${waiting} waiting`, async (t) => {
    const program = await startTestProgram(t, {
      upstream: `, connections: 1${queue}`,
      answer: () => undefined,
    })
    const asked = Array.from({ length: 12 }, () => ask(program, 800).catch(() => undefined))
    const answers = (await Promise.all(asked)).filter((answer) => answer?.status === 503)
    t.equal(answers.length, 12 - 1 - waiting)
    t.equal(answers[0] && codeOf(answers[0]), 'UPSTREAM_UNAVAILABLE')
  })
}
