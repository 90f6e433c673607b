// Real receivers that fail, hang, redirect, flood, and whose names change what they lead to.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createSecure } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { createDestinationRule } from '../../../../src/control/webhooks/send/destination.ts'
import type { SocketDeps } from '../../../../src/control/webhooks/send/permitted-socket.ts'
import { post } from '../../../../src/control/webhooks/send/post.ts'
import { createResolve } from '../../../../src/control/webhooks/send/resolve.ts'
import { startReceiver } from '../receiver.ts'

const open = createDestinationRule(['127.0.0.0/8'])
const never = new AbortController().signal
const message = { headers: { 'content-type': 'application/json' }, body: '{"a":"ö"}' }

function depsOf(more: Partial<SocketDeps> = {}): SocketDeps {
  return { resolve: createResolve(), rule: open, timeoutMs: 10_000, ...more }
}

/** A name server: says for each name what `answers` gives at that moment, by type (1: A, 28: AAAA). */
async function startNames(
  t: Test,
  answers: (name: string, type: number) => readonly string[],
): Promise<string> {
  const socket = createSocket('udp4', (query, { port, address }) => {
    const labels: string[] = []
    let at = 12
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
    const type = query.readUInt16BE(at + 1)
    const found = answers(labels.join('.'), type)
    const head = Buffer.from([query[0] ?? 0, query[1] ?? 0, 0x81, 0x80, 0, 1, 0, found.length, 0, 0, 0, 0])
    const records = found.map((text) => {
      const bytes = type === 1 ? Buffer.from(text.split('.').map(Number)) : v6(text)
      return Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, bytes.length]), bytes])
    })
    socket.send(Buffer.concat([head, query.subarray(12, at + 5), ...records]), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.teardown(() => void socket.close())
  return `127.0.0.1:${socket.address().port}`
}

/** `::1` and `::ffff:127.0.0.1` are all that is asked for. */
function v6(text: string): Buffer {
  return Buffer.from(text === '::1' ? '00'.repeat(15) + '01' : `${'00'.repeat(10)}ffff7f000001`, 'hex')
}

void t.test('2xx is taken, all else is not, and a redirect is not followed', async (t) => {
  let status = 200
  const other = await startReceiver(t)
  const { url, told } = await startReceiver(t, (_, response) => {
    response.writeHead(status, { location: other.url, 'retry-after': '7' }).end('x')
  })
  for (const [given, error] of [
    [200, null],
    [204, null],
    [299, null],
    [301, 'redirect'],
    [307, 'redirect'],
    [400, 'status'],
    [410, 'status'],
    [500, 'status'],
  ] as const) {
    status = given
    t.match(await post(depsOf(), { ...message, url }, never), { status: given, error }, String(given))
  }
  t.equal(other.told.length, 0)
  t.match(await post(depsOf(), { ...message, url }, never), { retryAfterMs: 7_000 })
  t.match(told[0], {
    body: message.body,
    headers: { 'content-type': 'application/json', connection: 'close' },
  })
})

void t.test(
  'who hangs, before the head, in it, or in the body, holds nobody for longer than the time',
  async (t) => {
    const hanging = await startReceiver(t, () => undefined)
    t.match(await post(depsOf({ timeoutMs: 300 }), { ...message, url: hanging.url }, never), {
      error: 'timeout',
    })
    const heads = createServer((socket) => void socket.on('error', () => undefined).write('HTTP/1.1 200 O'))
    heads.listen(0, '127.0.0.1')
    await once(heads, 'listening')
    t.teardown(() => void heads.close())
    const at = `http://127.0.0.1:${(heads.address() as AddressInfo).port}/`
    t.match(await post(depsOf({ timeoutMs: 300 }), { ...message, url: at }, never), { error: 'timeout' })
    const bodies = await startReceiver(t, (_, response) => void response.writeHead(200).write('x'))
    const late = await post(depsOf({ timeoutMs: 600 }), { ...message, url: bodies.url }, never)
    t.match(late, { error: null, status: 200 }, 'its status has come')
    const aborter = new AbortController()
    const ended = post(depsOf(), { ...message, url: hanging.url }, aborter.signal)
    aborter.abort()
    t.match(await ended, { error: 'timeout' })
  },
)

void t.test('an endless body is not read, and what is no HTTP is no answer', async (t) => {
  let written = 0
  const flood = await startReceiver(t, (_, response) => {
    const piece = Buffer.alloc(64 * 1024)
    const more = () => {
      do written += piece.length
      while (!response.destroyed && response.write(piece))
    }
    response.on('error', () => undefined).on('drain', more)
    more()
  })
  t.match(await post(depsOf(), { ...message, url: flood.url }, never), { error: null, status: 200 })
  t.ok(written > 0 && written < 64 * 1024 * 1024, `${written} bytes`)
  const junk = createServer((socket) => void socket.on('error', () => undefined).end('SSH-2.0-x\r\n'))
  junk.listen(0, '127.0.0.1')
  await once(junk, 'listening')
  t.teardown(() => void junk.close())
  const at = `http://127.0.0.1:${(junk.address() as AddressInfo).port}/`
  t.match(await post(depsOf(), { ...message, url: at }, never), { error: 'protocol' })
  const away = await startReceiver(t)
  await away.close()
  t.match(await post(depsOf(), { ...message, url: away.url }, never), { error: 'connect' })
})

void t.test('an address that is not permitted is not connected to, however it is come by', async (t) => {
  let connections = 0
  const counter = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  counter.listen(0, '127.0.0.1')
  await once(counter, 'listening')
  t.teardown(() => void counter.close())
  const { port } = counter.address() as AddressInfo
  let answer: readonly string[] = ['127.0.0.1']
  const server = await startNames(t, (_, type) => answer.filter((one) => one.includes(':') === (type === 28)))
  const closed = depsOf({ rule: createDestinationRule([]), resolve: createResolve({ servers: [server] }) })
  for (const host of ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', 'localhost', 'inner.names.test'])
    t.match(
      await post(closed, { ...message, url: `https://${host}:${port}/` }, never),
      { error: 'private_address', status: null },
      host,
    )
  for (const one of [['::1'], ['::ffff:127.0.0.1'], ['127.0.0.1', '::1'], ['169.254.169.254']]) {
    answer = one
    const url = `https://inner.names.test:${port}/`
    t.match(await post(closed, { ...message, url }, never), { error: 'private_address' }, one.join())
  }
  answer = []
  t.match(await post(closed, { ...message, url: `https://none.names.test:${port}/` }, never), {
    error: 'name',
  })
  t.equal(connections, 0)
})

void t.test('a name that led elsewhere before is looked at anew each time', async (t) => {
  const receiver = await startReceiver(t)
  let answer = '127.0.0.2'
  const server = await startNames(t, (_, type) => (type === 1 ? [answer] : []))
  const rule = createDestinationRule(['127.0.0.1'])
  const deps = depsOf({ rule, resolve: createResolve({ servers: [server] }) })
  const url = `http://changing.names.test:${receiver.port}/hook`
  t.match(await post(deps, { ...message, url }, never), { error: 'private_address' })
  answer = '127.0.0.1'
  t.match(await post(deps, { ...message, url }, never), { error: null, status: 200 })
  t.equal(receiver.told[0]?.headers['host'], `changing.names.test:${receiver.port}`)
  answer = '127.0.0.2'
  t.match(await post(deps, { ...message, url }, never), { error: 'private_address' })
  t.equal(receiver.told.length, 1)
})

void t.test('a certificate of another name, or of nobody known, is refused', async (t) => {
  const folder = new URL('../../../../../test/support/tls/', import.meta.url)
  const read = (name: string) => readFileSync(new URL(name, folder))
  const server = createSecure({ cert: read('server.pem'), key: read('server.key') }, (request, response) => {
    request.resume().on('end', () => response.end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const { port } = server.address() as AddressInfo
  t.match(await post(depsOf(), { ...message, url: `https://127.0.0.1:${port}/` }, never), { error: 'tls' })
  const plain = await startReceiver(t)
  t.match(await post(depsOf(), { ...message, url: `https://127.0.0.1:${plain.port}/` }, never), {
    error: 'tls',
  })
})
