// Bodies of telling sizes, announced and chunked, arrive byte for byte in both directions.

import { randomBytes } from 'node:crypto'
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { startHttpUpstream } from '../support/http-upstream.ts'
import { startKeyedProgram } from '../support/keyed-program.ts'

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
