// A port that a test may give up for a while and take again. Those that the system hands out are taken by any outgoing
// connection as soon as nobody listens on them.

import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** A free port of 127.0.0.1 below those that systems hand out by themselves. */
export async function stablePort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 32_000)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
