// An upstream that answers an upload before it has read it, and closes: its answer is there, though nothing more can be sent.

import { once } from 'node:events'
import { createServer } from 'node:net'
import { Readable } from 'node:stream'
import { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { openPool, until } from './asked.ts'

t.setTimeout(60_000)

const refusal = 'HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 9\r\n\r\ntoo large'

/** In a thread of its own, as it must not wait for us: answers at once or after the first bytes, reads no more, closes. */
const refusing = `
const { parentPort, workerData: { answer, atOnce } } = require('node:worker_threads')
const { createServer } = require('node:net')
const refuse = (socket) => socket.pause().write(answer, () => socket.destroy())
const server = createServer({ pauseOnConnect: atOnce }, (socket) => {
  socket.on('error', () => {})
  if (atOnce) refuse(socket)
  else socket.once('data', () => refuse(socket))
}).listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
`

async function startRefusing(t: Test, atOnce: boolean): Promise<number> {
  const worker = new Worker(refusing, { eval: true, workerData: { answer: refusal, atOnce } })
  t.teardown(() => worker.terminate())
  const [port] = await once(worker, 'message')
  return port
}

const uploadBytes = 48 * 64 * 1024

/** 3 MB of which the first piece is there, and the others come one by one, as a client sends them. */
function upload(): Readable {
  const body = new Readable({ read() {} })
  let left = 48
  const push = () => {
    body.push(Buffer.alloc(64 * 1024, 'a'))
    left--
    if (left > 0) setImmediate(push)
    else body.push(null)
  }
  push()
  return body
}

for (const atOnce of [true, false]) {
  const when = atOnce ? 'as soon as it has the connection' : 'after the first bytes'
  t.test(`who refuses uploads ${when}, and closes, is heard`, async (t) => {
    const pool = openPool(t, await startRefusing(t, atOnce))
    const answers = new Map<string, number>()
    for (let i = 0; i < 40; i++) {
      const answer = await pool
        .ask({ method: 'POST', body: upload(), contentLength: uploadBytes, reuse: 'bodiless' })
        .ended()
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
    }
    // One that was reset before its answer could be read is beyond anybody's reach.
    t.ok((answers.get('413 too large') ?? 0) >= 38, JSON.stringify([...answers]))
  })
}

t.test(
  'a refusal that is still coming ends the sending of the body, which is taken to its end',
  async (t) => {
    let received = 0
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.write(refusal.slice(0, -4)))
      socket.on('data', ({ length }) => (received += length))
      t.teardown(() => socket.destroy())
      finish = () => socket.end(refusal.slice(-4))
    }).listen(0, '127.0.0.1')
    let finish = () => {}
    await once(server, 'listening')
    t.teardown(() => void server.close())
    const body = new Readable({ read() {} })
    const asked = openPool(t, Object(server.address()).port).ask({
      method: 'POST',
      body,
      contentLength: 64_000,
    })
    body.push(Buffer.alloc(1_000))
    await until(() => asked.head !== undefined)
    const before = received
    for (let i = 0; i < 63; i++) body.push(Buffer.alloc(1_000))
    body.push(null)
    await once(body, 'end')
    t.equal(asked.ends, 0)
    finish()
    t.equal(await asked.ended(), '413 too large')
    t.equal(received, before, 'nothing more was sent')
  },
)

t.test('an answer that is no refusal leaves the body to flow', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    let received = 0
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'))
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1').replace(/[^z]/g, '').length
      if (received === 100_000) socket.end('all of it')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const body = new Readable({ read() {} })
  const asked = openPool(t, Object(server.address()).port).ask({ method: 'POST', body })
  body.push(Buffer.alloc(1, 'z'))
  await until(() => asked.head !== undefined)
  for (let i = 0; i < 9; i++) body.push(Buffer.alloc(11_111, 'z'))
  body.push(null)
  t.equal(await asked.ended(), '200 all of it')
})

/** Begins an answer whose length is not told; told to, resets, while the test's own thread stands still. */
const resetting = `
const { parentPort, workerData: { flag } } = require('node:worker_threads')
const { createServer } = require('node:net')
let last
const server = createServer((socket) => {
  last = socket
  socket.on('error', () => {})
  socket.once('data', () => socket.write('HTTP/1.1 200 OK\\r\\n\\r\\nand so'))
}).listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
parentPort.on('message', () => {
  last.resetAndDestroy()
  setTimeout(() => {
    Atomics.store(flag, 0, 1)
    Atomics.notify(flag, 0)
  }, 20)
})
`

t.test('an answer without a length is not whole when writing shows that it was reset', async (t) => {
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(resetting, { eval: true, workerData: { flag } })
  t.teardown(() => worker.terminate())
  const [port] = await once(worker, 'message')
  const body = new Readable({ read() {} })
  body.push('a')
  const asked = openPool(t, port).ask({ method: 'POST', body })
  await until(() => asked.body === 'and so')
  worker.postMessage('reset')
  Atomics.wait(flag, 0, 0)
  // Written before the socket is read: what is told of the reset is told here.
  body.push('b')
  t.equal(await asked.ended(), 'Error')
  t.match(asked.failure, { code: 'ECONNRESET' })
})
