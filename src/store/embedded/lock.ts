// A lock file for one folder: one running program at a time, and a program that was killed leaves no lock behind that
// somebody would have to remove by hand. The holder is named by pid and start time, because pids are given out again.

import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { inspectProcess } from './process.ts'

interface Holder {
  pid: number
  startedAt: string
}

/**
 * Takes the lock file `path` for this process and gives the function that frees it.
 * Throws an error that names the pid if a live process (this one too) holds it; a dead one's lock is replaced.
 */
export function acquireLock(path: string): () => void {
  const own = JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) } satisfies Holder)
  for (let attempt = 0; attempt < 10; attempt++) {
    if (place(path, own)) return () => free(path, own)
    const text = read(path)
    if (text === undefined) continue
    const holder = parse(text)
    if (holder !== undefined && startOf(holder.pid) === holder.startedAt) {
      throw new Error(`${path} is held by process ${holder.pid}, which is running: stop it first`)
    }
    removeStale(path, text)
  }
  throw new Error(`${path}: other processes keep taking this lock; try again`)
}

// A hard link appears whole or not at all, so nobody ever reads half a lock.
function place(path: string, text: string): boolean {
  const draft = beside(path)
  writeFileSync(draft, text, { flag: 'wx', mode: 0o600 })
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

// Two starts may find the same stale lock: the slower one would remove the faster one's new lock. So it is moved away
// first, looked at again, and put back if it is not the stale one.
function removeStale(path: string, staleText: string): void {
  const aside = beside(path)
  try {
    renameSync(path, aside)
  } catch {
    return
  }
  if (read(aside) !== staleText) {
    try {
      linkSync(aside, path)
    } catch {
      // A third start was faster; its holder finds out by `free`, which removes only its own text.
    }
  }
  rmSync(aside, { force: true })
}

function free(path: string, own: string): void {
  if (read(path) === own) rmSync(path, { force: true })
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function parse(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('startedAt' in value))
      return undefined
    if (typeof value.pid !== 'number' || typeof value.startedAt !== 'string') return undefined
    return { pid: value.pid, startedAt: value.startedAt }
  } catch {
    return undefined
  }
}

function startOf(pid: number): string {
  return inspectProcess(pid)?.startedAt ?? 'unknown'
}

function beside(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
}
