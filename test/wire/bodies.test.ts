// Bodies of telling sizes, announced and chunked, arrive byte for byte in both directions.

import { randomBytes } from 'node:crypto'
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { converse } from '../support/conversation.ts'
import { startHttpUpstream } from '../support/http-upstream.ts'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { request as text } from '../support/wire.ts'

t.setTimeout(300_000)

const sizes = [0, 1, 65_535, 65_536, 1024 * 1024]
const framings = ['announced', 'chunked'] as const
type Framing = (typeof framings)[number]

/** Sends the body back, framed as the query says, with the framing that it came in. */
async function echo(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(incoming)
  const { 'content-length': length, 'transfer-encoding': coding } = incoming.headers
  response.setHeader('X-Framing', `${length ?? 'none'} ${coding ?? 'none'}`)
  response.setHeader('X-Body', body.length)
  if (incoming.url?.endsWith('?announced')) response.setHeader('Content-Length', body.length)
  // In two parts, so that Node does not announce the length by itself.
  response.write(body.subarray(0, body.length / 2))
  response.end(body.subarray(body.length / 2))
}

t.test('bodies there and back', async (t) => {
  const liveUrl = await startHttpUpstream(t, (incoming, response) => void echo(incoming, response))
  const program = await startKeyedProgram(t, { liveUrl })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())

  const send = (body: Buffer, up: Framing, down: Framing) =>
    new Promise<{ body: Buffer; headers: IncomingMessage['headers'] }>((resolve, reject) => {
      const outgoing = request({
        agent,
        port: program.gatewayPort,
        method: 'POST',
        path: `/v1/upload?${down}`,
        headers: {
          host: 'api.flintn.com',
          'x-api-key': program.key.secret,
          ...(up === 'announced' ? { 'content-length': body.length } : { 'transfer-encoding': 'chunked' }),
        },
      })
      outgoing.once('error', reject)
      outgoing.once('response', (response) => {
        buffer(response).then((whole) => resolve({ body: whole, headers: response.headers }), reject)
      })
      outgoing.write(body.subarray(0, body.length / 3))
      outgoing.end(body.subarray(body.length / 3))
    })

  for (const size of sizes) {
    for (const up of framings) {
      for (const down of framings) {
        await t.test(`${size} bytes, ${up} there, ${down} back`, async (t) => {
          const body = randomBytes(size)
          const answer = await send(body, up, down)
          t.ok(answer.body.equals(body), 'the bytes are the same')
          t.equal(answer.headers['x-body'], String(size))
          t.equal(answer.headers['content-length'], down === 'announced' ? String(size) : undefined)
          if (size > 0) {
            t.equal(answer.headers['x-framing'], up === 'announced' ? `${size} none` : 'none chunked')
          }
        })
      }
    }
  }
})

t.test('bodies cut anywhere, and what follows on the connection', async (t) => {
  const program = await startKeyedProgram(t)
  const post = (auth: string, body: string) =>
    text('POST /v1/upload', [host, auth, `Content-Length: ${body.length}`], body)
  let newKeys = 0
  const newAuth = async () => {
    const key = await program.admin.makeKey(program.merchant, {
      permissions: ['*'],
      name: `cut ${newKeys++}`,
    })
    return `X-Api-Key: ${key.secret}`
  }

  // About the buffers that Node reads a body into: 16 KiB on Node 20, 64 KiB from 22 on.
  for (const size of [1, 2_048, 16_384, 16_385, 65_536, 65_537, 200_000]) {
    for (const isKeyKnown of [true, false]) {
      await t.test(
        `${size} bytes, ${isKeyKnown ? 'a key in memory' : 'a key still to be looked up'}`,
        async (t) => {
          const body = randomBytes(size).toString('latin1')
          const places = { 'in one': -1, 'after the head': 0, 'after a byte': 1, 'before the last': size - 1 }
          for (const [name, place] of Object.entries(places)) {
            const auth = isKeyKnown ? program.auth : await newAuth()
            const first = post(auth, body)
            const bytes = first + post(auth, 'second') + text('GET /v1/status', [host, auth])
            const cuts = place === -1 ? [] : [(first.length - size + place + 0.5) / bytes.length]
            const before = program.live.requests.length
            const answers = await converse(program.gatewayPort, {
              bytes,
              cuts,
              methods: ['POST', 'POST', 'GET'],
              patienceMs: 20_000,
            })
            t.same(
              answers.map((answer) => answer.slice(9, 12)),
              ['200', '200', '200'],
              `cut ${name}: all answered`,
            )
            // On connections of their own: in any order.
            const sent = program.live.requests.slice(before).map((received) => received.body)
            const expected = [body, 'second', '']
            t.ok(
              isDeepStrictEqual(sent.toSorted(), expected.toSorted()),
              `cut ${name}: the bytes are the same`,
            )
          }
        },
      )
    }
  }
})

t.test('requests that came together reach the upstream in their order', async (t) => {
  // One connection: what is dispatched first is sent first.
  const program = await startKeyedProgram(t, { upstream: ', connections: 1' })
  const { auth } = program
  // From here on the key is in memory.
  await program.send('POST /v1/upload', ['Content-Length: 1'], 'x')
  for (const size of [1, 2_048, 16_384, 16_385]) {
    const before = program.live.requests.length
    const body = 'x'.repeat(size)
    const post = text('POST /v1/upload', [host, auth, `Content-Length: ${size}`], body)
    const answers = await converse(program.gatewayPort, {
      bytes:
        post + text('GET /v1/status', [host, auth]) + post + text('DELETE /v1/transactions/1', [host, auth]),
      cuts: [],
      methods: ['POST', 'GET', 'POST', 'DELETE'],
      patienceMs: 20_000,
    })
    t.equal(answers.length, 4)
    t.same(
      program.live.requests.slice(before).map((received) => received.method),
      ['POST', 'GET', 'POST', 'DELETE'],
      `${size} bytes`,
    )
  }
})
