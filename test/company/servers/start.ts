// Starts a server of the tables, and what it stands before.

import { appFile, listen, type Teardown } from '../programs/run.ts'
import type { ServerProgram } from './server.ts'

/** Ended with the test. Gives its port. */
export async function startServer(t: Teardown, server: ServerProgram, docroot: string): Promise<number> {
  const target = server.isBefore === true ? await startNode(t, docroot) : undefined
  const { port } = await listen(t, server.source, (place) =>
    server.command({ ...place, docroot, ...(target !== undefined && { target }) }),
  )
  return port
}

async function startNode(t: Teardown, docroot: string): Promise<number> {
  const { port } = await listen(t, { kind: 'checkout' }, ({ port }) => ({
    args: [appFile('node_app.cjs'), 'http', String(port), docroot],
  }))
  return port
}
