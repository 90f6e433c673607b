// What a request looks like on the wire, and what of it must be over before the next one.

import { Readable } from 'node:stream'
import t from 'tap'
import { plainAnswer, startUpstream } from '../../support/upstream.ts'
import { openPool, until } from './asked.ts'
import { startRaw } from './raw-upstream.ts'

const plain = '200 {"ok":true}'

t.test('a request on the wire', async (t) => {
  const cases: readonly [
    name: string,
    of: Parameters<ReturnType<typeof openPool>['ask']>[0],
    bytes: string,
  ][] = [
    ['no body', {}, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\n\r\n'],
    ['HEAD', { method: 'HEAD' }, 'HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'],
    [
      'POST without a body',
      { method: 'POST' },
      'POST / HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n',
    ],
    [
      'a body in one piece',
      { method: 'POST', body: Buffer.from('\u00e9\0', 'latin1'), contentLength: 2 },
      'POST / HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\n\u00e9\0',
    ],
    [
      'a body as it comes',
      { method: 'PUT', body: Readable.from([Buffer.from('ab'), Buffer.from('c')]), contentLength: 3 },
      'PUT / HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\ncontent-length: 3\r\n\r\nabc',
    ],
    [
      'a body of unknown length',
      { method: 'POST', body: Readable.from([Buffer.from('ab'), Buffer.alloc(17, 'c')]) },
      'POST / HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n' +
        '2\r\nab\r\n11\r\nccccccccccccccccc\r\n0\r\n\r\n',
    ],
    [
      'a body of unknown length that is empty',
      { method: 'POST', body: Readable.from([]) },
      'POST / HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n',
    ],
    [
      'a body of GET',
      { body: Readable.from([Buffer.from('ab')]), contentLength: 2 },
      'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 2\r\n\r\nab',
    ],
  ]
  for (const [name, of, bytes] of cases) {
    let seen = ''
    const port = await startRaw(t, (socket) => {
      socket.on('data', (chunk) => {
        seen += chunk.toString('latin1')
        if (seen.length >= bytes.length) socket.write(plainAnswer)
      })
    })
    const asked = openPool(t, port).ask(of)
    await asked.ended()
    t.equal(seen, bytes, name)
    t.equal(asked.isSent, true)
  }
})

t.test('a body that is not as long as announced ends the connection', async (t) => {
  let seen = ''
  let isClosed = false
  const port = await startRaw(t, (socket) => {
    socket.on('data', (chunk) => (seen += chunk.toString('latin1'))).on('close', () => (isClosed = true))
  })
  const body = Readable.from([Buffer.from('ab')])
  const asked = openPool(t, port).ask({ method: 'POST', body, contentLength: 3 })
  t.equal(await asked.ended(), 'Error')
  t.equal(asked.isSent, false)
  await until(() => isClosed)
  t.match(seen, /\r\n\r\nab$/)
})

t.test('an answer that comes before the end of the request ends the connection', async (t) => {
  let connections = 0
  let isClosed = false
  const port = await startRaw(t, (socket) => {
    connections++
    socket.once('data', () => socket.write(plainAnswer))
    socket.on('close', () => (isClosed = true))
  })
  const body = new Readable({ read() {} })
  body.push(Buffer.from('ab'))
  const pool = openPool(t, port, { most: 1 })
  const asked = pool.ask({ method: 'POST', body, contentLength: 3 })
  const next = pool.ask()
  t.equal(await asked.ended(), plain)
  t.equal(await next.ended(), plain)
  t.equal(connections, 2)
  await until(() => isClosed)
})

t.test('streamed bodies leave nothing behind on the connection', async (t) => {
  const upstream = await startUpstream()
  t.teardown(() => upstream.close())
  const pool = openPool(t, upstream.port, { most: 1 })
  const warned: Error[] = []
  const onWarning = (warning: Error) => void warned.push(warning)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  for (let i = 0; i < 30; i++) {
    const body = Readable.from([Buffer.from('ab')])
    t.equal(await pool.ask({ method: 'POST', body }).ended(), plain)
  }
  t.equal(upstream.connections(), 1)
  t.same(warned, [])
})
