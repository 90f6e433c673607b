// A server of a test's own, to be killed, frozen and brought back at will.

import { mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { acquireLock } from '../../src/store/embedded/lock.ts'
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

/**
 * A new folder for a server's data, where an unprivileged user can reach it if we are root. It is locked in the name of
 * this process, so that the next run can tell whether it was left behind (strays.ts).
 */
export function makeServiceFolder(kind: 'postgres' | 'redis'): string {
  const folder = mkdtempSync(join(serviceParent(), `${folderPrefix}${kind}-`))
  acquireLock(join(folder, 'lock'))
  return folder
}

/** How the folders' names begin. */
export const folderPrefix = 'latchkey-test-'

/** The folder that holds them. */
export function serviceParent(): string {
  const parent = [tmpdir(), '/tmp', '/var/tmp'].find(
    (path) => process.getuid?.() !== 0 || isReachableByAll(path),
  )
  return realpathSync(parent ?? tmpdir())
}
