// What Latchkey is measured beside: small programs on the same Node, each forwarding everything without any check.
//
//   node build/bench/peers.js loop|http-proxy|hello|upstream PORT [UPSTREAM_URL]

import { createServer } from 'node:http'
import httpProxy from '@fastify/http-proxy'
import Fastify from 'fastify'
import { Pool } from 'undici'

const [kind = '', port = '0', upstream = ''] = process.argv.slice(2)

const answer = JSON.stringify({
  id: 'txn_1001',
  object: 'transaction',
  amount: 8834,
  currency: 'GBP',
  status: 'authorized',
  description: 'Order 28094',
  card: { brand: 'visa', last4: '2526' },
  created_at: '2026-10-19T06:27:04Z',
  livemode: true,
  padding: 'x'.repeat(90),
})

const programs: Readonly<Record<string, () => unknown>> = {
  /** 300 bytes of JSON, as the upstream of all. */
  upstream: () =>
    createServer((incoming, reply) => {
      incoming.resume()
      reply.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(answer.length)])
      reply.end(answer)
    }).listen(Number(port), '127.0.0.1'),

  /** The least that Node can do for an answer. */
  hello: () =>
    createServer((_incoming, reply) => {
      reply.writeHead(200, ['Content-Type', 'text/plain', 'Content-Length', '5'])
      reply.end('hello')
    }).listen(Number(port), '127.0.0.1'),

  /** node:http and undici's dispatch, nothing else. */
  loop() {
    const pool = new Pool(upstream, { connections: 128 })
    createServer((incoming, reply) => {
      const headers = incoming.rawHeaders.filter(
        (_, i) => incoming.rawHeaders[i - (i % 2)]?.toLowerCase() !== 'connection',
      )
      pool.dispatch(
        { path: incoming.url ?? '/', method: incoming.method ?? 'GET', headers },
        {
          onConnect() {},
          onHeaders(status, raw) {
            reply.writeHead(
              status,
              raw.map((part) => part.toString('latin1')),
            )
            return true
          },
          onData: (chunk) => reply.write(chunk),
          onComplete: () => void reply.end(),
          onError: () => void reply.destroy(),
        },
      )
    }).listen(Number(port), '127.0.0.1')
  },

  /** The plugin as it comes. */
  async 'http-proxy'() {
    const app = Fastify()
    await app.register(httpProxy, { upstream })
    await app.listen({ port: Number(port), host: '127.0.0.1' })
  },
}

const program = programs[kind]
if (program === undefined) throw new Error(`peers: ${Object.keys(programs).join(', ')}`)
await program()
