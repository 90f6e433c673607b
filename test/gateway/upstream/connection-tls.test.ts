// What is other on connections over TLS: records come when nothing is to be read, and errors that leave the socket open.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { createServer } from 'node:tls'
import t, { type Test } from 'tap'
import { tlsFile } from '../../support/tls.ts'
import { Asked, openPool, until } from './asked.ts'
import { startRaw } from './raw-upstream.ts'

const ok = 'HTTP/1.1 200 OK\r\n'

/** An upstream over TLS that answers as many bytes as the path says, or two of five; between it and us, bytes can be put in. */
async function startSecure(
  t: Test,
): Promise<{ port: number; putIn(bytes: Buffer): void; connections(): number }> {
  const identity = { cert: readFileSync(tlsFile('server.pem')), key: readFileSync(tlsFile('server.key')) }
  const secure = createServer(identity, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      const [, path] = chunk.toString('latin1').split(' ')
      const length = Number(path?.slice(1))
      const isWhole = Number.isInteger(length)
      socket.write(`${ok}Content-Length: ${isWhole ? length : 5}\r\n\r\n${'x'.repeat(isWhole ? length : 2)}`)
    })
  }).listen(0, '127.0.0.1')
  await once(secure, 'listening')
  t.teardown(() => void secure.close())
  let putIn: (bytes: Buffer) => void = () => {}
  let connections = 0
  const port = await startRaw(t, (near) => {
    connections++
    const far = connect(Object(secure.address()).port, '127.0.0.1')
    far.on('error', () => {}).on('data', (chunk) => void near.write(chunk))
    near.on('data', (chunk) => void far.write(chunk)).on('close', () => far.destroy())
    putIn = (bytes) => void near.write(bytes)
  })
  return { port, putIn: (bytes) => putIn(bytes), connections: () => connections }
}

t.test(
  'over TLS, a connection whose answer ended while nothing was to be read is not used again',
  async (t) => {
    const { port } = await startSecure(t)
    const pool = openPool(t, port, { most: 1, isSecure: true })
    const slow = pool.ask({ target: '/40000', isKeepingUp: false })
    const goOn = setInterval(() => slow.connection?.resume(), 100)
    t.teardown(() => clearInterval(goOn))
    t.equal(await slow.ended(), `200 ${'x'.repeat(40_000)}`)
    clearInterval(goOn)
    for (let i = 0; i < 3; i++) t.equal(await pool.ask({ method: 'POST', target: '/2' }).ended(), '200 xx')
  },
)

t.test('who cannot keep up is asked once, and asked again when it has read', async (t) => {
  const { port } = await startSecure(t)
  let pauses = 0
  const asked = new (class extends Asked {
    override onPause(): boolean {
      pauses++
      return false
    }
  })({ target: '/1000000' })
  openPool(t, port, { isSecure: true }).send(asked)
  await until(() => pauses === 1)
  await new Promise((resolve) => setTimeout(resolve, 100))
  t.equal(pauses, 1)
  asked.connection?.resume()
  await until(() => pauses === 2)
  asked.connection?.abort(asked)
})

t.test(
  'over TLS, a broken record ends the connection: while it is idle, and in the middle of an answer',
  async (t) => {
    const upstream = await startSecure(t)
    const pool = openPool(t, upstream.port, { most: 1, isSecure: true })
    t.equal(await pool.ask({ target: '/2' }).ended(), '200 xx')
    upstream.putIn(Buffer.alloc(300, 0x67))
    await new Promise((resolve) => setTimeout(resolve, 100))
    t.equal(await pool.ask({ method: 'POST', target: '/2' }).ended(), '200 xx')
    t.equal(upstream.connections(), 2)
    const waiting = pool.ask({ target: '/two-of-five' })
    await until(() => waiting.head !== undefined)
    upstream.putIn(Buffer.alloc(300, 0x67))
    await waiting.ended()
    t.match(waiting.failure, { code: /SSL|EPROTO/ })
  },
)
