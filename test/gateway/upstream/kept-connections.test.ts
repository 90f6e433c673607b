// Connections that were kept, and should not have been: an upstream that has gone, that closes behind its answers, that
// serves one connection at a time, or that answers in two parts.

import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { PoolLimits } from '../../../src/gateway/upstream/pool.ts'
import { plainAnswer, startUpstream } from '../../support/upstream.ts'
import { type Ask, Asked, openPool, until } from './asked.ts'

t.setTimeout(60_000)

const sized = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Asks as the gateway does: what may be sent twice is, once, after it was lost on a connection at rest. */
function openRetrying(t: Test, port: number, limits: Partial<PoolLimits> = {}) {
  const pool = openPool(t, port, limits)
  class Retried extends Asked {
    override onFailure(error: Error, wasStale: boolean): void {
      if (wasStale && !this.isAnew && this.request.method === 'GET') pool.sendAnew(this)
      else super.onFailure(error, wasStale)
    }
  }
  return {
    ...pool,
    ask(of: Ask = {}) {
      const asked = new Retried(of)
      pool.send(asked)
      return asked
    },
  }
}

/** An upstream whose connections so far are dead when `die` is called: each is reset at its next request. */
async function startMortal(t: Test) {
  const dead = new Set<Socket>()
  const all = new Set<Socket>()
  let held: Socket[] | undefined = []
  const upstream = await startUpstream((_, socket) => {
    all.add(socket)
    if (dead.has(socket)) socket.resetAndDestroy()
    else if (held === undefined) return sized
    else held.push(socket)
    return undefined
  })
  t.teardown(() => upstream.close())
  return {
    upstream,
    die() {
      for (const socket of all) dead.add(socket)
    },
    async answerAll(count: number) {
      await until(() => held?.length === count)
      for (const socket of held ?? []) socket.write(sized)
      held = undefined
    },
  }
}

const requests: Readonly<Record<string, Ask>> = {
  GET: {},
  'POST without a body': { method: 'POST' },
  'POST with a body': { method: 'POST', body: Buffer.from('a'), contentLength: 1 },
  'POST that closes': { method: 'POST', body: Buffer.from('a'), contentLength: 1, reuse: 'bodiless' },
}

for (const most of [128, 24])
  for (const [name, of] of Object.entries(requests))
    t.test(`none of 24 requests is lost on 20 dead connections of ${most}: ${name}`, async (t) => {
      const mortal = await startMortal(t)
      const pool = openRetrying(t, mortal.upstream.port, { most })
      const first = Array.from({ length: 20 }, () => pool.ask())
      await mortal.answerAll(20)
      for (const it of first) t.equal(await it.ended(), '200 ok')
      mortal.die()
      // Where all places are taken, what was used just now is used.
      if (most === 24) await sleep(300)
      const asked = Array.from({ length: 24 }, () => pool.ask(of))
      for (const it of asked) t.equal(await it.ended(), '200 ok')
    })

t.test('a request that was lost on one goes over a new one, and those as old are given up', async (t) => {
  const mortal = await startMortal(t)
  const pool = openRetrying(t, mortal.upstream.port)
  const first = Array.from({ length: 5 }, () => pool.ask())
  await mortal.answerAll(5)
  for (const it of first) await it.ended()
  mortal.die()
  t.equal(await pool.ask().ended(), '200 ok')
  t.equal(mortal.upstream.connections(), 6)
  await until(() => mortal.upstream.open() === 1)
  t.equal(mortal.upstream.requests.length, 7)
})

t.test('a connection is not used beyond its age, and what it carries then is not cut', async (t) => {
  let wasSlow = false
  const upstream = await startUpstream(({ target }, socket) => {
    if (target !== '/slow') return sized
    wasSlow = true
    socket.write(sized.slice(0, -1))
    setTimeout(() => socket.write(sized.slice(-1)), 600)
    return undefined
  })
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port, { maxAgeMs: 300 })
  t.equal(await pool.ask({ target: '/slow' }).ended(), '200 ok')
  t.equal(wasSlow, true)
  await until(() => upstream.open() === 0)
  for (let i = 0; i < 60; i++) {
    t.equal(await pool.ask().ended(), '200 ok')
    await sleep(10)
  }
  t.ok(upstream.connections() >= 3, `${upstream.connections()} connections`)
  t.ok(upstream.connections() < 20, `${upstream.connections()} connections`)
})

t.test('an upstream that closes behind its answers loses no request, and is known after a few', async (t) => {
  const upstream = await startUpstream((_, socket) => void socket.end(sized))
  t.teardown(() => upstream.close())
  for (const of of [
    { method: 'GET' },
    { method: 'POST' },
    { method: 'POST', body: Buffer.from('a'), contentLength: 1 },
  ]) {
    const before = upstream.requests.length
    const pool = openRetrying(t, upstream.port)
    for (let i = 0; i < 4; i++) {
      const asked = Array.from({ length: 50 }, () => pool.ask(of))
      for (const it of asked) t.equal(await it.ended(), '200 ok')
    }
    if (of.method === 'POST') t.equal(upstream.requests.length - before, 200, 'each is sent once')
    t.equal(pool.habit(), 'closes')
  }
})

/** Serves one connection after the other, each until it is closed. */
async function startSingle(t: Test) {
  const queue: Socket[] = []
  let current: Socket | undefined
  let served = 0
  const serveNext = () => {
    current = queue.shift()
    current?.resume()
  }
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: false }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      served++
      if (/connection: close/.test(bytes.toString('latin1'))) socket.end(sized)
      else socket.write(sized)
    })
    socket.on('close', () => {
      if (socket === current) serveNext()
      else if (queue.includes(socket)) queue.splice(queue.indexOf(socket), 1)
    })
    queue.push(socket)
    if (current === undefined) serveNext()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of [...queue, current]) socket?.destroy()
    server.close()
  })
  return { port: Object(server.address()).port as number, served: () => served }
}

t.test(
  'where one connection is served at a time, nobody waits until another has rested enough',
  async (t) => {
    const { port } = await startSingle(t)
    const pool = openPool(t, port)
    let waited = 0
    // Without it each pair would wait for four seconds.
    for (let i = 0; i < 12; i++) {
      const at = performance.now()
      const pair = [pool.ask(), pool.ask()]
      for (const it of pair) t.equal(await it.ended(), '200 ok')
      waited += performance.now() - at
    }
    t.ok(waited < 4_000, `${Math.round(waited)} ms`)
    t.equal(pool.habit(), 'starves')
  },
)

t.test('a request with a body does not wait for the connection that another has left', async (t) => {
  const { port } = await startSingle(t)
  const pool = openPool(t, port)
  for (let i = 0; i < 3; i++) {
    t.equal(await pool.ask({ reuse: 'bodiless' }).ended(), '200 ok')
    const at = performance.now()
    const of: Ask = { method: 'POST', body: Buffer.from('a'), contentLength: 1, reuse: 'bodiless' }
    t.equal(await pool.ask(of).ended(), '200 ok')
    t.ok(performance.now() - at < 2_000)
  }
})

t.test('an answer that is slow by itself costs the others their connections now and then only', async (t) => {
  const upstream = await startUpstream(({ target }, socket) => {
    if (target !== '/slow') return plainAnswer
    setTimeout(() => socket.write(sized), 2_500)
    return undefined
  })
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port)
  await pool.ask().ended()
  const slow = pool.ask({ target: '/slow', method: 'POST', body: Buffer.from('a'), contentLength: 1 })
  let asked = 0
  while (slow.ends === 0) {
    await pool.ask().ended()
    asked++
  }
  t.ok(asked > 100, `${asked} requests meanwhile`)
  t.ok(upstream.connections() < asked / 2, `${upstream.connections()} connections`)
  t.equal(pool.habit(), undefined)
})

t.test('requests with bodies that all take a while are no sign of it', async (t) => {
  const upstream = await startUpstream(({ method }, socket) => {
    if (method === 'GET') return plainAnswer
    setTimeout(() => socket.write(sized), 300)
    return undefined
  })
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port)
  let posts = 0
  const post = async () => {
    const of: Ask = { method: 'POST', body: Buffer.from('a'), contentLength: 1, reuse: 'bodiless' }
    for (let i = 0; i < 8; i++, posts++) await pool.ask(of).ended()
  }
  // One after the other begins: there is always one that has waited for a while.
  const all = Promise.all([post(), sleep(100).then(post), sleep(200).then(post)])
  let gets = 0
  while (posts < 24) {
    await pool.ask().ended()
    gets++
  }
  await all
  t.equal(pool.habit(), undefined)
  const opened = upstream.connections() - posts
  t.ok(opened < gets / 4, `${opened} connections for ${gets} GETs`)
})

t.test('whose body waits for the acknowledgement of its head gets a new connection each time', async (t) => {
  const known = new Set<Socket>()
  const upstream = await startUpstream((_, socket) => {
    const isNew = !known.has(socket)
    known.add(socket)
    socket.write(sized.slice(0, -2))
    setTimeout(() => socket.write(sized.slice(-2)), isNew ? 1 : 44)
    return undefined
  })
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port)
  for (let i = 0; i < 12; i++) t.equal(await pool.ask().ended(), '200 ok')
  t.equal(pool.habit(), 'stalls')
  t.ok(upstream.connections() >= 5)
})
