// An upstream made of Node's own HTTP server: for what needs streams rather than exact bytes.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

/** Starts one on a free port, ended with the test; gives its URL. */
export async function startHttpUpstream(
  t: Teardown,
  serve: (incoming: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(serve).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}
