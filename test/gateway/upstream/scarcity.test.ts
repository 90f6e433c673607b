// When there are not enough connections for all: who gets one, who waits, and for how long.

import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { type RecordingUpstream, startUpstream } from '../../support/upstream.ts'
import { type Ask, type Asked, openPool, until } from './asked.ts'
import { startRaw } from './raw-upstream.ts'

const sized = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** An upstream that holds each request until it is let go, one after the other. */
async function startHolding(t: Test) {
  const held: { readonly target: string; readonly socket: Socket }[] = []
  const upstream: RecordingUpstream = await startUpstream(({ target }, socket) => {
    held.push({ target, socket })
  })
  t.teardown(() => upstream.close())
  return {
    upstream,
    held: () => held.map(({ target }) => target),
    /** Answers the oldest. */
    answer: () => held.shift()?.socket.write(sized),
  }
}

t.test('who holds more than half gets none while another waits', async (t) => {
  const { upstream, held, answer } = await startHolding(t)
  const pool = openPool(t, upstream.port, { most: 4 })
  for (let i = 0; i < 12; i++) pool.ask({ target: `/many-${i}`, client: 'many' })
  await until(() => held().length === 4)
  for (let i = 0; i < 3; i++) pool.ask({ target: `/few-${i}`, client: 'few' })
  answer()
  await until(() => held().length === 4)
  t.equal(held().at(-1), '/few-0', 'before the eight that came earlier')
  answer()
  await until(() => held().length === 4)
  t.equal(held().at(-1), '/few-1')
  answer()
  await until(() => held().length === 4)
  t.equal(held().at(-1), '/many-4', 'each has its half: who came first is first')
  for (let i = 0; i < 15; i++) {
    await until(() => held().length > 0 || upstream.requests.length === 15)
    answer()
  }
  await until(() => upstream.requests.length === 15)
})

t.test('a burst queues behind itself: each merchant is next with the fewest connections', async (t) => {
  const { upstream, held, answer } = await startHolding(t)
  const pool = openPool(t, upstream.port, { most: 3 })
  // From many addresses: it is one merchant all the same.
  for (let i = 0; i < 12; i++) pool.ask({ target: `/burst-${i}`, party: 'burst', client: `burst ${i}` })
  await until(() => held().length === 3)
  pool.ask({ target: '/a-0', party: 'a' })
  pool.ask({ target: '/a-1', party: 'a' })
  pool.ask({ target: '/b-0', party: 'b' })
  pool.ask({ target: '/c-0', party: 'c' })
  const order: (string | undefined)[] = []
  for (let i = 0; i < 6; i++) {
    answer()
    await until(() => held().length === 3)
    order.push(held().at(-1))
  }
  t.same(new Set(order.slice(0, 3)), new Set(['/a-0', '/b-0', '/c-0']), 'before the nine that came earlier')
  t.ok(order.indexOf('/a-1') < 6, 'and the second of one that holds one')
  for (let i = 0; upstream.requests.length < 16; i++) {
    answer()
    await until(() => held().length > 0 || upstream.requests.length === 16)
  }
})

t.test(
  'a queue that a merchant has filled has room for others, and for its own other addresses',
  async (t) => {
    const { upstream, held } = await startHolding(t)
    const pool = openPool(t, upstream.port, { most: 1, queue: 4 })
    const many = Array.from({ length: 5 }, () => pool.ask({ party: 'many', client: 'one' }))
    await until(() => held().length === 1)
    const few = pool.ask({ party: 'few' })
    t.match(many.at(-1)?.failure, { reason: 'queue_full' })
    const other = pool.ask({ party: 'many', client: 'other' })
    t.match(many.at(-2)?.failure, { reason: 'queue_full' })
    t.same([few.ends, other.ends], [0, 0])
    // 'many' has two and one waiting, 'few' one: nobody is better off with another's place.
    t.notOk(pool.yieldsTo('many', 'one'))
    t.ok(pool.yieldsTo('third', 'any'))
  },
)

t.test('alone, it may have them all', async (t) => {
  const { upstream, held } = await startHolding(t)
  const pool = openPool(t, upstream.port, { most: 4 })
  for (let i = 0; i < 12; i++) pool.ask({ target: `/many-${i}`, client: 'many' })
  await until(() => held().length === 4)
  t.same(held().toSorted(), ['/many-0', '/many-1', '/many-2', '/many-3'])
})

t.test('bodies that may never end have half of the connections at most, of one client', async (t) => {
  const { upstream, held } = await startHolding(t)
  const pool = openPool(t, upstream.port, { most: 4 })
  const open: Ask = { client: 'uploads', isBodyOpen: true }
  for (let i = 0; i < 6; i++) pool.ask({ ...open, target: `/upload-${i}` })
  await until(() => held().length === 2)
  pool.ask({ target: '/other', client: 'uploads' })
  pool.ask({ target: '/another', client: 'other' })
  await until(() => held().length === 4)
  t.same(held().slice(2).toSorted(), ['/another', '/other'])
})

t.test('and of all clients together, where little of them has come', async (t) => {
  const { upstream, held } = await startHolding(t)
  const pool = openPool(t, upstream.port, { most: 4, queue: 2 })
  const scant = Array.from({ length: 40 }, (_, i) =>
    pool.ask({ target: `/scant-${i}`, client: `${i}`, isBodyOpen: true, isBodyScant: true }),
  )
  await until(() => held().length === 2)
  t.notOk(pool.isFull(), 'nor do they fill the queue')
  pool.ask({ target: '/whole', client: 'x' })
  await until(() => held().length === 3)
  t.equal(held().at(-1), '/whole')

  const [, , third] = scant
  if (third === undefined) throw new Error('there are forty')
  third.isBodyScant = false
  pool.send(third)
  await until(() => held().length === 4)
  t.equal(held().at(-1), '/scant-2', 'who has brought enough is carried')
})

t.test('bodies of which little has come are carried when there is room again', async (t) => {
  const { upstream, held, answer } = await startHolding(t)
  const pool = openPool(t, upstream.port, { most: 2 })
  pool.ask({ target: '/a' })
  await until(() => held().length === 1)
  const scant = pool.ask({ target: '/scant', isBodyOpen: true, isBodyScant: true })
  const gone = pool.ask({ target: '/gone', isBodyOpen: true, isBodyScant: true })
  pool.withdraw(gone)
  answer()
  await until(() => held().includes('/scant'))
  answer()
  t.equal(await scant.ended(), '200 ok')
  t.notOk(upstream.requests.some(({ target }) => target === '/gone'))
})

t.test('who waits for too long is told, and not sent', async (t) => {
  const { upstream, held, answer } = await startHolding(t)
  const pool = openPool(t, upstream.port, { most: 1, queueTimeoutMs: 100 })
  const first = pool.ask({ target: '/first' })
  await until(() => held().length === 1)
  const waited = [pool.ask({ target: '/second' }), pool.ask({ target: '/third' })]
  for (const it of waited) {
    t.equal(await it.ended(), 'NotSent')
    t.match(it.failure, { reason: 'queue_timeout' })
  }
  answer()
  t.equal(await first.ended(), '200 ok', 'who is carried is not meant')
  const next = pool.ask({ target: '/next' })
  await until(() => held().length === 1)
  answer()
  t.equal(await next.ended(), '200 ok')
  t.same(
    upstream.requests.map(({ target }) => target),
    ['/first', '/next'],
  )
})

t.test('a full queue yields to who has little of it, at the cost of who has most', async (t) => {
  const { upstream, held } = await startHolding(t)
  const pool = openPool(t, upstream.port, { most: 2, queue: 4 })
  const many = Array.from({ length: 6 }, (_, i) => pool.ask({ target: `/many-${i}`, client: 'many' }))
  await until(() => held().length === 2)
  t.ok(pool.isFull())
  t.notOk(pool.yieldsTo('', 'many'))
  t.ok(pool.yieldsTo('', 'few'))
  const few = pool.ask({ target: '/few-0', client: 'few' })
  t.match(many.at(-1)?.failure, { reason: 'queue_full' }, 'the newest of them')
  t.equal(few.ends, 0)
  t.equal(many.filter(({ ends }) => ends > 0).length, 1)
  const more = pool.ask({ client: 'many' })
  t.match(more.failure, { reason: 'queue_full' })
})

t.test('where all have as much, a full queue is full', async (t) => {
  const { upstream, held } = await startHolding(t)
  const pool = openPool(t, upstream.port, { most: 1, queue: 3 })
  for (const client of ['a', 'b', 'c', 'd']) pool.ask({ client })
  await until(() => held().length === 1)
  t.notOk(pool.yieldsTo('', 'e'))
  t.match(pool.ask({ client: 'e' }).failure, { reason: 'queue_full' })
})

// Those that waited before them may all go without a connection having become free.
const waysToGo: Record<string, (pool: ReturnType<typeof openPool>, waiting: readonly Asked[]) => void> = {
  'time out': () => {},
  'are withdrawn': (pool, waiting) => {
    for (const one of waiting) pool.withdraw(one)
  },
}
for (const [way, go] of Object.entries(waysToGo)) {
  t.test(`who has brought little has its turn when those that wait ${way}`, async (t) => {
    // It never says a word: no connection comes about.
    const port = await startRaw(t, () => {})
    const pool = openPool(t, port, { most: 2, queueTimeoutMs: 200, isSecure: true })
    const waiting = [pool.ask(), pool.ask()]
    const scant = pool.ask({ isBodyOpen: true, isBodyScant: true })
    await new Promise((resolve) => setTimeout(resolve, 50))
    t.equal(scant.queuedIn?.length, 1, 'it stands apart')
    go(pool, waiting)
    t.equal(await scant.ended(), 'NotSent', 'as it has waited in the queue')
  })
}

t.test('who has brought little is told when nothing can be connected to', async (t) => {
  const closed = await startUpstream()
  await closed.close()
  const pool = openPool(t, closed.port, { most: 2 })
  for (let i = 0; i < 2; i++) pool.ask()
  const scant = pool.ask({ isBodyOpen: true, isBodyScant: true })
  await scant.ended()
  t.match(scant.failure, { code: 'ECONNREFUSED' })
})
