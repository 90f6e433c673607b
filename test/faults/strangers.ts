// Started as a process of its own (child.ts): clients without a key who do what costs a gateway most, each kind by
// itself, all at once. Arguments: port of the gateway, milliseconds for which to go on, kinds (all unless said). Says how many requests of each
// kind it has sent when it has ended. Each kind comes from an address of its own, where the machine has more than one.

import { connect, type Socket } from 'node:net'
import { constants, setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

const [, , port, forMs, only] = process.argv
const endsAt = performance.now() + Number(forMs)
const isGoingOn = () => performance.now() < endsAt
const sent: Record<string, number> = {}
// They stand for machines of their own, which take no processor from the gateway and its customers.
setPriority(constants.priority.PRIORITY_LOW)

const host = 'Host: api.example.com\r\n'
const chunked = `${host}Transfer-Encoding: chunked\r\n\r\n`

/** One of a kind: goes on until the time is over. */
type Kind = (open: () => Promise<Socket>, count: () => void) => Promise<void>

/** Bodies that bring a byte now and then. */
const never: Kind = async (open, count) => {
  while (isGoingOn()) {
    const socket = await open()
    count()
    socket.resume().write(`GET /v1/open HTTP/1.1\r\n${chunked}1\r\nx\r\n`)
    const timer = setInterval(() => socket.write('1\r\nx\r\n'), 4_000)
    await Promise.race([closed(socket), sleep(Math.max(0, endsAt - performance.now()))])
    clearInterval(timer)
    socket.destroy()
  }
}

/** Bodies of many tiny pieces. */
const crumbs: Kind = async (open, count) => {
  const body = `${'1\r\nx\r\n'.repeat(50_000)}0\r\n\r\n`
  while (isGoingOn()) {
    const socket = await open()
    count()
    socket.resume().write(`POST /v1/open HTTP/1.1\r\n${chunked}${body}`)
    await Promise.race([heard(socket), sleep(5_000)])
    socket.destroy()
    await sleep(50)
  }
}

/** Heads that list much, and heads far over the limits. */
const heads: Kind = async (open, count) => {
  const within = 'Connection: a,a,a,a,a,a,a\r\n'.repeat(150)
  const beyond = 'Connection: a,a,a,a,a,a,a\r\n'.repeat(2_000)
  for (let i = 0; isGoingOn(); i++) {
    const socket = await open()
    count()
    socket.resume().write(`GET /v1/open HTTP/1.1\r\n${host}${i % 2 === 0 ? within : beyond}\r\n`)
    await Promise.race([heard(socket), sleep(5_000)])
    socket.destroy()
    await sleep(20)
  }
}

/** Refusals that nobody reads: as many as the kernel takes, and the connection reset with them. */
const unread: Kind = async (open, count) => {
  const pipelined = 'GET /v1/a HTTP/1.1\r\nHost: nobody.example.com\r\n\r\n'.repeat(1_500)
  while (isGoingOn()) {
    const socket = (await open()).pause()
    for (let i = 0; i < 10 && isGoingOn() && !socket.destroyed; i++) {
      count()
      // What the other side does not take is not kept here either.
      if (socket.writableLength === 0) socket.write(pipelined)
      await sleep(2_000)
    }
    socket.destroy()
  }
}

/** Whole requests whose client is gone at once. */
const gone: Kind = async (open, count) => {
  while (isGoingOn()) {
    const socket = await open()
    count()
    socket.write(`GET /v1/open HTTP/1.1\r\n${host}\r\n`, () => void socket.resetAndDestroy())
    await sleep(10)
  }
}

/** Keys that are none. */
const junk: Kind = async (open, count) => {
  while (isGoingOn()) {
    const socket = await open()
    for (let i = 0; i < 20 && isGoingOn() && !socket.destroyed; i++) {
      count()
      socket.write(`GET /v1/a HTTP/1.1\r\n${host}X-Api-Key: live_${i}\r\n\r\n`)
      await Promise.race([heard(socket), sleep(2_000)])
    }
    socket.destroy()
  }
}

const kinds: Readonly<Record<string, readonly [kind: Kind, clients: number]>> = {
  never: [never, 100],
  crumbs: [crumbs, 4],
  heads: [heads, 2],
  unread: [unread, 10],
  gone: [gone, 2],
  junk: [junk, 4],
}

await Promise.all(
  Object.entries(kinds).flatMap(([name, [kind, clients]], place) => {
    if (only !== undefined && !only.split(',').includes(name)) return []
    const localAddress = process.platform === 'linux' ? `127.0.2.${place + 1}` : '127.0.0.1'
    sent[name] = 0
    return Array.from({ length: clients }, () =>
      kind(
        () => openFrom(localAddress),
        () => (sent[name] = (sent[name] ?? 0) + 1),
      ),
    )
  }),
)
// Its parent ends it: who ends by himself may be gone before his last word is heard.
process.send?.(sent)

/** Its next answer, or its end. */
function heard(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('data', done).off('close', done)
      resolve()
    }
    socket.once('data', done).once('close', done)
  })
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

async function openFrom(localAddress: string): Promise<Socket> {
  for (;;) {
    const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress })
    socket.on('error', () => {})
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('close', () => resolve(false))
    })
    // Once the time is over a closed one will do.
    if (isOpen || !isGoingOn()) return socket
    await sleep(50)
  }
}
