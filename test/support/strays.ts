// What a test process that was killed left behind: its servers are in no one's process group, so nobody else ends them.

import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { acquireLock } from '../../src/store/embedded/lock.ts'
import { readOwn, stopOrphan } from '../../src/store/embedded/orphan.ts'
import { inspectProcess, sendSignal } from '../../src/store/embedded/process.ts'
import { pidFileName } from './redis-service.ts'
import { folderPrefix, serviceParent } from './service.ts'

/** Ends the servers in folders whose maker is dead, and removes the folders. Leaves those of live processes alone. */
export async function removeStrays(parent: string = serviceParent()): Promise<void> {
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(folderPrefix))) {
    const folder = join(parent, name)
    const found = lstatSync(folder, { throwIfNoEntry: false })
    const isOurs = found?.isDirectory() === true && found.uid === process.getuid?.()
    if (!isOurs || !takeOver(folder)) continue
    await endRedis(folder)
    await endPostgres(folder)
    rmSync(folder, { recursive: true, force: true })
  }
}

// Without a lock nobody knows whose it is; it may be in the making.
function takeOver(folder: string): boolean {
  const lock = join(folder, 'lock')
  if (!existsSync(lock)) return false
  try {
    acquireLock(lock)
    return true
  } catch {
    return false
  }
}

/** Waits until it is gone: a signal says only that it shall. */
async function endRedis(folder: string): Promise<void> {
  const pid = Number.parseInt(readOwn(join(folder, pidFileName)), 10)
  const runs = () => inspectProcess(pid)?.command.includes(folder) === true
  if (!runs()) return
  sendSignal(pid, 'SIGKILL')
  for (let i = 0; i < 500 && runs(); i++) await sleep(10)
}

async function endPostgres(folder: string): Promise<void> {
  const data = join(folder, 'data')
  const { uid, gid } = lstatSync(data, { throwIfNoEntry: false }) ?? {}
  if (uid !== undefined && gid !== undefined)
    await stopOrphan({ data, place: { home: folder, owner: { uid, gid } } })
}
