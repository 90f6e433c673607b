// The embedded database of the demo: a private Postgres from the programs that npm brings, on 127.0.0.1, for one
// running program at a time. Knows folders, users and processes; knows nothing of the tables in it.
//
// A person may end us in any way: Ctrl-C, SIGKILL in the middle of the first start, a reboot. Each must leave a folder on
// which the next start succeeds: see lock.ts, cluster.ts (nothing half-made counts) and postmaster.ts (orphans).

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { prepareBinaries } from './embedded/binaries.ts'
import { prepareCluster } from './embedded/cluster.ts'
import { acquireLock } from './embedded/lock.ts'
import { stopOrphan } from './embedded/orphan.ts'
import { choosePlace } from './embedded/place.ts'
import { type Postmaster, startPostmaster } from './embedded/postmaster.ts'

export interface EmbeddedPostgresOptions {
  /** The folder that the database belongs to (`.latchkey/` beside the config file); made if missing. */
  directory: string
  /** Takes one line at a time: where the data is, what was mended. No secret is in it. */
  log?: (line: string) => void
}

export interface EmbeddedPostgres {
  /** `postgres://…` of a superuser, with its password: a secret. */
  url: string
  /** The folder that holds data, log and password: `<directory>/postgres`, or a folder of its own as root. */
  home: string
  /** The server's process. */
  pid: number
  /** Stops the server and waits until it is gone. Repeating it is harmless. */
  stop(): Promise<void>
}

/**
 * Starts the embedded Postgres of `directory`, making its data the first time, and resolves when it answers queries.
 * As root it runs as an unprivileged user in a folder of its own (contract 3); the log says where.
 * Throws if the optional npm package is missing, if another live process uses the folder (named by pid), or if the
 * server does not start (with the end of its log).
 */
export async function startEmbeddedPostgres({
  directory,
  log = () => {},
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const place = choosePlace(directory)
  const unlock = acquireLock(join(place.home, 'lock'))
  try {
    const user =
      place.owner === undefined ? '' : `, as user ${place.owner.uid} because Postgres does not run as root`
    log(`embedded Postgres: data in ${place.home}${user}`)
    const cluster = await prepareCluster(place, prepareBinaries(place, log))
    const server = await startPostmaster({ cluster })
    return handOut({ server, home: place.home, unlock, log })
  } catch (error) {
    unlock()
    throw error
  }
}

/** Removes the data of `directory`, and stops a server that was left on it. Throws if a live process uses the folder. */
export async function eraseEmbeddedPostgres(directory: string): Promise<void> {
  const place = choosePlace(directory)
  const unlock = acquireLock(join(place.home, 'lock'))
  try {
    const data = join(place.home, 'data')
    await stopOrphan({ data, place })
    for (const path of [data, join(place.home, 'password')]) rmSync(path, { recursive: true, force: true })
  } finally {
    unlock()
  }
}

interface Started {
  server: Postmaster
  home: string
  unlock: () => void
  log: (line: string) => void
}

function handOut({ server, home, unlock, log }: Started): EmbeddedPostgres {
  let isStopping = false
  const reportEnd = async (): Promise<void> => {
    await server.ended
    if (!isStopping) log(`embedded Postgres: ended by itself; see ${join(home, 'postgres.log')}`)
  }
  void reportEnd()
  const stop = async (): Promise<void> => {
    isStopping = true
    await server.stop()
    unlock()
  }
  return { url: server.url, home, pid: server.pid, stop }
}
