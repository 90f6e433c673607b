// The ports of a process: opened, and what is said where they cannot be.

import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Settings } from '../config/compiled.ts'
import { StartError } from './start-error.ts'

type Closable = Pick<FastifyInstance, 'listen' | 'server'>

/** Beyond them connections are closed as they come; those at rest make room for the next. */
export function boundConnections({ server }: Closable, most: number): void {
  server.maxConnections = most
  server.on('drop', () => server.closeIdleConnections())
}

/** Opens the port; gives its number. Throws a StartError. */
export async function listen(
  app: Closable,
  at: { host: string; port: number },
  name: keyof Settings,
): Promise<number> {
  // For `localhost` Fastify makes a second server, for ::1, which nothing of ours would guard.
  const host = at.host === 'localhost' ? '127.0.0.1' : at.host
  try {
    await app.listen({ host, port: at.port })
  } catch (error) {
    throw new StartError(explain(error, `${at.host}:${at.port}`, name))
  }
  const address: AddressInfo | string | null = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : at.port
}

function explain(error: unknown, place: string, name: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const mend = `Set ${name}.port (or ${name}.host) in the configuration, or free it.`
  if (code === 'EADDRINUSE') return `${place} is in use by another program. ${mend}`
  if (code === 'EACCES') return `${place} may not be opened by this user. ${mend}`
  if (code === 'EADDRNOTAVAIL') return `${place} is no address of this machine. ${mend}`
  return `${place} cannot be opened: ${error instanceof Error ? error.message : String(error)}. ${mend}`
}
