// Started as a process of its own: a target of an upstream that answers each request with its target, from a Node server
// as many are. Says its port.

import { createServer } from 'node:http'

const server = createServer((request, response) => {
  // As one that asks a database: some requests are under way at any time.
  setTimeout(() => {
    response.writeHead(200, { 'content-type': 'text/plain' }).end(`${request.method} ${request.url}`)
  }, 2)
  request.resume()
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0)
})
process.on('disconnect', () => process.exit())
