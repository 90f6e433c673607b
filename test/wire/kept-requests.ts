// What the tests of the look-up of requests share.

import { createServer } from 'node:net'
import { once } from 'node:events'
import type { TestProgram } from '../support/program.ts'

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** What is known of a request, once it is stored or certain not to be. */
export async function lookUp({ admin, program }: TestProgram, id: string) {
  for (let tries = 0; ; tries++) {
    // Before it is asked for: what waits then is stored later.
    const waiting = /^latchkey_requests_waiting\{[^}]*\} (\d+)$/m.exec(await program.metrics.text())?.[1]
    const found = await admin.call('GET', `/requests/${id}`)
    if (found.status === 200 || (waiting === '0' && tries > 5)) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
