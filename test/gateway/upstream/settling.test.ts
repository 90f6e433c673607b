// What may not be sent twice needs a connection that was quiet for a moment. Where another takes each as soon as it is free, one is kept
// for whoever is next until that moment is over.

import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { startUpstream } from '../../support/upstream.ts'
import { type Asked, openPool, until } from './asked.ts'

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Asks for GETs of one party, so many at once, for as long as it is not stopped. */
function flood(pool: ReturnType<typeof openPool>, most: number) {
  let isOver = false
  let answered = 0
  async function goOn(): Promise<void> {
    while (!isOver) {
      const asked: Asked = pool.ask({ party: 'flood', client: 'flood' })
      await new Promise<void>((resolve) => {
        asked.onEnd = () => resolve()
        asked.onFailure = () => resolve()
      })
      answered++
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const all = Array.from({ length: most }, goOn)
  return {
    answered: () => answered,
    async stop() {
      isOver = true
      await Promise.all(all)
    },
  }
}

/** Sends POSTs one after the other; gives how many GETs of the flood came between each and its answer. */
async function overtaken(t: Test, { most, flooding }: { most: number; flooding: number }): Promise<number[]> {
  const upstream = await startUpstream(() => answer)
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port, { most, queue: flooding })
  const load = flood(pool, flooding)
  await until(() => load.answered() > 4 * flooding)
  const counts: number[] = []
  for (let i = 0; i < 20; i++) {
    const before = load.answered()
    const post = pool.ask({
      method: 'POST',
      body: Buffer.from('a=b'),
      contentLength: 3,
      party: 'other',
      client: 'other',
    })
    await new Promise<void>((resolve) => {
      post.onEnd = () => resolve()
      post.onFailure = () => resolve()
    })
    t.equal(post.failure, undefined)
    counts.push(load.answered() - before)
  }
  await load.stop()
  return counts
}

for (const shape of [
  { most: 4, flooding: 50 },
  { most: 32, flooding: 500 },
  { most: 128, flooding: 512 },
])
  t.test(`a POST behind a flood of GETs: ${shape.flooding} over ${shape.most} connections`, async (t) => {
    const counts = await overtaken(t, shape)
    const average = counts.reduce((sum, count) => sum + count, 0) / counts.length
    t.ok(average < 1.5 * shape.flooding, `${Math.round(average)} came before it: the flood not twice over`)
  })

const post = { method: 'POST', body: Buffer.from('a=b'), contentLength: 3 }

t.test('whom a connection is kept for goes over another where the upstream closes it', async (t) => {
  let first: Socket | undefined
  const upstream = await startUpstream((_, socket) => {
    first ??= socket
    return answer
  })
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port, { most: 1 })
  await pool.ask().ended()
  const kept = pool.ask(post)
  await new Promise((resolve) => setImmediate(resolve))
  first?.destroy()
  t.equal(await kept.ended(), '200 ok')
  t.equal(upstream.requests.length, 2)
})

t.test('of whoever leaves the connection carries others', async (t) => {
  const upstream = await startUpstream(() => answer)
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port, { most: 1 })
  const first = pool.ask()
  await first.ended()
  const left = pool.ask(post)
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
  pool.withdraw(left)
  const next = pool.ask()
  t.equal(await next.ended(), '200 ok')
  t.equal(next.connection, first.connection)
  t.equal(left.connection, undefined)
  t.equal(upstream.requests.length, 2)
})
