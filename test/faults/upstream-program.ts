// Started as a process of its own (child.ts): an upstream that answers each request with 200 when all of it has come, and keeps nothing.
// Arguments: each answer comes so many milliseconds later, at least and at most. Says its port.

import { createServer, type Socket } from 'node:net'

const plainAnswer =
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'

const [least, most] = [Number(process.argv[2] ?? 0), Number(process.argv[3] ?? 0)]

function answer(socket: Socket): void {
  if (most === 0) socket.write(plainAnswer)
  else setTimeout(() => socket.write(plainAnswer), least + Math.random() * (most - least))
}

const server = createServer((socket) => {
  let rest = ''
  let isInBody = false
  socket.on('error', () => {})
  socket.on('data', (bytes) => {
    rest += bytes.toString('latin1')
    for (;;) {
      const end = isInBody ? '0\r\n\r\n' : '\r\n\r\n'
      const at = rest.indexOf(end)
      if (at === -1) break
      const head = rest.slice(0, at)
      rest = rest.slice(at + end.length)
      isInBody = !isInBody && head.toLowerCase().includes('transfer-encoding: chunked')
      if (!isInBody) answer(socket)
    }
    // Of a body only what may be the beginning of its end.
    if (isInBody) rest = rest.slice(-4)
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0)
})
process.on('disconnect', () => process.exit())
