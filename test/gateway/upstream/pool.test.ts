// Connections to an upstream: which are used again, who waits for one, and what becomes of those that wait.

import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createConnect } from '../../../src/gateway/upstream/connect.ts'
import { createPool } from '../../../src/gateway/upstream/pool.ts'
import { plainAnswer, startUpstream } from '../../support/upstream.ts'
import { Asked, limitsOf, openPool, until } from './asked.ts'

const ok = 'HTTP/1.1 200 OK\r\n'
const sized = `${ok}Content-Length: 2\r\n\r\nok`
const plain = '200 {"ok":true}'

t.test('a connection carries one exchange after the other', async (t) => {
  const upstream = await startUpstream()
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port)
  for (let i = 0; i < 5; i++) t.equal(await pool.ask().ended(), plain)
  t.equal(await pool.ask({ method: 'POST', body: Buffer.from('a=b'), contentLength: 3 }).ended(), plain)
  t.equal(upstream.connections(), 1)
})

const doubtful: Readonly<Record<string, readonly [method: string, answer: string, body?: string]>> = {
  'an answer that says so': ['GET', `${ok}Connection: close\r\nContent-Length: 2\r\n\r\nok`],
  'an answer of HTTP/1.0': ['GET', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  'bytes behind the answer': ['GET', `${sized}${sized}`],
  'an empty line behind the answer': ['GET', `${sized}\r\n`],
  'an answer to HEAD': ['HEAD', `${ok}Content-Length: 2\r\n\r\n`],
  'a body where none is expected': ['DELETE', sized, 'a'],
  'no content, of a length': ['GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n'],
  'an upstream that closes soon': ['GET', `${ok}Keep-Alive: timeout=2\r\nContent-Length: 2\r\n\r\nok`],
}

for (const [name, [method, answer, body]] of Object.entries(doubtful)) {
  t.test(`a connection is not used again after ${name}`, async (t) => {
    const upstream = await startUpstream(({ target }) => (target === '/first' ? answer : plainAnswer))
    t.teardown(() => upstream.close())
    const pool = openPool(t, upstream.port, { most: 1 })
    const first = pool.ask({
      method,
      target: '/first',
      ...(body !== undefined && { body: Buffer.from(body), contentLength: body.length }),
    })
    const second = pool.ask()
    t.match(await first.ended(), /^20[04]/)
    t.equal(await second.ended(), plain)
    t.equal(upstream.connections(), 2)
    t.equal(first.ends, 1)
  })
}

t.test('an idle connection is closed before the upstream closes it', async (t) => {
  const upstream = await startUpstream(() => `${ok}Keep-Alive: timeout=3\r\nContent-Length: 2\r\n\r\nok`)
  t.teardown(() => upstream.close())
  await openPool(t, upstream.port).ask().ended()
  t.equal(upstream.open(), 1)
  await until(() => upstream.open() === 0)
})

t.test('no more connections than allowed; who came first is first', async (t) => {
  const held: Socket[] = []
  const upstream = await startUpstream((_, socket) => void held.push(socket))
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port, { most: 2 })
  const asked = Array.from({ length: 6 }, (_, i) => pool.ask({ target: `/${i}` }))
  for (let i = 0; i < asked.length; i++) {
    await until(() => held.length > 0)
    held.shift()?.write(sized)
  }
  await Promise.all(asked.map((it) => it.ended()))
  // The first two leave at once, on a connection each.
  const targets = upstream.requests.map(({ target }) => target)
  t.same(targets.slice(0, 2).sort(), ['/0', '/1'])
  t.same(targets.slice(2), ['/2', '/3', '/4', '/5'])
  t.equal(upstream.connections(), 2)
  const waitedForOne = asked.map(({ opensSince }) => opensSince > 0)
  t.same(waitedForOne, [true, true, false, false, false, false], 'the others waited for a place')
})

t.test('an upstream that closes after each answer serves all who wait', async (t) => {
  const upstream = await startUpstream((_, socket) => void socket.end(`${ok}Connection: close\r\n\r\nok`))
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port, { most: 2 })
  const asked = Array.from({ length: 20 }, () => pool.ask())
  for (const it of asked) t.equal(await it.ended(), '200 ok')
  t.equal(upstream.connections(), 20)
})

t.test('where no connection comes about, nobody goes on waiting', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = Object(server.address())
  await new Promise((resolve) => server.close(resolve))
  const connect = createConnect({ origin: `http://127.0.0.1:${port}`, timeoutMs: 5_000, certificates: {} })
  let attempts = 0
  const pool = createPool(
    (onread, done) => {
      attempts++
      connect(onread, done)
    },
    limitsOf({ most: 2 }),
  )
  const asked = Array.from({ length: 10 }, () => new Asked({}))
  for (const it of asked) pool.send(it)
  for (const it of asked) {
    await it.ended()
    t.match(it.failure, { code: 'ECONNREFUSED' })
    t.equal(it.wasStale, false)
    t.ok(it.opensSince > 0, 'it was the upstream that it waited for')
  }
  t.equal(attempts, 2, 'nor is it tried for each')
  await sleep(20)
  t.ok(asked.every((it) => it.ends === 1))
})

t.test('while a connection is busy for long, others that wait go on trying', async (t) => {
  const upstream = await startUpstream(({ target }) => (target === '/long' ? undefined : sized))
  t.teardown(() => upstream.close())
  let isRefused = true
  const connect = createConnect({ origin: upstream.url, timeoutMs: 5_000, certificates: {} })
  let attempts = 0
  const pool = createPool(
    (onread, done) => {
      attempts++
      if (attempts > 1 && isRefused) process.nextTick(done, new Error('refused'))
      else connect(onread, done)
    },
    limitsOf({ most: 2 }),
  )
  t.teardown(() => pool.close())
  const ask = (target: string) => {
    const asked = new Asked({ target })
    pool.send(asked)
    return asked
  }
  const long = ask('/long')
  await until(() => long.isSent)
  const failed = [ask('/a'), ask('/b'), ask('/c')]
  for (const it of failed) t.equal(await it.ended(), 'Error', 'each is told of an attempt')
  t.equal(attempts, 4)
  isRefused = false
  t.equal(await ask('/d').ended(), '200 ok')
  t.equal(long.ends, 0)
  long.connection?.abort(long)
})

t.test('who is withdrawn is not sent', async (t) => {
  const upstream = await startUpstream()
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port, { most: 1 })
  const [first, second, third] = [pool.ask(), pool.ask({ target: '/withdrawn' }), pool.ask()]
  pool.withdraw(second)
  t.equal(await first.ended(), plain)
  t.equal(await third.ended(), plain)
  t.equal(second.ends, 0)
  t.notOk(upstream.requests.some(({ target }) => target === '/withdrawn'))
})

t.test('a connection that nobody waited for is idle like any other', async (t) => {
  const upstream = await startUpstream((_, socket) => void socket.end())
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port, { most: 1 })
  const spare = async () => {
    const asked = pool.ask()
    // The connection is being made then.
    await new Promise((resolve) => setImmediate(resolve))
    pool.withdraw(asked)
    await until(() => upstream.open() === 1)
  }
  await spare()
  const late = pool.ask()
  await late.ended()
  t.equal(late.wasStale, true, 'the upstream may have closed it meanwhile')
  await until(() => upstream.open() === 0)
  await spare()
  await until(() => upstream.open() === 0)
  t.equal(upstream.connections(), 2)
})

t.test('a connection that comes about after its pool was closed does not stay', async (t) => {
  const upstream = await startUpstream()
  t.teardown(() => upstream.close())
  let open = () => {}
  const connect = createConnect({ origin: upstream.url, timeoutMs: 5_000, certificates: {} })
  let isOpened = false
  const pool = createPool(
    (onread, done) => {
      connect(onread, (error, socket) => {
        open = () => done(error, socket)
        isOpened = true
      })
    },
    limitsOf({ most: 1 }),
  )
  const asked = new Asked({})
  pool.send(asked)
  await until(() => isOpened)
  pool.close()
  open()
  pool.withdraw(asked)
  // Well before it would be closed for its idleness.
  for (let i = 0; i < 100 && upstream.open() > 0; i++) await sleep(10)
  t.equal(upstream.open(), 0)
})

t.test('an attempt that cannot even begin is a failed one', async (t) => {
  const pool = createPool(
    () => {
      throw new Error('no such thing')
    },
    limitsOf({ most: 1 }),
  )
  const asked = [new Asked({}), new Asked({})]
  for (const it of asked) pool.send(it)
  for (const it of asked) {
    await it.ended()
    t.match(it.failure, { message: 'no such thing' })
  }
})

t.test('a pool that closes lets go of what is idle at once, and of the rest when it is done', async (t) => {
  const held: Socket[] = []
  const lasting = `${ok}Keep-Alive: timeout=600\r\nContent-Length: 2\r\n\r\nok`
  const upstream = await startUpstream(({ target }, socket) =>
    target === '/held' ? void held.push(socket) : lasting,
  )
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port)
  const under = pool.ask({ target: '/held' })
  await pool.ask().ended()
  t.equal(upstream.open(), 2)
  pool.close()
  await until(() => upstream.open() === 1)
  held[0]?.write(lasting)
  t.equal(await under.ended(), '200 ok')
  await until(() => upstream.open() === 0)
  t.equal(await pool.ask().ended(), '200 ok', 'who is late is served')
  await until(() => upstream.open() === 0)
})
