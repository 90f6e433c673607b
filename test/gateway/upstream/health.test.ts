// Active checks: what a target is asked, what counts as well, and after how many. Real servers.

import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import t, { type Test } from 'tap'
import { createConnect } from '../../../src/gateway/upstream/connect.ts'
import { watchHealth } from '../../../src/gateway/upstream/health.ts'
import { checkOnce } from '../../../src/gateway/upstream/health-check.ts'
import { NoRoom } from '../../../src/gateway/upstream/no-room.ts'
import type { Target } from '../../../src/gateway/upstream/target.ts'
import { startUpstream } from '../../support/upstream.ts'

async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${Object(server.address()).port}`
}

const connectTo = (origin: string) => createConnect({ origin, timeoutMs: 5_000, certificates: {} })

function verdictOf(origin: string, timeoutMs = 5_000): Promise<string | undefined> {
  const check = {
    connect: connectTo(origin),
    target: '/healthz?full',
    fields: 'host: a.example\r\n',
    timeoutMs,
  }
  return new Promise((resolve) => checkOnce(check, resolve))
}

t.test('a check is one request on a connection of its own', async (t) => {
  const upstream = await startUpstream()
  t.teardown(upstream.close)
  t.equal(await verdictOf(upstream.url), undefined)
  t.equal(await verdictOf(upstream.url), undefined)
  t.equal(upstream.connections(), 2)
  t.match(upstream.requests[0], {
    ...{ method: 'GET', target: '/healthz?full', body: '' },
    headers: [
      ['host', 'a.example'],
      ['connection', 'close'],
    ],
  })
})

t.test('well is who answers 2xx; a redirect is not followed', async (t) => {
  let asked = 0
  const answering = (status: number) =>
    serve(t, (_request, response) => {
      asked++
      response.writeHead(status, { location: '/elsewhere' }).end('text')
    })
  for (const status of [200, 204, 299])
    t.equal(await verdictOf(await answering(status)), undefined, `${status}`)
  for (const status of [301, 302, 404, 429, 500, 503])
    t.equal(await verdictOf(await answering(status)), `status ${status}`)
  t.equal(asked, 9)
})

t.test('ill is who answers nothing, no HTTP, or cannot be connected to', async (t) => {
  const silent = await startUpstream(() => undefined)
  const garbling = await startUpstream(() => 'hello\r\n\r\n')
  const leaving = await startUpstream((_request, socket) => void socket.destroy())
  for (const one of [silent, garbling, leaving]) t.teardown(one.close)
  t.equal(await verdictOf(silent.url, 100), 'timeout')
  t.equal(await verdictOf(garbling.url), 'InvalidAnswer')
  t.match(await verdictOf(leaving.url), /UpstreamClosed|ECONNRESET/)
  const gone = await startUpstream()
  await gone.close()
  t.equal(await verdictOf(gone.url), 'ECONNREFUSED')
})

t.test('the head of the answer is enough, and a check that is called off tells nothing', async (t) => {
  const endless = await serve(t, (_request, response) => void response.writeHead(200).write('and so on'))
  t.equal(await verdictOf(endless), undefined)
  const callOff = checkOnce(
    { connect: connectTo(endless), target: '/', fields: 'host: a\r\n', timeoutMs: 50 },
    () => t.fail('called off'),
  )
  callOff()
  await new Promise((resolve) => setTimeout(resolve, 150))
})

/** A target as a check sees one. */
function targetAt(origin: string, judge: (reason: string | undefined) => void): Target {
  const nothing = () => {}
  return {
    ...{ name: 'a', host: 'a', opened: 'a', isAvailable: () => true, returnedAt: () => 0, watch: nothing },
    connect: connectTo(origin),
    connections: {
      ...{ send: nothing, sendAnew: nothing, withdraw: nothing, enter: nothing, leave: nothing },
      ...{
        isFull: () => false,
        hasOpen: () => false,
        inFlight: () => 0,
        yieldsTo: () => false,
        closeOldest: () => false,
      },
      ...{ habit: () => undefined, close: async () => {} },
    },
    judge,
  }
}

t.test('a target is ill after so many bad checks in a row, and well after so many good ones', async (t) => {
  let status = 200
  const answered: number[] = []
  const judged: (string | undefined)[] = []
  const origin = await serve(t, (_request, response) => {
    answered.push(status)
    response.writeHead(status).end()
  })
  let onJudged = () => {}
  const target = targetAt(origin, (reason) => {
    judged.push(reason)
    onJudged()
  })
  const next = () => new Promise<void>((resolve) => (onJudged = resolve))
  const rules = { path: '/', intervalMs: 20, healthyAfter: 2, unhealthyAfter: 3 }
  const stop = watchHealth(target, { rules, fieldsFor: () => 'host: a\r\n' })
  t.teardown(stop)
  await next()
  t.same(judged, [undefined])
  t.ok(answered.length >= 2)
  status = 500
  const before = answered.length
  for (judged.length = 0; judged.at(-1) === undefined; ) await next()
  const bad = answered.slice(before).filter((one) => one === 500).length
  t.equal(judged.at(-1), 'status 500')
  t.ok(bad >= 3, `${bad}`)
  status = 200
  for (judged.length = 0; judged.at(-1) !== undefined || judged.length === 0; ) await next()
  stop()
  const total = answered.length
  await new Promise((resolve) => setTimeout(resolve, 100))
  t.ok(answered.length <= total + 1, 'no check begins after the end')
})

t.test('that this process may open no more connections says nothing of a target', async (t) => {
  let attempts = 0
  const target: Target = {
    ...targetAt('http://127.0.0.1:1', () => t.fail('nothing to judge')),
    connect(_onread, done) {
      attempts++
      process.nextTick(done, new NoRoom())
    },
  }
  const rules = { path: '/', intervalMs: 10, healthyAfter: 1, unhealthyAfter: 1 }
  const stop = watchHealth(target, { rules, fieldsFor: () => 'host: a\r\n' })
  t.teardown(stop)
  while (attempts < 3) await new Promise((resolve) => setTimeout(resolve, 10))
})

t.test('who answers nothing is ill too, and asked again all the same', async (t) => {
  const silent = await startUpstream(() => undefined)
  t.teardown(silent.close)
  const rules = { path: '/', intervalMs: 20, healthyAfter: 1, unhealthyAfter: 3 }
  const verdict = await new Promise((resolve) => {
    t.teardown(watchHealth(targetAt(silent.url, resolve), { rules, fieldsFor: () => 'host: a\r\n' }))
  })
  t.equal(verdict, 'timeout')
  t.ok(silent.requests.length >= 3)
})
