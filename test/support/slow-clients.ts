// A process that holds many slow connections: each sends the head of a request byte by byte and never comes to its end.
// Started by slow-load.ts with a port and a number; says how many it holds when it has them all, and when asked.

import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const [port = 0, count = 0] = process.argv.slice(2).map(Number)
const sockets = new Set<Socket>()
const atOnce = 100

if (process.send !== undefined && count > 0) {
  process.on('message', tell)
  process.on('disconnect', () => process.exit(0))
  await openAll()
  tell()
  // Each goes on a little every second, in turn with the others.
  setInterval(dribble, 100)
}

function tell(): void {
  process.send?.({ held: sockets.size })
}

async function openAll(): Promise<void> {
  while (sockets.size < count) {
    await Promise.all(Array.from({ length: Math.min(atOnce, count - sockets.size) }, open))
  }
}

function open(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      sockets.add(socket)
      socket.write('GET /v1/status HTTP/1.1\r\nHost: api.flintn.com\r\nX-Slow: ')
      resolve()
    })
    socket.on('error', () => void sleep(100).then(resolve))
    socket.on('close', () => sockets.delete(socket))
    socket.resume()
  })
}

function dribble(): void {
  let i = Math.floor(performance.now() / 100) % 10
  for (const socket of sockets) if (i++ % 10 === 0) socket.write('x')
}
