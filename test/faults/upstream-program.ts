// Started as a process of its own (child.ts): an upstream that answers each GET with 200 and keeps nothing. Says its port.

import { createServer } from 'node:net'

const plainAnswer =
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'

const server = createServer((socket) => {
  let rest = ''
  socket.on('error', () => {})
  socket.on('data', (bytes) => {
    const heads = (rest + bytes.toString('latin1')).split('\r\n\r\n')
    rest = heads.pop() ?? ''
    if (heads.length > 0) socket.write(plainAnswer.repeat(heads.length))
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0)
})
process.on('disconnect', () => process.exit())
