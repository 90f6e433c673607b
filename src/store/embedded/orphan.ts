// The server that a killed program left behind: found by the pid file in its data folder, and stopped.

import { closeSync, constants, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'
import { inspectProcess, type ProcessFacts } from './process.ts'
import { endServer } from './shutdown.ts'

type DataFolder = Pick<Cluster, 'data' | 'place'>

/** Stops the server that runs on the data of `cluster`, if there is one, and waits until it is gone. */
export async function stopOrphan(cluster: DataFolder): Promise<void> {
  const pidFile = join(cluster.data, 'postmaster.pid')
  const pid = Number.parseInt(readOwn(pidFile), 10)
  const found = inspectProcess(pid)
  if (found === undefined) return
  if (isServerOf(cluster, found)) await endServer(pid, untilReplaced(pid, found))
  // Postgres would take a stranger that was given the stale pid for a server of its own, and refuse to start.
  else rmSync(pidFile, { force: true })
}

/** The text of a file, '' if it cannot be read. Follows no link: the folder may belong to the database's user. */
export function readOwn(path: string): string {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      return readFileSync(file, 'utf8')
    } finally {
      closeSync(file)
    }
  } catch {
    return ''
  }
}

// The pid file belongs to the database's user, and this program may be root: no signal goes to a process on the word of
// that file alone. It must run Postgres on our folder, as that user.
function isServerOf({ data, place }: DataFolder, { uid, command }: ProcessFacts): boolean {
  return uid === (place.owner?.uid ?? process.getuid?.()) && command.includes(`postgres -D ${data} -c `)
}

async function untilReplaced(pid: number, { startedAt }: ProcessFacts): Promise<void> {
  while (inspectProcess(pid)?.startedAt === startedAt) await sleep(20)
}
