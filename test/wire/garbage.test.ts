// Bytes that are no HTTP: answered once, in their turn; what follows is read and dropped, in bounds, so that the answer is
// not taken back by a reset (RFC 9112 §9.6).

import { subscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'
import t from 'tap'
import { startTestProgram } from '../support/program.ts'
import { type Answer, plainAnswer } from '../support/upstream.ts'
import { request } from '../support/wire.ts'
import { gauge, host, open, pause, until, writer } from './hostile-client.ts'

t.setTimeout(120_000)

/** This process's own ends of connections, by the port of the other end. */
const accepted = new Map<number | undefined, Socket>()
subscribe('net.server.socket', (message) => {
  const socket: unknown = Object(message).socket
  if (socket instanceof Socket) accepted.set(socket.remotePort, socket)
})

/** The upstream's answer, that many milliseconds late. */
function answerAfter(milliseconds: number): Answer {
  return (_seen, socket) => {
    setTimeout(() => socket.write(plainAnswer), milliseconds)
    return undefined
  }
}

t.test('garbage behind a pending request is one error, told once', async (t) => {
  const program = await startTestProgram(t, { answer: answerAfter(400) })
  const socket = await open(program, request('GET /v1/status', [host]))
  let received = ''
  socket.on('data', (data) => {
    received += data.toString('latin1')
  })
  for (let i = 0; i < 10; i++) {
    await pause(20)
    socket.write('garbage\r\n')
  }
  t.ok(await until(async () => received.includes('BAD_REQUEST')))
  t.match(received, /^HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 400 /)
  t.equal(program.log.filter((line) => line['code'] === 'BAD_REQUEST').length, 1)
  socket.destroy()
})

t.test('who goes on sending after garbage and reads late gets the answers', async (t) => {
  const program = await startTestProgram(t, { answer: answerAfter(100) })
  const socket = await open(program, request('GET /v1/status', [host]))
  socket.allowHalfOpen = true
  const ours = accepted.get(socket.localPort)
  const closed = new Promise((resolve) => ours?.once('close', resolve))
  const errors: string[] = []
  socket.on('error', (error) => errors.push(error.message))
  let received = ''
  socket.on('data', (data) => {
    received += data.toString('latin1')
  })
  socket.pause()
  for (let i = 0; i < 20; i++) {
    await pause(20)
    socket.write('garbage\r\n')
  }
  socket.resume()
  t.ok(await until(async () => received.includes('BAD_REQUEST')))
  t.match(received, /^HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 400 /)
  t.same(errors, [], 'nothing that was sent has met a closed door')
  socket.write(Buffer.alloc(100_000, 'garbage\r\n'))
  socket.end()
  await closed
  t.equal(ours?.bytesRead, socket.bytesWritten, 'all of it is read, and the end seen')
  t.equal(program.log.filter((line) => line['code'] === 'BAD_REQUEST').length, 1)
})

t.test('after garbage all that comes is read, and who then falls silent is cut', async (t) => {
  const program = await startTestProgram(t)
  const loud = await open(program, 'garbage\r\n\r\n')
  loud.allowHalfOpen = true
  loud.resume()
  const ours = accepted.get(loud.localPort)
  await new Promise((resolve) => loud.once('end', resolve))
  const block = Buffer.alloc(4 * 1024 * 1024, 'garbage\r\n')
  await new Promise((resolve) => loud.write(block, resolve))
  t.notOk(ours?.destroyed)
  await new Promise((resolve) => ours?.once('close', resolve))
  t.equal(ours?.bytesRead, loud.bytesWritten)
  t.equal(program.log.filter((line) => line['code'] === 'BAD_REQUEST').length, 1)
  loud.destroy()
})

t.test('a body that breaks off ends its exchange before the connection', async (t) => {
  const program = await startTestProgram(t, { answer: () => undefined })
  const lines = ['POST /v1/upload', [host, await writer(program), 'Transfer-Encoding: chunked']] as const
  const socket = await open(program, request(...lines, '5\r\nhello\r\n'))
  socket.allowHalfOpen = true
  socket.resume()
  t.ok(await until(async () => (await gauge(program, 'latchkey_upstream_in_flight')) === 1))
  const ours = accepted.get(socket.localPort)
  socket.write('no size\r\n')
  const ends = () => program.log.filter(({ msg }) => msg === 'request')
  t.ok(await until(async () => ends().length > 0))
  t.notOk(ours?.destroyed, 'the client may still read why')
  t.equal(await gauge(program, 'latchkey_upstream_in_flight'), 0)
  socket.destroy()
  await new Promise((resolve) => ours?.once('close', resolve))
  t.match(ends(), [{ status: 400, code: 'BAD_REQUEST', route: 'POST /v1/upload', cut: 'client' }])
  t.equal(ends().length, 1)
})
