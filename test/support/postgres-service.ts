// A private Postgres for tests: from the installed programs, else from those that npm brings.

import { accessSync, chmodSync, constants, readdirSync, realpathSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { type ProgramFolder, prepareBinaries } from '../../src/store/embedded/binaries.ts'
import { prepareCluster } from '../../src/store/embedded/cluster.ts'
import { type Place, unprivilegedUser } from '../../src/store/embedded/place.ts'
import { type Postmaster, startPostmaster } from '../../src/store/embedded/postmaster.ts'
import { childrenOf, sendSignal } from '../../src/store/embedded/process.ts'
import { makeServiceFolder, passingSignals, type Service } from './service.ts'

// Nothing here outlives the run, so nothing has to survive the loss of the machine's power.
const settings = { fsync: 'off', full_page_writes: 'off', max_connections: '200' }

export interface PostgresService extends Service {
  /** The data folder. */
  readonly data: string
}

/**
 * Starts a Postgres of its own, with an empty database; its user may create others. Ends with this process at the latest.
 * LATCHKEY_TEST_POSTGRES=npm: the one that npm brings, whatever is installed.
 */
export async function startPostgres(
  from: 'system' | 'npm' = process.env['LATCHKEY_TEST_POSTGRES'] === 'npm' ? 'npm' : 'system',
): Promise<PostgresService> {
  const home = makeServiceFolder('postgres')
  chmodSync(home, 0o711)
  const place: Place = { home, owner: process.getuid?.() === 0 ? unprivilegedUser() : undefined }
  try {
    const cluster = await prepareCluster(
      place,
      (from === 'npm' ? undefined : findInstalled()) ?? prepareBinaries(place, () => {}),
    )
    const first = await startPostmaster({ cluster, settings })
    const restart = (): Promise<Postmaster> => startPostmaster({ cluster, settings, port: first.port })
    return Object.assign(control(first, restart, home), { data: cluster.data })
  } catch (error) {
    rmSync(home, { recursive: true, force: true })
    throw error
  }
}

function control(first: Postmaster, start: () => Promise<Postmaster>, home: string): Service {
  let server = first
  const signalAll = (signal: NodeJS.Signals): void => {
    const children = childrenOf(server.pid)
    // The postmaster first: it would answer the death of a child with a restart of all.
    for (const pid of [server.pid, ...children]) sendSignal(pid, signal)
  }
  return {
    url: first.url,
    port: first.port,
    get pid() {
      return server.pid
    },
    async kill(signal) {
      if (passingSignals.includes(signal) || signal === 'SIGKILL') signalAll(signal)
      else sendSignal(server.pid, signal)
      if (!passingSignals.includes(signal)) await server.untilEnded()
    },
    async restart() {
      server = await start()
    },
    async stop() {
      signalAll('SIGCONT')
      await server.stop()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** The folder of the newest installed Postgres (14 or later), if there is one. */
export function findInstalled(): ProgramFolder | undefined {
  const versioned = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt']
    .flatMap((parent) => list(parent).map((name) => join(parent, name)))
    .filter((path) => /\/(postgresql\/|postgresql@)\d+$/.test(path) && majorOf(path) >= 14)
    .toSorted((a, b) => majorOf(b) - majorOf(a))
    .map((path) => join(path, 'bin'))
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)
  const folder = [...versioned, ...onPath].find((path) =>
    ['initdb', 'postgres'].every((name) => canRun(path, name)),
  )
  // On the PATH they may be links; Postgres finds its own files from where it really is.
  return folder === undefined ? undefined : dirname(realpathSync(join(folder, 'postgres')))
}

function majorOf(path: string): number {
  return Number(/\d+$/.exec(path)?.[0] ?? 0)
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function canRun(folder: string, name: string): boolean {
  try {
    accessSync(join(folder, name), constants.X_OK)
    return true
  } catch {
    return false
  }
}
