// What once ended the process, pinned a connection or misled a client; each case stays as a test. An uncaught exception
// fails the file.

import { connect, createServer } from 'node:net'
import t from 'tap'
import { createEmptyDatabase } from '../support/database.ts'
import { startTestProgram } from '../support/program.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { plainAnswer } from '../support/upstream.ts'
import { codeOf, exchange, request } from '../support/wire.ts'
import { gauge, host, open, pause, until, writer } from './hostile-client.ts'

t.setTimeout(120_000)
t.test('CONNECT, then a reset, is nothing to fall over', async (t) => {
  const program = await startTestProgram(t)
  for (let i = 0; i < 5; i++) {
    const socket = await open(program, 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n')
    socket.resetAndDestroy()
  }
  await pause(100)
  t.equal((await exchange(program.gatewayPort, request('GET /v1/status', [host]))).status, 200)
})

t.test('CONNECT behind a request that is still answered waits its turn', async (t) => {
  const program = await startTestProgram(t, {
    answer: (_seen, socket) => {
      setTimeout(() => socket.write(plainAnswer), 200)
      return undefined
    },
  })
  const both = request('GET /v1/status', [host]) + 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'
  const answer = await exchange(program.gatewayPort, both, 600, 2)
  t.same(
    [...answer.bytes.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1]),
    ['200', '400'],
  )
})

t.test('who leaves while its key is looked up makes no refund', async (t) => {
  const database = await createEmptyDatabase(t)
  const proxy = await startTcpProxy([Number(new URL(database.url).port || 5432)])
  t.teardown(() => proxy.close())
  const url = new URL(database.url)
  url.port = String(proxy.port)
  url.hostname = '127.0.0.1'
  const program = await startTestProgram(t, { databaseUrl: url.href, redis: 'none' })
  const auth = await writer(program)
  await proxy.set('slow')
  const socket = await open(
    program,
    request('POST /v1/transactions/1/refund', [host, auth, 'Content-Length: 2'], '{}'),
  )
  await pause(50)
  socket.destroy()
  await pause(100)
  t.equal(program.live.requests.length, 0, 'the look-up is still under way')
  t.ok(
    await until(async () =>
      program.log.some(
        (line) => line['route'] === '/v1/transactions/{id}/refund' || line['cut'] === 'client',
      ),
    ),
  )
  await pause(300)
  t.same(program.live.requests, [])
})

t.test('clients with half a body that leave a full pool leave no place taken', async (t) => {
  const program = await startTestProgram(t, {
    upstream: ', connections: 1',
    gateway: ', limits: { idle_timeout: 1s }',
    answer: () => undefined,
  })
  const auth = await writer(program)
  const first = await open(program, request('GET /v1/status', [host]))
  await pause(50)
  for (let i = 0; i < 4; i++) {
    const socket = await open(program, request('POST /v1/upload', [host, auth, 'Content-Length: 9'], 'abc'))
    await pause(20)
    socket.destroy()
  }
  first.destroy()
  t.ok(await until(async () => (await gauge(program, 'latchkey_upstream_in_flight')) === 0))
})

t.test(
  'an unfinished upload to an upstream that is down is 502, and nothing comes of it later',
  async (t) => {
    const program = await startTestProgram(t, { gateway: ', limits: { idle_timeout: 300ms }' })
    const auth = await writer(program)
    await program.live.close()
    const answer = await exchange(
      program.gatewayPort,
      request('POST /v1/upload', [host, auth, 'Content-Length: 9'], 'abc'),
    )
    t.equal(codeOf(answer), 'UPSTREAM_ERROR')
    await pause(700)
    t.equal(await gauge(program, 'latchkey_upstream_in_flight'), 0)
  },
)

t.test('304 and 204 with a length are whole', async (t) => {
  const program = await startTestProgram(t, {
    answer: (seen) =>
      seen.target.endsWith('4')
        ? `HTTP/1.1 ${seen.target.slice(-3)} X\r\nContent-Length: 10\r\nETag: "a"\r\n\r\n`
        : plainAnswer,
  })
  const auth = await writer(program)
  for (const status of [304, 204]) {
    const answer = await exchange(
      program.gatewayPort,
      request(`GET /v1/transactions/${status}`, [host, auth]),
    )
    t.equal(answer.status, status)
    t.match(answer.head, 'ETag: "a"')
  }
})

t.test('an interim answer or half a head does not stop the clock', async (t) => {
  const program = await startTestProgram(t, {
    upstream: ', timeout: 500ms',
    answer: (seen) =>
      seen.target.endsWith('1') ? 'HTTP/1.1 102 Processing\r\n\r\n' : 'HTTP/1.1 200 OK\r\nX-Half',
  })
  const auth = await writer(program)
  for (const id of [1, 2]) {
    const answer = await exchange(
      program.gatewayPort,
      request(`GET /v1/transactions/${id}`, [host, auth]),
      3_000,
    )
    t.match(answer.bytes, 'UPSTREAM_TIMEOUT')
  }
})

t.test('requests that wait behind another on a connection end with the connection', async (t) => {
  const program = await startTestProgram(t, { answer: () => undefined })
  const one = request('GET /v1/status', [host])
  const socket = await open(program, one + one + one)
  t.ok(await until(async () => (await gauge(program, 'latchkey_requests_in_flight')) === 1))
  socket.destroy()
  t.ok(await until(async () => (await gauge(program, 'latchkey_requests_in_flight')) === 0))
  t.ok(await until(async () => (await gauge(program, 'latchkey_upstream_in_flight')) === 0))
  t.equal(program.log.filter((line) => line['msg'] === 'request').length, 1, 'the others never began')
  t.equal(program.live.requests.length, 1)
})

t.test('an upstream that does not read is not blamed on the client', async (t) => {
  const deaf = createServer((socket) => socket.pause()).listen(0, '127.0.0.1')
  await new Promise((resolve) => deaf.once('listening', resolve))
  t.teardown(() => void deaf.close())
  const { port } = Object(deaf.address())
  const program = await startTestProgram(t, {
    liveUrl: `http://127.0.0.1:${port}`,
    gateway: ', limits: { idle_timeout: 500ms }',
  })
  const auth = await writer(program)
  const answer = await new Promise<string>((resolve) => {
    let text = ''
    const socket = connect(program.gatewayPort, '127.0.0.1')
    const chunk = Buffer.alloc(64 * 1024)
    const pump = () => {
      while (!socket.destroyed && socket.write(chunk));
    }
    socket.write(request('POST /v1/upload', [host, auth, 'Content-Length: 104857600']))
    socket.on('drain', pump)
    socket.on('data', (data) => {
      text += data.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
    pump()
  })
  t.match(answer, 'UPSTREAM_TIMEOUT')
})

t.test('after an early answer to an upload the connection goes on', async (t) => {
  const program = await startTestProgram(t, {
    answer: (seen) => (seen.method === 'GET' ? plainAnswer : undefined),
  })
  // Answers as soon as it has the head, without waiting for the body.
  const early = createServer((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno'))
    socket.on('error', () => {})
    socket.resume()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => early.once('listening', resolve))
  t.teardown(() => void early.close())
  const { port } = Object(early.address())
  const second = await startTestProgram(t, { liveUrl: `http://127.0.0.1:${port}` })
  const auth = await writer(second)
  const head = request('POST /v1/upload', [host, auth, 'Content-Length: 200000'])
  const socket = await open(second, head + 'x'.repeat(100_000))
  let received = ''
  socket.on('data', (data) => {
    received += data.toString('latin1')
  })
  t.ok(await until(async () => received.includes('401')))
  socket.write('x'.repeat(100_000))
  await pause(50)
  socket.write(request('GET /v1/nothing', [host]))
  t.ok(await until(async () => received.includes('ROUTE_NOT_FOUND')), 'the next request is answered')
  socket.destroy()
  t.equal((await exchange(program.gatewayPort, request('GET /v1/status', [host]))).status, 200)
})

t.test('a key that was shown to another API goes on working at its own', async (t) => {
  const program = await startTestProgram(t)
  const merchant = await program.admin.makeMerchant()
  const key = await program.admin.makeKey(merchant, { api: 'flint', permissions: ['*'] })
  const documents = request('GET /documents', ['Host: api.flint.com', `Authorization: Bearer ${key.secret}`])
  t.equal((await exchange(program.gatewayPort, documents)).status, 200)
  const foreign = request('GET /v1/transactions/1', [host, `X-Api-Key: ${key.secret}`])
  t.equal(codeOf(await exchange(program.gatewayPort, foreign)), 'INVALID_API_KEY')
  t.equal((await exchange(program.gatewayPort, documents)).status, 200)
})
