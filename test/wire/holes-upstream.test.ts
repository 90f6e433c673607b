// Ways past a gateway on this stack, second half: what becomes of an accepted request, and of its answer.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import t from 'tap'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { faultsOfRefusal } from '../support/refusal.ts'
import { tlsFile } from '../support/tls.ts'
import { type Answer, plainAnswer, type RecordedRequest } from '../support/upstream.ts'
import { createWaiting } from '../support/waiting.ts'
import { codeOf, fieldOf, request } from '../support/wire.ts'

t.setTimeout(300_000)

const hopByHop =
  'HTTP/1.1 200 OK\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=7\r\n' +
  'Proxy-Connection: keep-alive\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nok'

/** Sockets of requests that get no answer. */
const waiting = createWaiting<Socket>()

/** Answers by the word in the path; what is not listed is answered plainly. */
const answers: Readonly<Record<string, Answer>> = {
  busy: () => 'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n',
  reset: (_, socket) => void socket.resetAndDestroy(),
  dropped: (_, socket) => void socket.end(),
  garbled: () => 'NO HTTP\r\n\r\n',
  silent(_, socket) {
    waiting.add(socket)
    return undefined
  },
  hop: () => hopByHop,
  cut: (_, socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nonly'),
  'cut-chunked': (_, socket) =>
    void socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n'),
}

function answer(seen: RecordedRequest, socket: Parameters<Answer>[1]): ReturnType<Answer> {
  const word = seen.target.split('/')[3] ?? ''
  const listed = answers[word]
  return listed === undefined ? plainAnswer : listed(seen, socket)
}

t.test('holes between gateway and upstream', async (t) => {
  const program = await startKeyedProgram(t, { answer })
  const { auth, live, send } = program
  const sentFor = async (line: string): Promise<{ status: number; times: number }> => {
    const before = live.requests.length
    const { status } = await send(line)
    return { status, times: live.requests.length - before }
  }

  await t.test('hole 7: nothing is sent twice', async (t) => {
    t.same(await sentFor('GET /v1/transactions/busy'), { status: 503, times: 1 })
    for (const word of ['busy', 'reset', 'dropped', 'garbled']) {
      // On a connection that was in use before, where a retry is most tempting.
      await send('GET /v1/transactions/plain')
      const refund = await sentFor(`POST /v1/transactions/${word}/refund`)
      t.same(refund, { status: word === 'busy' ? 503 : 502, times: 1 }, word)
    }
  })

  await t.test('hole 9: an upstream that fails is told in the one shape', async (t) => {
    for (const word of ['reset', 'dropped', 'garbled']) {
      const response = await send(`DELETE /v1/transactions/${word}`)
      t.equal(codeOf(response), 'UPSTREAM_ERROR', word)
      t.same(faultsOfRefusal(response), [], word)
    }
  })

  await t.test("hole 9: an upstream's hop-by-hop headers end at the gateway", async (t) => {
    const response = await send('GET /v1/transactions/hop')
    for (const name of ['X-Hop', 'Proxy-Connection', 'Upgrade']) t.equal(fieldOf(response, name), undefined)
    t.not(fieldOf(response, 'Keep-Alive'), 'timeout=7')
  })

  await t.test('hole 9: a client that leaves ends the upstream request', async (t) => {
    const client = connect(program.gatewayPort, '127.0.0.1')
    client.write(request('GET /v1/transactions/silent', [host, auth]))
    const carrier = await waiting.next()
    client.destroy()
    await once(carrier, 'close')
    t.pass('the connection that carried it was closed')
  })

  await t.test('hole 9: a cut answer looks cut', async (t) => {
    const announced = await send('GET /v1/transactions/cut')
    t.equal(announced.body, 'only')
    t.equal(fieldOf(announced, 'Content-Length'), '9')
    t.notMatch((await send('GET /v1/transactions/cut-chunked')).bytes, '\r\n0\r\n\r\n')
  })

  await t.test('hole 13: the limit of a body holds, announced or not', async (t) => {
    const before = live.requests.length
    const announced = await send('POST /v1/small', ['Content-Length: 1025'], 'x'.repeat(1_025))
    t.equal(codeOf(announced), 'BODY_TOO_LARGE')
    const chunk = `200\r\n${'x'.repeat(512)}\r\n`
    const chunked = await send(
      'POST /v1/small',
      ['Transfer-Encoding: chunked'],
      `${chunk.repeat(3)}0\r\n\r\n`,
    )
    t.equal(codeOf(chunked), 'BODY_TOO_LARGE')
    t.equal(live.requests.length, before, 'the upstream got no whole request')
    const fits = await send('POST /v1/small', ['Transfer-Encoding: chunked'], `${chunk.repeat(2)}0\r\n\r\n`)
    t.equal(fits.status, 200)
    t.equal(program.last()?.body.length, 1_024)
  })
})

t.test('hole 11: the certificate of an https upstream is verified', async (t) => {
  let served = 0
  const pair = { cert: readFileSync(tlsFile('server.pem')), key: readFileSync(tlsFile('server.key')) }
  const upstream = createServer(pair, (_, response) => {
    served++
    response.end('ok')
  }).listen(0, '127.0.0.1')
  t.teardown(() => void upstream.close())
  await new Promise((resolve) => upstream.once('listening', resolve))
  const liveUrl = `https://127.0.0.1:${(Object(upstream.address()) as AddressInfo).port}`
  const unknown = await startKeyedProgram(t, { liveUrl })
  t.equal(codeOf(await unknown.send('GET /v1/status')), 'UPSTREAM_ERROR')
  t.equal(served, 0, 'nothing was sent')
  const known = await startKeyedProgram(t, { liveUrl, upstream: `, ca: ${tlsFile('ca.pem')}` })
  t.equal((await known.send('GET /v1/status')).status, 200)
})

t.test('hole 5: where more header fields are allowed, all of them arrive, Content-Length too', async (t) => {
  const program = await startKeyedProgram(t, {
    gateway: ', limits: { header_count: 3000, header_bytes: 100000 }',
  })
  const many = Array.from({ length: 2_500 }, (_, i) => `X-${i}: a`)
  t.equal((await program.send('POST /v1/upload', [...many, 'Content-Length: 3'], 'abc')).status, 200)
  t.equal(program.last()?.body, 'abc')
  t.equal(program.last()?.headers.filter(([name]) => /^X-\d+$/.test(name)).length, 2_500)
})
