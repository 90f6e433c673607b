// One connection to an upstream: whose answer is whose, what of it is kept, and what is told of a
// connection that is lost.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { plainAnswer, startUpstream } from '../../support/upstream.ts'
import { Asked, openPool, until } from './asked.ts'
import { startRaw } from './raw-upstream.ts'

const ok = 'HTTP/1.1 200 OK\r\n'
const plain = '200 {"ok":true}'

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

t.test("what comes on an idle connection is nobody's answer", async (t) => {
  let socket: Socket | undefined
  const upstream = await startUpstream((_, its) => {
    socket = its
    return plainAnswer
  })
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port)
  await pool.ask().ended()
  socket?.write(`${ok}Content-Length: 6\r\n\r\nstolen`)
  await until(() => upstream.open() === 0)
  t.equal(await pool.ask().ended(), plain)
})

/** Answers each request plainly; told to, writes one answer more, while the test's own thread stands still. */
const intruder = `
const { parentPort, workerData } = require('node:worker_threads')
const { createServer } = require('node:net')
let last
const server = createServer((socket) => {
  last = socket
  socket.on('error', () => {})
  socket.on('data', () => socket.write(workerData.answer))
}).listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
parentPort.on('message', () => last.write(workerData.intrusion, () => {
  Atomics.store(workerData.flag, 0, 1)
  Atomics.notify(workerData.flag, 0)
}))
`

t.test('nor is what came before a request was sent, and has not been read', async (t) => {
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(intruder, {
    eval: true,
    workerData: { flag, answer: plainAnswer, intrusion: `${ok}Content-Length: 6\r\n\r\nstolen` },
  })
  t.teardown(() => worker.terminate())
  const [port] = await once(worker, 'message')
  const pool = openPool(t, port)
  t.equal(await pool.ask().ended(), plain)
  worker.postMessage('write')
  Atomics.wait(flag, 0, 0)
  // The intruder's bytes are here; this thread has not looked yet.
  const asked = [pool.ask(), pool.ask({ method: 'POST' })]
  for (const it of asked) t.equal(await it.ended(), plain)
})

t.test('nor is what comes before the first bytes of a request', async (t) => {
  const port = await startRaw(t, (socket) => {
    setTimeout(() => socket.write('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n'), 50)
  })
  const body = new Readable({ read() {} })
  const asked = openPool(t, port).ask({ method: 'POST', body })
  t.equal(await asked.ended(), 'UpstreamClosed')
  t.equal(asked.head, undefined)
})

t.test('a lost connection tells whether it was stale', async (t) => {
  const endings: Readonly<Record<string, (socket: Socket) => void>> = {
    '/closed': (socket) => void socket.end(),
    '/reset': (socket) => void socket.resetAndDestroy(),
    '/begun': (socket) => void socket.end('HTTP/1.1'),
    '/interim': (socket) => void socket.end('HTTP/1.1 103 Early Hints\r\n\r\n'),
  }
  const upstream = await startUpstream(({ target }, socket) => {
    const end = endings[target]
    if (end === undefined) return plainAnswer
    end(socket)
    return undefined
  })
  t.teardown(() => upstream.close())
  for (const [target, whenUsed] of [
    ['/closed', true],
    ['/reset', true],
    ['/begun', false],
    ['/interim', false],
  ] as const) {
    const fresh = openPool(t, upstream.port).ask({ target })
    await fresh.ended()
    t.equal(fresh.wasStale, false, `${target}, as the first of its connection`)
    const pool = openPool(t, upstream.port)
    await pool.ask().ended()
    const used = pool.ask({ target })
    await used.ended()
    t.equal(used.wasStale, whenUsed, `${target}, after an answer`)
    t.equal(used.ends, 1)
  }
})

t.test('an exchange that is over cannot end the next one', async (t) => {
  const held: Socket[] = []
  const upstream = await startUpstream(({ target }, socket) =>
    target === '/held' ? void held.push(socket) : plainAnswer,
  )
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port)
  const first = pool.ask()
  await first.ended()
  const second = pool.ask({ target: '/held' })
  await until(() => held.length > 0)
  t.equal(second.connection, first.connection)
  first.connection?.abort(first)
  held[0]?.write(plainAnswer)
  t.equal(await second.ended(), plain)
})

t.test('who ends it in the middle of what was read is told nothing more', async (t) => {
  const upstream = await startUpstream(
    () => `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n2\r\nok\r\n0\r\n\r\n`,
  )
  t.teardown(() => upstream.close())
  const asked = new (class extends Asked {
    override onBody(buffer: Buffer, start: number, end: number): void {
      super.onBody(buffer, start, end)
      this.connection?.abort(this)
    }
  })({})
  const pool = openPool(t, upstream.port)
  pool.send(asked)
  await until(() => asked.pieces.length > 0)
  await until(() => upstream.open() === 0)
  t.equal(asked.body, 'ok')
  t.equal(asked.ends, 0)
})

t.test('the time that a connection may be idle is not that of an exchange', async (t) => {
  const answer = `${ok}Keep-Alive: timeout=3\r\nContent-Length: 2\r\n\r\nok`
  const upstream = await startUpstream(({ target }, socket) => {
    if (target === '/slow') setTimeout(() => socket.write(answer), 1_500)
    else return answer
    return undefined
  })
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port)
  await pool.ask().ended()
  t.equal(await pool.ask({ target: '/slow' }).ended(), '200 ok')
  t.equal(upstream.connections(), 1)
})

t.test('a connection keeps nothing of an exchange that is over', async (t) => {
  const upstream = await startUpstream()
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port)
  const answered = async (): Promise<WeakRef<object>[]> => {
    const asked = pool.ask()
    await asked.ended()
    return [asked, asked.request, asked.head ?? {}].map((it) => new WeakRef(it))
  }
  const kept = await answered()
  // What a WeakRef was asked for lives to the end of the turn.
  await new Promise((resolve) => setTimeout(resolve, 20))
  collectGarbage()
  t.same(
    kept.map((it) => it.deref()),
    [undefined, undefined, undefined],
  )
  t.equal(upstream.open(), 1)
})

t.test('pieces that may be kept stay as they came', async (t) => {
  const bytes = Buffer.alloc(8 * 1024 * 1024)
  for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32LE((i * 2_654_435_761) >>> 0, i)
  const head = Buffer.from(`${ok}Content-Length: ${bytes.length}\r\n\r\n`)
  const port = await startRaw(t, (socket) => {
    socket.on('data', () => socket.write(Buffer.concat([head, bytes])))
  })
  const pool = openPool(t, port, { most: 1 })
  for (let i = 0; i < 3; i++) {
    const asked = pool.ask()
    await asked.ended()
    const digest = (of: Buffer) => createHash('sha256').update(of).digest('hex')
    t.equal(digest(Buffer.concat(asked.pieces)), digest(bytes))
  }
})

t.test('nothing is read for who does not keep up', async (t) => {
  let written = 0
  const port = await startRaw(t, (socket) => {
    socket.on('data', () => {
      socket.write(`${ok}\r\n`)
      const piece = Buffer.alloc(1024 * 1024)
      const write = () => {
        while (socket.write(piece)) written += piece.length
        written += piece.length
      }
      socket.on('drain', write)
      write()
    })
  })
  const asked = openPool(t, port).ask({ isKeepingUp: false })
  await until(() => asked.head !== undefined)
  const readSoFar = () => asked.pieces.reduce((sum, { length }) => sum + length, 0)
  const first = readSoFar()
  await new Promise((resolve) => setTimeout(resolve, 200))
  t.equal(readSoFar(), first, 'not a byte')
  asked.connection?.resume()
  await until(() => readSoFar() > first)
  const second = readSoFar()
  await new Promise((resolve) => setTimeout(resolve, 100))
  t.equal(readSoFar(), second)
  t.ok(second - first <= 64 * 1024, 'one read at a time')
  asked.connection?.abort(asked)
  t.equal(asked.ends, 0, 'who ends it is not told')
})
