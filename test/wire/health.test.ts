// `gateway.health`: what a balancer asks on the gateway's own port.

import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { startTestProgram } from '../support/program.ts'
import { codeOf, exchange, fieldOf, parseResponse, request } from '../support/wire.ts'

const host = 'Host: api.flintn.com'

t.test('where it is set', async (t) => {
  const program = await startTestProgram(t, { gateway: ', health: /healthz' })
  const ask = (line: string, fields: readonly string[] = []) =>
    exchange(program.gatewayPort, request(line, fields))

  await t.test('it is answered on any host, with or without one, and says nothing', async (t) => {
    for (const fields of [
      [host],
      ['Host: whatever.example'],
      ['Host: 10.0.0.1:8080'],
      ['Host: a', 'Host: b'],
      [],
    ]) {
      const answer = await ask('GET /healthz', fields)
      t.equal(answer.status, 200)
      t.equal(answer.body, '{"status":"ok"}')
      t.equal(fieldOf(answer, 'Cache-Control'), 'no-store')
      t.match(fieldOf(answer, 'X-Request-Id'), /^req_/)
    }
    const old = await exchange(program.gatewayPort, 'GET /healthz HTTP/1.0\r\n\r\n')
    t.equal(old.status, 200)
  })

  await t.test('HEAD has no body, and the connection goes on', async (t) => {
    const bytes =
      request('HEAD /healthz', [host]) + request('GET /healthz', []) + request('GET /v1/status', [host])
    const { bytes: text } = await exchange(program.gatewayPort, bytes, 300, 3)
    t.equal(text.split('HTTP/1.1 200').length - 1, 3)
    t.equal(text.split('{"status":"ok"}').length - 1, 1)
  })

  await t.test(
    'it leaves neither a line in the log nor a count, and nothing reaches an upstream',
    async (t) => {
      const before = program.live.requests.length
      const idOf = async (path: string) => String(fieldOf(await ask(`GET ${path}`, [host]), 'X-Request-Id'))
      const ids = [await idOf('/healthz'), await idOf('/healthz')]
      const other = await idOf('/v1/status')
      const logged = () => program.log.map((line) => line['request_id'])
      while (!logged().includes(other)) await new Promise((resolve) => setTimeout(resolve, 5))
      t.same(
        ids.filter((id) => logged().includes(id)),
        [],
      )
      t.equal(program.live.requests.length, before + 1)
    },
  )

  await t.test('no other path, method or version is it', async (t) => {
    for (const [line, code] of [
      ['GET /healthz/', 'ROUTE_NOT_FOUND'],
      ['GET /healthz?', 'ROUTE_NOT_FOUND'],
      ['GET /HEALTHZ', 'ROUTE_NOT_FOUND'],
      ['GET /%68ealthz', 'ROUTE_NOT_FOUND'],
      ['GET /v1/../healthz', 'INVALID_PATH'],
      ['POST /healthz', 'ROUTE_NOT_FOUND'],
      ['OPTIONS /healthz', 'ROUTE_NOT_FOUND'],
    ] as const) {
      t.equal(codeOf(await ask(line, [host])), code, line)
    }
  })

  await t.test('what has a body is the last one of its connection', async (t) => {
    for (const fields of [
      ['Content-Length: 5'],
      ['Transfer-Encoding: chunked'],
      ['Expect: 100-continue', 'Content-Length: 5'],
    ]) {
      const socket = connect(program.gatewayPort, '127.0.0.1').on('error', () => {})
      socket.write(request('GET /healthz', fields))
      let text = ''
      socket.on('data', (chunk) => (text += String(chunk)))
      await once(socket, 'close')
      t.equal(parseResponse(text).status, 200, String(fields))
      t.match(text, /\r\nConnection: close\r\n/i)
    }
  })
})

t.test('it is answered where https is required, and while the gateway sheds load', async (t) => {
  for (const [setting, code] of [
    ['require_https: true', 'HTTPS_REQUIRED'],
    ['limits: { in_flight: 1 }', 'OVERLOADED'],
  ] as const) {
    const program = await startTestProgram(t, { gateway: `, health: /healthz, ${setting}` })
    t.equal((await exchange(program.gatewayPort, request('GET /healthz', []))).status, 200)
    t.equal(codeOf(await exchange(program.gatewayPort, request('GET /v1/status', [host]))), code)
  }
})

t.test('it is 503 before the first feed, and in the drain', async (t) => {
  const program = await startTestProgram(t, {
    gateway: ', health: /healthz',
    redis: 'none',
    role: 'gateway',
  })
  // It never migrates, and nobody else does.
  const answer = await exchange(program.gatewayPort, request('GET /healthz', []))
  t.equal(answer.status, 503)
  t.equal(answer.body, '{"status":"unavailable"}')
  t.equal(fieldOf(answer, 'X-Error-Source'), 'gateway')

  const ready = await startTestProgram(t, { gateway: ', health: /healthz' })
  const socket = connect(ready.gatewayPort, '127.0.0.1').on('error', () => {})
  socket.write(request('GET /healthz', []))
  t.equal(parseResponse(String((await once(socket, 'data'))[0])).status, 200)
  const stopped = ready.stop()
  socket.write(request('GET /healthz', []))
  const last = parseResponse(String((await once(socket, 'data'))[0]))
  t.equal(last.status, 503)
  t.match(last.head, /Connection: close/i)
  await stopped
})

t.test('unset there is no such path', async (t) => {
  const program = await startTestProgram(t)
  for (const path of ['/healthz', '/livez', '/readyz']) {
    t.equal(codeOf(await exchange(program.gatewayPort, request(`GET ${path}`, [host]))), 'ROUTE_NOT_FOUND')
  }
})
