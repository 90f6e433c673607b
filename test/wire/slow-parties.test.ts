// Whose time a request took: by its line and by the histograms it is the one who was slow, for as long as the client
// itself measured.

import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { latencyBuckets } from '../../src/telemetry/latencies.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { host, startKeyedProgram, type KeyedProgram } from '../support/keyed-program.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { type Answer, plainAnswer } from '../support/upstream.ts'
import { request } from '../support/wire.ts'

t.setTimeout(120_000)

/** In the midst of a bucket: a few milliseconds more or less are no other one. */
const slowMs = 700
const parties = ['gateway', 'upstream', 'client'] as const
type Party = (typeof parties)[number]

const half = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nonly'
const large = `HTTP/1.1 200 OK\r\nContent-Length: 16000000\r\n\r\n${'x'.repeat(16_000_000)}`

const answer: Answer = ({ target }, socket) => {
  if (target.endsWith('/large')) return large
  if (target.endsWith('/silent')) return undefined
  const isHead = target.endsWith('/head')
  if (!isHead && !target.endsWith('/body')) return plainAnswer
  if (!isHead) socket.write(half)
  setTimeout(() => socket.write(isHead ? plainAnswer : 'only'), slowMs)
  return undefined
}

/** The number of the bucket that a time falls into. */
function bucketOf(seconds: number): number {
  const at = latencyBuckets.findIndex((bound) => seconds <= bound)
  return at === -1 ? latencyBuckets.length : at
}

/** How many there are in each bucket of a party's histogram. */
async function countsOf({ controlPort }: KeyedProgram, party: Party): Promise<number[]> {
  const text = await (await fetch(`http://127.0.0.1:${controlPort}/metrics`)).text()
  const upTo = [
    ...text.matchAll(new RegExp(`^latchkey_${party}_seconds_bucket\\{.*api="flintn".*\\} (\\d+)$`, 'gm')),
  ].map(([, count]) => Number(count))
  return upTo.map((count, i) => count - (upTo[i - 1] ?? 0))
}

/** Sends one request, its parts apart by `slowMs`; gives the milliseconds until all of its answer was read. */
async function ask(port: number, parts: readonly string[], readsAfterMs = 0): Promise<number> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const startedAt = performance.now()
  for (const [i, part] of parts.entries()) {
    if (i > 0) await sleep(slowMs)
    socket.write(part, 'latin1')
  }
  if (readsAfterMs > 0) await sleep(readsAfterMs)
  let left: number | undefined
  let bytes = ''
  for await (const chunk of socket) {
    if (left === undefined) {
      bytes += chunk.toString('latin1')
      const end = bytes.indexOf('\r\n\r\n')
      if (end === -1) continue
      left = Number(/content-length: (\d+)/i.exec(bytes)?.[1]) - (bytes.length - end - 4)
    } else left -= chunk.length
    if (left <= 0) break
  }
  const tookMs = performance.now() - startedAt
  socket.destroy()
  return tookMs
}

interface Case {
  readonly blamed: Party
  /** Sends it; gives what the client measured. */
  readonly send: (program: KeyedProgram) => Promise<number>
}

const get = (program: KeyedProgram, path: string) => request(`GET ${path}`, [host, program.auth])
const upload = (program: KeyedProgram, framing: string) =>
  request('POST /v1/upload', [host, program.auth, framing])

const cases: Readonly<Record<string, Case>> = {
  'a client that sends the end of its body late': {
    blamed: 'client',
    send: (p) => ask(p.gatewayPort, [`${upload(p, 'Content-Length: 6')}abc`, 'def']),
  },
  'a client that sends its body late': {
    blamed: 'client',
    send: (p) => ask(p.gatewayPort, [upload(p, 'Content-Length: 6'), 'abcdef']),
  },
  'a client that sends its chunks late': {
    blamed: 'client',
    send: (p) => ask(p.gatewayPort, [`${upload(p, 'Transfer-Encoding: chunked')}3\r\nabc\r\n`, '0\r\n\r\n']),
  },
  'a client whose body comes to a stop': {
    blamed: 'client',
    send: (p) => ask(p.gatewayPort, [`${upload(p, 'Content-Length: 6')}abc`]),
  },
  'a client that reads late': {
    blamed: 'client',
    send: (p) => ask(p.gatewayPort, [get(p, '/v1/transactions/large')], slowMs),
  },
  'an upstream that answers late': {
    blamed: 'upstream',
    send: (p) => ask(p.gatewayPort, [get(p, '/v1/transactions/head')]),
  },
  'an upstream that does not answer in time': {
    blamed: 'upstream',
    send: (p) => ask(p.gatewayPort, [get(p, '/v1/transactions/silent')]),
  },
  'an upstream that ends its answer late': {
    blamed: 'upstream',
    send: (p) => ask(p.gatewayPort, [get(p, '/v1/transactions/body')]),
  },
  'an upstream that takes its time over an upload': {
    blamed: 'upstream',
    send: (p) =>
      ask(p.gatewayPort, [`${request('POST /v1/upload/head', [host, p.auth, 'Content-Length: 3'])}abc`]),
  },
}

const routes = `
  GET  /v1/status: public
  GET  /v1/transactions/{id}: transaction.read
  POST /v1/upload: transaction.refund
  POST /v1/upload/head: transaction.refund
`

/** Sends one, and holds its line and the histograms against what the client measured. */
async function hold(t: Test, program: KeyedProgram, { blamed, send }: Case): Promise<void> {
  const lines = () => program.log.filter(({ msg }) => msg === 'request')
  const before = { counts: await countsOf(program, blamed), lines: lines().length }
  const measuredMs = await send(program)
  for (let i = 0; i < 100 && lines().length === before.lines; i++) await sleep(10)
  const line = lines().at(-1) ?? {}
  const measured = bucketOf(measuredMs / 1_000)
  const times = Object.fromEntries(parties.map((party) => [party, Number(line[`${party}_ms`] ?? 0)]))
  const near = (seconds: number) => Math.abs(bucketOf(seconds) - measured) <= 1
  const told = `measured ${measuredMs.toFixed(0)} ms, ${JSON.stringify(times)}`
  t.ok(near(Number(times[blamed]) / 1_000), `${blamed}: ${told}`)
  for (const party of parties) {
    if (party !== blamed) t.ok(Number(times[party]) < measuredMs / 4, `not ${party}: ${told}`)
  }
  const after = await countsOf(program, blamed)
  const slow = after.flatMap((count, i) => (count > (before.counts[i] ?? 0) ? [i] : []))
  t.ok(
    slow.some((bucket) => Math.abs(bucket - measured) <= 1),
    `${blamed} by histogram: buckets ${slow.join()} of ${measured}`,
  )
}

t.test('who is slow is told from the others', async (t) => {
  const program = await startKeyedProgram(t, {
    answer,
    routes,
    gateway: `, limits: { idle_timeout: ${slowMs}ms }`,
    upstream: `, timeout: ${slowMs + 50}ms`,
  })
  for (const [name, one] of Object.entries(cases)) await t.test(name, (t) => hold(t, program, one))
})

t.test('our own queue is ours', async (t) => {
  const program = await startKeyedProgram(t, { answer, routes, upstream: ', connections: 1' })
  await hold(t, program, {
    blamed: 'gateway',
    async send(p) {
      const first = ask(p.gatewayPort, [get(p, '/v1/transactions/head')])
      while (p.live.requests.length === 0) await sleep(5)
      const measuredMs = await ask(p.gatewayPort, [get(p, '/v1/transactions/1')])
      await first
      return measuredMs
    },
  })
})

t.test('our own stores are ours', async (t) => {
  const database = await createEmptyDatabase(t)
  const proxy = await startTcpProxy([Number(new URL(database.url).port || 5432)])
  t.teardown(() => proxy.close())
  const url = new URL(database.url)
  url.port = String(proxy.port)
  url.hostname = '127.0.0.1'
  const program = await startKeyedProgram(t, { answer, routes, databaseUrl: url.href, redis: 'none' })
  await proxy.set('slow')
  await hold(t, program, {
    blamed: 'gateway',
    send: (p) => ask(p.gatewayPort, [get(p, '/v1/transactions/1')]),
  })
})
