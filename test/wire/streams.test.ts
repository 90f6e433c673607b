// Streams are neither buffered nor cut, and neither side is read ahead of the other by more than some buffers.

import { once } from 'node:events'
import { get as httpGet, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startHttpUpstream } from '../support/http-upstream.ts'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { createWaiting } from '../support/waiting.ts'
import { request } from '../support/wire.ts'

t.setTimeout(300_000)

const mebibyte = 1024 * 1024
/** Buffers of two connections in the kernel and of the streams between them; far from the whole. */
const readAheadBytes = 24 * mebibyte
const wholeBytes = 128 * mebibyte
const block = Buffer.alloc(64 * 1024, 'x')

/** Waits until a figure has stopped to grow; gives it. */
async function settled(figure: () => number): Promise<number> {
  let last = -1
  for (let calm = 0; calm < 10; calm++) {
    await sleep(50)
    if (figure() !== last) calm = 0
    last = figure()
  }
  return last
}

t.test('events and long polls', async (t) => {
  const streams = createWaiting<ServerResponse>()
  const liveUrl = await startHttpUpstream(t, (_, response) => streams.add(response))
  const program = await startKeyedProgram(t, { liveUrl, gateway: ', limits: { idle_timeout: 5s }' })
  const open = (): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = { host: 'api.flintn.com', 'x-api-key': program.key.secret, accept: 'text/event-stream' }
      httpGet(
        { port: program.gatewayPort, path: '/v1/transactions/events', headers, agent: false },
        resolve,
      ).once('error', reject)
    })

  await t.test('each event arrives before the next is sent', async (t) => {
    const opening = open()
    const stream = await streams.next()
    stream.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
    const answer = (await opening).setEncoding('utf8')
    t.equal(answer.headers['content-type'], 'text/event-stream', 'the head arrives before any event')
    for (const event of ['data: 1\n\n', ': still here\n\n', 'data: 2\n\n']) {
      stream.write(event)
      const [seen]: unknown[] = await once(answer, 'data')
      t.equal(seen, event)
    }
    stream.end()
    await once(answer, 'end')
    t.ok(answer.complete)
  })

  await t.test(
    'a silence shorter than idle_timeout ends nothing, before the head or behind it',
    async (t) => {
      const opening = open()
      const stream = await streams.next()
      await sleep(1_000)
      stream.writeHead(200).flushHeaders()
      const answer = (await opening).setEncoding('utf8')
      await sleep(1_000)
      stream.end('late')
      const [seen]: unknown[] = await once(answer, 'data')
      t.equal(seen, 'late')
    },
  )
})

t.test('how long an answer may pause', async (t) => {
  const streams = createWaiting<ServerResponse>()
  const liveUrl = await startHttpUpstream(t, (_, response) => streams.add(response))
  const idleMs = 2_000
  const gateway = `, limits: { idle_timeout: ${idleMs}ms }`
  const program = await startKeyedProgram(t, { liveUrl, gateway })
  /** Asks; tells how many bytes came until the connection closed, and the first of them. */
  const ask = () => {
    const client = connect(program.gatewayPort, '127.0.0.1')
    client.write(request('GET /v1/transactions/1', [host, program.auth, 'Connection: close']))
    let received = 0
    let begin = ''
    client.on('data', (chunk: Buffer) => {
      received += chunk.length
      begin = (begin + chunk.toString('latin1', 0, 1_000)).slice(0, 1_000)
    })
    return { client, received: once(client, 'close').then(() => received), begin: () => begin }
  }

  await t.test('one that pauses for longer is cut, on both sides', async (t) => {
    const { received, begin } = ask()
    const stream = await streams.next()
    const gone = once(stream, 'close')
    stream.writeHead(200, { 'Content-Length': 10 }).write('abc')
    await received
    t.match(begin(), /^HTTP\/1\.1 200 [^]*\r\n\r\nabc$/)
    await gone
  })

  await t.test('each of its pieces has that time anew', async (t) => {
    const { received } = ask()
    const stream = await streams.next()
    stream.writeHead(200, { 'Content-Length': 4_000 })
    for (let i = 0; i < 4; i++) {
      await sleep(idleMs / 2)
      stream.write(Buffer.alloc(1_000, 'x'))
    }
    stream.end()
    t.ok((await received) > 4_000, 'longer than that in all, and whole')
  })

  await t.test('a client that reads nothing for so long is cut, and the upstream too', async (t) => {
    const { client, received } = ask()
    const stream = await streams.next()
    const gone = once(stream, 'close')
    client.pause()
    stream.writeHead(200, { 'Content-Length': wholeBytes })
    stream.write(Buffer.alloc(wholeBytes - 1, 'x'))
    await gone
    t.notOk(stream.writableFinished)
    client.resume()
    t.ok((await received) < readAheadBytes, 'what was on its way')
  })
})

t.test('a client that does not read: the upstream is not read ahead, and nothing is lost', async (t) => {
  const sockets = createWaiting<Socket>()
  const liveUrl = await startHttpUpstream(t, (incoming, response) => {
    sockets.add(incoming.socket)
    response.writeHead(200, { 'Content-Length': wholeBytes })
    let left = wholeBytes
    const pump = () => {
      while (left > 0) {
        left -= block.length
        if (!response.write(block)) return
      }
      response.end()
    }
    response.on('drain', pump)
    pump()
  })
  const program = await startKeyedProgram(t, { liveUrl })
  const client = connect(program.gatewayPort, '127.0.0.1')
  client.write(request('GET /v1/transactions/1', [host, program.auth, 'Connection: close']))
  const [first]: Buffer[] = await once(client, 'data')
  client.pause()
  const upstream = await sockets.next()
  const sent = await settled(() => upstream.bytesWritten)
  t.ok(sent < readAheadBytes, `${sent} bytes were taken from the upstream`)
  let received = first?.length ?? 0
  client.on('data', (chunk: Buffer) => (received += chunk.length)).resume()
  await once(client, 'close')
  t.ok(received > wholeBytes && received < wholeBytes + 1_000, 'the whole body and a head')
})

t.test('an upstream that does not read: the client is not read ahead, and nothing is lost', async (t) => {
  const uploads = createWaiting<IncomingMessage>()
  const liveUrl = await startHttpUpstream(t, (incoming, response) => {
    let received = 0
    incoming.once('end', () => response.end(String(received)))
    incoming.on('data', (chunk: Buffer) => (received += chunk.length)).pause()
    uploads.add(incoming)
  })
  const program = await startKeyedProgram(t, { liveUrl })
  const client = connect(program.gatewayPort, '127.0.0.1')
  client.write(request('POST /v1/upload', [host, program.auth, `Content-Length: ${wholeBytes}`]))
  let left = wholeBytes
  const pump = () => {
    while (left > 0) {
      left -= block.length
      if (!client.write(block)) return
    }
  }
  client.on('drain', pump)
  pump()
  const upload = await uploads.next()
  const taken = await settled(() => client.bytesWritten - client.writableLength)
  t.ok(taken < readAheadBytes, `${taken} bytes were taken from the client`)
  upload.resume()
  const [answer]: Buffer[] = await once(client, 'data')
  t.match(String(answer), String(wholeBytes))
  client.destroy()
})
