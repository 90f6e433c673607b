// Contract 5.6.
// Limits on what one client may hold and ask, over the whole program.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, createServer as createTcpServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { generateSecret, Secret } from '../../src/credentials/secret.ts'
import { limitConnections } from '../../src/gateway/listener/connections.ts'
import { paces } from '../../src/decision/pacing.ts'
import { startTestProgram } from '../support/program.ts'
import { codeOf, exchange, request } from '../support/wire.ts'

const host = 'Host: api.flintn.com'
const unknownKey = () => `X-Api-Key: ${Secret.reveal(generateSecret('pk_live_'))}`

t.test('a client that goes on guessing keys is told to stop; known keys go on working for it', async (t) => {
  const program = await startTestProgram(t, { gateway: ', limits: { failed_lookups: 5 }' })
  const merchant = await program.admin.makeMerchant()
  const key = await program.admin.makeKey(merchant)
  const cold = await program.admin.makeKey(merchant)
  const ask = (field: string) =>
    exchange(program.gatewayPort, request('GET /v1/transactions/1', [host, field]))
  t.equal((await ask(`X-Api-Key: ${key.secret}`)).status, 200)
  for (let i = 0; i < 5; i++) t.equal(codeOf(await ask(unknownKey())), 'INVALID_API_KEY')
  const stopped = await ask(unknownKey())
  t.equal(stopped.status, 429)
  t.equal(codeOf(stopped), 'TOO_MANY_REQUESTS')
  t.match(stopped.head, /Retry-After: \d+/)
  // An honest one that this process has not met: a few are looked up still.
  while ((await ask(`X-Api-Key: ${cold.secret}`)).status === 429) await sleep(20)
  t.equal((await ask(`X-Api-Key: ${cold.secret}`)).status, 200)
  t.equal(codeOf(await ask(unknownKey())), 'TOO_MANY_REQUESTS')
  t.equal((await ask(`X-Api-Key: ${key.secret}`)).status, 200)
})

t.test('who does not wait for a refusal that is held back was refused all the same', async (t) => {
  const program = await startTestProgram(t, { gateway: ', limits: { failed_lookups: 1 }' })
  const key = await program.admin.makeKey(await program.admin.makeMerchant())
  const known = request('GET /v1/transactions/1', [host, `X-Api-Key: ${key.secret}`])
  const unknown = request('GET /v1/transactions/1', [host, unknownKey()])
  t.equal((await exchange(program.gatewayPort, known)).status, 200)
  t.equal((await exchange(program.gatewayPort, unknown)).status, 401)
  const asked = paces.unasked.burst + 150
  // One a connection: the next one begins only when the one before is answered.
  const sockets = Array.from({ length: asked }, () => {
    const socket = connect(program.gatewayPort, '127.0.0.1').on('error', () => {})
    socket.write(unknown)
    return socket
  })
  // Those for which no tier was asked.
  const requests = () => program.log.filter(({ msg, lookup }) => msg === 'request' && lookup === undefined)
  for (let begun = 0; begun < asked; ) {
    const over = requests().length
    const text = await (await fetch(`http://127.0.0.1:${program.controlPort}/metrics`)).text()
    begun = over + Number(/^latchkey_requests_in_flight\{.*\} (\d+)$/m.exec(text)?.[1])
  }
  for (const socket of sockets) socket.resetAndDestroy()
  while (requests().length < asked) await sleep(5)
  const decisions = new Set(requests().map(({ decision, reason }) => `${String(decision)} ${String(reason)}`))
  t.same([...decisions], ['deny failed_lookups'])
  t.equal((await exchange(program.gatewayPort, known)).status, 200)
})

t.test('a head that comes too slowly is 408', async (t) => {
  const program = await startTestProgram(t, { gateway: ', limits: { header_timeout: 500ms }' })
  const answer = await exchange(program.gatewayPort, `GET /v1/status HTTP/1.1\r\n${host}\r\n`, 5_000)
  t.equal(answer.status, 408)
  t.equal(codeOf(answer), 'REQUEST_TIMEOUT')
})

t.test('a body that pauses too long is 408, and the upstream request ends', async (t) => {
  const program = await startTestProgram(t, { gateway: ', limits: { idle_timeout: 400ms }' })
  const key = await program.admin.makeKey(await program.admin.makeMerchant(), { permissions: ['*'] })
  const bytes = request('POST /v1/upload', [host, `X-Api-Key: ${key.secret}`, 'Content-Length: 10'], 'abc')
  const answer = await exchange(program.gatewayPort, bytes, 5_000)
  t.equal(answer.status, 408)
  t.equal(codeOf(answer), 'REQUEST_TIMEOUT')
  await new Promise((resolve) => setTimeout(resolve, 100))
  t.ok(program.live.connections() - program.live.open() >= 1, 'its connection was closed')
})

t.test('an upstream that takes no more of a body that has all come is not waited for', async (t) => {
  const stalled = createTcpServer((socket) => void socket.on('error', () => {}).pause()).listen(
    0,
    '127.0.0.1',
  )
  await once(stalled, 'listening')
  t.teardown(() => void stalled.close())
  const program = await startTestProgram(t, {
    liveUrl: `http://127.0.0.1:${Object(stalled.address()).port}`,
    upstream: ', timeout: 1s',
    gateway: ', limits: { idle_timeout: 400ms }',
  })
  const key = await program.admin.makeKey(await program.admin.makeMerchant(), { permissions: ['*'] })
  // Somewhere among these, the last bytes wait between the two sockets.
  const lengths = Array.from({ length: 40 }, (_, i) => 3_400_000 + i * 30_000)
  const answers = lengths.map(async (length) => {
    const fields = [host, `X-Api-Key: ${key.secret}`, `Content-Length: ${length}`]
    const bytes = request('POST /v1/upload', fields, 'x'.repeat(length))
    return codeOf(await exchange(program.gatewayPort, bytes, 10_000))
  })
  t.same([...new Set(await Promise.all(answers))], ['UPSTREAM_TIMEOUT'])
})

t.test('a refused upload is answered at once, without reading it all', async (t) => {
  const program = await startTestProgram(t)
  const sent = await new Promise<{ bytes: number; answer: string }>((resolve) => {
    let answer = ''
    const socket = connect(program.gatewayPort, '127.0.0.1')
    const chunk = Buffer.alloc(64 * 1024)
    let bytes = 0
    const pump = () => {
      while (!socket.destroyed && socket.write(chunk)) bytes += chunk.length
    }
    socket.write(request('POST /v1/upload', [host, 'Content-Length: 10737418240']))
    socket.on('drain', pump)
    socket.on('data', (data) => {
      answer += data.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve({ bytes, answer }))
    pump()
  })
  t.match(sent.answer, /^HTTP\/1\.1 401 /)
  t.match(sent.answer, 'MISSING_API_KEY')
  t.ok(sent.bytes < 64 * 1024 * 1024, `${sent.bytes} of 10 GiB were taken`)
})

t.test('one address holds only so many connections', async (t) => {
  const server = createServer((_, response) => response.end('served'))
  limitConnections(server, 2, ['127.0.0.9'])
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = Object(server.address())
  const sockets = new Set<Socket>()
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  /** Whether it is served on a connection of its own, which stays open. */
  const isServed = async (localAddress: string): Promise<boolean> => {
    const socket = connect({ port, host: '127.0.0.1', localAddress })
    socket.on('error', () => {})
    sockets.add(socket)
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    return new Promise((resolve) => {
      socket.once('data', () => resolve(true))
      socket.once('close', () => resolve(false))
    })
  }
  t.same(
    [await isServed('127.0.0.2'), await isServed('127.0.0.2'), await isServed('127.0.0.2')],
    [true, true, false],
  )
  t.ok(await isServed('127.0.0.3'), 'another address has its own')
  for (let i = 0; i < 5; i++) t.ok(await isServed('127.0.0.9'), 'an exempt one has no limit')

  const [first] = sockets
  first?.destroy()
  if (first !== undefined) await once(first, 'close')
  let hasRoom = false
  for (let i = 0; i < 50 && !hasRoom; i++) hasRoom = await isServed('127.0.0.2')
  t.ok(hasRoom, 'and one that is closed makes room')
})
