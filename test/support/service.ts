// A server of a test's own, to be killed, frozen and brought back at will.

import { mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isReachableByAll } from '../../src/store/embedded/place.ts'

export interface Service {
  /** Stays the same over a restart. */
  readonly url: string
  readonly port: number
  /** Of the server that runs now, or ran last. */
  readonly pid: number
  /** SIGSTOP and SIGCONT freeze and thaw it with all its children; any other signal resolves when it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Starts it again on the same port, after `kill`. */
  restart(): Promise<void>
  /** Ends it and removes its folder. */
  stop(): Promise<void>
}

/** Signals after which a process is still there. */
export const passingSignals: readonly NodeJS.Signals[] = [
  'SIGSTOP',
  'SIGCONT',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
]

/** A new folder for a server's data, where an unprivileged user can reach it if we are root. */
export function makeServiceFolder(kind: 'postgres' | 'redis'): string {
  const parent = [tmpdir(), '/tmp', '/var/tmp'].find(
    (path) => process.getuid?.() !== 0 || isReachableByAll(path),
  )
  return mkdtempSync(join(realpathSync(parent ?? tmpdir()), `latchkey-test-${kind}-`))
}
