// What Latchkey is measured beside on the same Node: small programs, each forwarding everything without any check.
//
//   node build/bench/peer-program.js hello|loop|http-proxy|http-proxy-3|upstream PORT [UPSTREAM_URL]

import { Agent, createServer } from 'node:http'
import httpProxy from '@fastify/http-proxy'
import Fastify from 'fastify'
import { createProxyServer } from 'http-proxy-3'
import { Pool } from 'undici'
import { largeAnswerBytes, smallAnswer } from './requests.ts'

const host = '127.0.0.1'
/** To the upstream, for all alike. */
const connections = 128

const [kind = '', port = '0', upstream = ''] = process.argv.slice(2)

const programs: Readonly<Record<string, () => unknown>> = {
  /** The upstream of all where there is no nginx. */
  upstream() {
    const large = Buffer.alloc(largeAnswerBytes, 'x')
    const small = Buffer.from(smallAnswer)
    return createServer((incoming, reply) => {
      incoming.resume()
      const body = incoming.url?.endsWith('/large') ? large : small
      reply.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(body.length)])
      reply.end(body)
    }).listen(Number(port), host)
  },

  /** The least that Node can do for an answer. */
  hello: () =>
    createServer((_incoming, reply) => {
      reply.writeHead(200, ['Content-Type', 'text/plain', 'Content-Length', '5'])
      reply.end('hello')
    }).listen(Number(port), host),

  /** node:http and undici's dispatch, nothing else. */
  loop() {
    const pool = new Pool(upstream, { connections })
    return createServer((incoming, reply) => {
      const headers = incoming.rawHeaders.filter(
        (_, i) => incoming.rawHeaders[i - (i % 2)]?.toLowerCase() !== 'connection',
      )
      const method = incoming.method ?? 'GET'
      let goOn = () => {}
      pool.dispatch(
        { path: incoming.url ?? '/', method, headers, body: method === 'GET' ? null : incoming },
        {
          onConnect() {},
          onHeaders(status, raw, resume) {
            goOn = resume
            reply.writeHead(
              status,
              raw.map((part) => part.toString('latin1')),
            )
            return true
          },
          onData(chunk) {
            // What comes for a client that has left is dropped.
            if (reply.destroyed || reply.write(chunk)) return true
            if (reply.listenerCount('drain') === 0) reply.on('drain', goOn).on('close', goOn)
            return false
          },
          onComplete: () => void reply.end(),
          onError: () => void reply.destroy(),
        },
      )
    }).listen(Number(port), host)
  },

  /** The plugin as it comes. */
  async 'http-proxy'() {
    const app = Fastify()
    await app.register(httpProxy, { upstream })
    await app.listen({ port: Number(port), host })
  },

  /** As it comes, with connections to the upstream kept alive. */
  'http-proxy-3'() {
    const agent = new Agent({ keepAlive: true, maxSockets: connections })
    const proxy = createProxyServer({ target: upstream, agent })
    proxy.on('error', (_error, _incoming, reply) => void reply.destroy())
    return createServer((incoming, reply) => proxy.web(incoming, reply)).listen(Number(port), host)
  },
}

const program = programs[kind]
if (program === undefined) throw new Error(`programs: ${Object.keys(programs).join(', ')}`)
await program()
