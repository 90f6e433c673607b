// Bodies that come slowly, in crumbs, or never: they keep nobody else waiting.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startHttpUpstream } from '../support/http-upstream.ts'
import { host, type KeyedProgram, startKeyedProgram } from '../support/keyed-program.ts'
import { plainAnswer } from '../support/upstream.ts'
import { codeOf, parseResponse, type RawResponse, request } from '../support/wire.ts'

t.setTimeout(120_000)

const chunked = 'Transfer-Encoding: chunked'

/** A client by hand: what it has received, and its answer once its connection closes. */
function open(port: number, localAddress = '127.0.0.1') {
  const socket: Socket = connect({ port, host: '127.0.0.1', localAddress })
  let received = ''
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
  socket.on('error', () => {})
  return {
    socket,
    received: () => received,
    closed: once(socket, 'close').then((): RawResponse => parseResponse(received)),
  }
}

/** Writes a piece each so many milliseconds until the connection closes. */
function trickle(socket: Socket, piece: string, everyMs: number): void {
  const timer = setInterval(() => socket.write(piece), everyMs)
  socket.once('close', () => clearInterval(timer))
}

t.test('strangers whose bodies never come, from many addresses', async (t) => {
  const program = await startKeyedProgram(t, { upstream: ', connections: 8', answer: () => plainAnswer })
  // Only there is every address of the loopback network this machine's.
  const isAnyAddress = process.platform === 'linux'
  const strangers = Array.from({ length: 60 }, (_, i) => {
    const stranger = open(program.gatewayPort, isAnyAddress ? `127.0.1.${i + 1}` : undefined)
    stranger.socket.write(request('GET /v1/status', [host, chunked], '1\r\nx\r\n'))
    trickle(stranger.socket, '1\r\nx\r\n', 1_000)
    return stranger
  })
  await sleep(500)
  t.ok(program.live.connections() <= 4, 'they hold half of the connections at most')
  let served = 0
  const isOver = Promise.all(strangers.map(({ closed }) => closed))
  let isWaiting = true
  void isOver.then(() => (isWaiting = false))
  while (isWaiting) {
    const kinds = [
      program.send('GET /v1/transactions/1'),
      program.send('POST /v1/upload', ['Content-Length: 3'], 'a=b'),
      program.send('POST /v1/upload', [chunked], '3\r\na=b\r\n0\r\n\r\n'),
    ]
    for (const answer of await Promise.all(kinds)) {
      served++
      if (answer.status !== 200) t.fail(`answered ${answer.status} ${answer.body}`)
    }
    await sleep(100)
  }
  t.ok(served > 50, `${served} of a customer's requests were served meanwhile`)
  const answers = await isOver
  t.same([...new Set(answers.map(codeOf))], ['REQUEST_TIMEOUT'], 'each is told')
  const reasons = new Set(program.log.map((line) => line['reason']))
  t.ok(reasons.has('body_too_slow'))
})

t.test('how slow a body may be', async (t) => {
  const liveUrl = await startHttpUpstream(t, (incoming, response) => {
    let received = 0
    incoming.on('data', (chunk: Buffer) => (received += chunk.length))
    incoming.on('end', () => response.end(String(received)))
  })
  const program = await startKeyedProgram(t, { liveUrl, gateway: ', limits: { body_rate: 1000 }' })
  const upload = (bytesASecond: number, seconds: number) => {
    const client = open(program.gatewayPort)
    const length = bytesASecond * seconds
    const fields = [host, program.auth, `Content-Length: ${length}`, 'Connection: close']
    client.socket.write(request('POST /v1/upload', fields))
    trickle(client.socket, 'x'.repeat(bytesASecond / 10), 100)
    return client.closed
  }
  const [quick, slow] = await Promise.all([upload(4_000, 13), upload(100, 60)])
  t.equal(quick.status, 200, 'one that keeps to the rate comes to its end, however long it takes')
  t.match(quick.body, /52000/)
  t.equal(slow.status, 408)
  t.equal(codeOf(slow), 'REQUEST_TIMEOUT')
  t.ok(program.log.some((line) => line['reason'] === 'body_too_slow'))
})

t.test('who waits for a connection is told after queue_timeout', async (t) => {
  const program = await startKeyedProgram(t, {
    upstream: ', connections: 1, queue_timeout: 300ms',
    answer: ({ target }) => (target.endsWith('/held') ? undefined : plainAnswer),
  })
  const held = open(program.gatewayPort)
  held.socket.write(request('GET /v1/transactions/held', [host, program.auth]))
  while (program.live.requests.length === 0) await sleep(5)
  const waited = await program.send('GET /v1/transactions/1')
  t.equal(waited.status, 503)
  t.equal(codeOf(waited), 'UPSTREAM_UNAVAILABLE')
  t.match(
    program.log.findLast(({ msg }) => msg !== 'Indexes built'),
    { reason: 'queue_timeout' },
  )
  held.socket.destroy()
  await held.closed
  t.equal((await program.send('GET /v1/transactions/1')).status, 200)
})

t.test('a body in crumbs: others are served between them, and it arrives in a few pieces', async (t) => {
  let writes = 0
  let received = 0
  const liveUrl = await startHttpUpstream(t, (incoming, response) => {
    if (incoming.method === 'GET') return response.end('ok')
    incoming.on('data', (chunk: Buffer) => {
      writes++
      received += chunk.length
    })
    return incoming.on('end', () => response.end('all of it'))
  })
  const program = await startKeyedProgram(t, { liveUrl })
  const crumbs = 200_000
  const client = open(program.gatewayPort)
  client.socket.write(request('POST /v1/upload', [host, program.auth, chunked, 'Connection: close']))
  client.socket.write(`${'1\r\nx\r\n'.repeat(crumbs)}0\r\n\r\n`)
  let isUploading = true
  void client.closed.then(() => (isUploading = false))
  let served = 0
  while (isUploading) {
    t.equal((await program.send('GET /v1/transactions/1')).status, 200)
    served++
  }
  const answer = await client.closed
  t.equal(answer.status, 200)
  t.equal(received, crumbs)
  t.ok(writes < crumbs / 100, `${writes} pieces reached the upstream`)
  t.ok(served >= 10, `${served} others were served meanwhile`)
})

/** Takes one of the upstream's connections until it is let go. */
async function hold(program: KeyedProgram): Promise<() => void> {
  const held = open(program.gatewayPort)
  held.socket.write(request('GET /v1/transactions/held', [host, program.auth]))
  while (!program.live.requests.some(({ target }) => target.endsWith('/held'))) await sleep(5)
  return () => held.socket.destroy()
}

const allButHeld = ({ target }: { target: string }) => (target.endsWith('/held') ? undefined : plainAnswer)

t.test('a body in crumbs that waits for a connection is read as quickly as one that has it', async (t) => {
  const program = await startKeyedProgram(t, { upstream: ', connections: 2', answer: allButHeld })
  const letGo = await hold(program)
  t.teardown(letGo)
  const client = open(program.gatewayPort)
  client.socket.write(request('POST /v1/upload', [host, program.auth, chunked, 'Connection: close']))
  // By a crumb or two a rest it would take minutes.
  client.socket.write(`${'1\r\nx\r\n'.repeat(6_000)}0\r\n\r\n`)
  const answer = await Promise.race([client.closed, sleep(30_000, undefined, { ref: false })])
  t.equal(answer?.status, 200)
  t.equal(program.last()?.body.length, 6_000)
})

t.test('a body refused in its midst does not stand before the next request', async (t) => {
  const program = await startKeyedProgram(t, {
    upstream: ', connections: 1, queue_timeout: 300ms',
    answer: allButHeld,
  })
  const letGo = await hold(program)
  const client = open(program.gatewayPort)
  const has = async (text: string) => {
    for (let i = 0; i < 500 && !client.received().includes(text); i++) await sleep(10)
    return client.received().includes(text)
  }
  client.socket.write(request('POST /v1/upload', [host, program.auth, 'Content-Length: 60000']))
  client.socket.write('x'.repeat(17_000))
  t.ok(await has(' 503 '), 'it waited, read no further')
  letGo()
  client.socket.write('x'.repeat(20_000))
  await sleep(100)
  client.socket.write('x'.repeat(23_000))
  client.socket.write(request('GET /v1/transactions/1', [host, program.auth]))
  t.ok(await has(' 200 '), 'the rest of it was read, and the next request too')
  client.socket.destroy()
  await client.closed.catch(() => undefined)
})

t.test('a process that stood still does not hold it against a body that came meanwhile', async (t) => {
  const program = await startKeyedProgram(t, { gateway: ', limits: { idle_timeout: 500ms }' })
  const client = open(program.gatewayPort)
  client.socket.write(request('POST /v1/upload', [host, program.auth, chunked, 'Connection: close']))
  await sleep(100)
  await new Promise<void>((resolve) => {
    // Right before the loop looks at its timers.
    setImmediate(() => {
      client.socket.write('3\r\na=b\r\n')
      const end = performance.now() + 800
      while (performance.now() < end);
      resolve()
    })
  })
  await sleep(200)
  client.socket.write('0\r\n\r\n')
  const answer = await client.closed
  t.equal(answer.status, 200)
  t.equal(program.last()?.body, 'a=b')
})
