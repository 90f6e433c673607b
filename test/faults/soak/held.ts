// What a process holds: memory, what of its heap is in use, descriptors.

import { readdirSync, readFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '../../main/fleet.ts'

export interface Held {
  readonly pid: number
  readonly residentMiB: number
  /** After a collection of all garbage. */
  readonly heapMiB: number
  readonly descriptors: number
}

/** Asks one that has `live-heap` preloaded with this folder. */
export async function heldBy(pid: number, heapFolder: string): Promise<Held> {
  // Before the collection, which gives memory back.
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const descriptors = readdirSync(`/proc/${pid}/fd`).length
  const file = join(heapFolder, String(pid))
  await rm(file, { force: true })
  process.kill(pid, 'SIGUSR1')
  let bytes = ''
  await until(async () => (bytes = await readFile(file, 'utf8').catch(() => '')) !== '')
  return {
    pid,
    residentMiB: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024,
    heapMiB: Number(bytes) / 1024 ** 2,
    descriptors,
  }
}
