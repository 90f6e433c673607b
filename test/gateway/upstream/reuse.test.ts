// After which requests a connection is used again: a server that leaves a body unread takes what is left of it for the next
// request on the connection (RFC 9112 §9.3 forbids it, and some do it all the same).

import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import type { Reuse } from '../../../src/gateway/upstream/outgoing-request.ts'
import { startUpstream } from '../../support/upstream.ts'
import { openPool, until } from './asked.ts'
import { startRaw } from './raw-upstream.ts'

const sized = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Answers each line that looks like a request's, wherever it stands, and keeps the connection: bodies are not its business. */
async function startCareless(t: Test) {
  const sockets: Socket[] = []
  const lines: string[] = []
  const port = await startRaw(t, (socket) => {
    sockets.push(socket)
    let rest = ''
    socket.on('data', (chunk) => {
      rest += chunk.toString('latin1')
      for (let end = rest.indexOf('\r\n\r\n'); end !== -1; end = rest.indexOf('\r\n\r\n')) {
        const [line = ''] = rest.slice(0, end).split('\r\n')
        rest = rest.slice(end + 4)
        lines.push(line)
        const body = /^[A-Z]+ \S+ HTTP\/1\.1$/.test(line) ? 'ok' : 'what?'
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      }
    })
  })
  return { port, lines, connections: () => sockets.length }
}

const kinds: readonly (readonly [
  method: string,
  body: string | undefined,
  reuse: Reuse,
  isReused: boolean,
])[] = [
  ['GET', undefined, 'bodiless', true],
  ['GET', undefined, 'all', true],
  ['GET', undefined, 'none', false],
  ['POST', undefined, 'bodiless', true],
  ['POST', undefined, 'none', false],
  ['POST', 'a=b', 'bodiless', false],
  ['PUT', 'a=b', 'bodiless', false],
  ['POST', 'a=b', 'all', true],
  ['POST', 'a=b', 'none', false],
  ['DELETE', 'a=b', 'all', false],
  ['HEAD', undefined, 'all', false],
]
for (const [method, text, reuse, isReused] of kinds) {
  const what = `${method} ${text === undefined ? 'without a body' : 'with one'}, reuse: ${reuse}`
  t.test(`${what}: the connection is ${isReused ? '' : 'not '}used again`, async (t) => {
    const upstream = await startUpstream(() => sized)
    t.teardown(() => upstream.close())
    const pool = openPool(t, upstream.port, { most: 1 })
    const body = text === undefined ? {} : { body: Buffer.from(text), contentLength: text.length }
    await pool.ask({ method, reuse, ...body }).ended()
    t.equal(await pool.ask().ended(), '200 ok')
    t.equal(upstream.connections(), isReused ? 1 : 2)
    const said = new Map(upstream.requests[0]?.headers).get('connection')
    t.equal(said, isReused ? 'keep-alive' : 'close', 'and it is told so')
  })
}

t.test('what a body says is served as no request of its own', async (t) => {
  const body = Buffer.from('left to itself\r\n\r\n')
  const ask = async (reuse: Reuse) => {
    const { port, connections, lines } = await startCareless(t)
    const pool = openPool(t, port, { most: 1 })
    const posted = pool.ask({ method: 'POST', body, contentLength: body.length, reuse })
    t.equal(await posted.ended(), '200 ok')
    return { next: await pool.ask({ reuse }).ended(), connections: connections(), lines }
  }
  const { next, connections } = await ask('bodiless')
  t.equal(next, '200 ok', 'the next one gets its own answer')
  t.equal(connections, 2)
  const { lines } = await ask('all')
  t.equal(lines[1], 'left to itself', 'which is not so with every server')
})

t.test('the upstream closes what it was told to close, and holds no place meanwhile', async (t) => {
  const sockets: Socket[] = []
  const ends: string[] = []
  const port = await startRaw(t, (socket) => {
    sockets.push(socket)
    socket.on('data', () => socket.write(sized)).on('end', () => ends.push('gateway'))
  })
  const pool = openPool(t, port, { most: 1 })
  const ask = () => pool.ask({ method: 'POST', body: Buffer.from('a'), contentLength: 1, reuse: 'bodiless' })
  t.equal(await ask().ended(), '200 ok')
  t.equal(await ask().ended(), '200 ok', 'though the first connection is still open')
  t.ok(ends.length <= 1, 'one connection beside those in use waits for the upstream, no more')
  sockets[0]?.end()
  // An upstream that does not close is not waited for without end.
  await until(() => sockets.every((socket) => socket.destroyed))
})

t.test('what ends its connection leaves those at rest alone, while another can be opened', async (t) => {
  const upstream = await startUpstream(() => sized)
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port, { most: 2 })
  await pool.ask().ended()
  for (let i = 0; i < 3; i++)
    await pool.ask({ method: 'POST', body: Buffer.from('a'), contentLength: 1, reuse: 'bodiless' }).ended()
  await pool.ask().ended()
  t.equal(upstream.connections(), 4, 'one for the two GETs, one for each POST')
})
