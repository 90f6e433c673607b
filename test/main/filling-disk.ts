// A file on a disk that is full for a while, in two ways: a disk of its own, which only root may have, and the limit that
// the system puts on the size of a process's files, which everybody may lower and raise again.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface FillingDisk {
  /** Of a file that is on it. */
  readonly file: string
  /** From now on nothing more is taken of this process and of those that it has started. */
  fill(pid: number): void
  /** There is room again. */
  makeRoom(): void
}

interface Teardown {
  teardown(fn: () => Promise<void> | void): unknown
}

async function makeFolder(t: Teardown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-disk-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Root in a container may often not. */
export function canHaveOwnDisk(): boolean {
  const tried = 'mount -t tmpfs tmpfs "$0" && umount "$0"'
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-disk-'))
  try {
    return process.getuid?.() === 0 && spawnSync('sh', ['-c', tried, folder]).status === 0
  } finally {
    rmdirSync(folder)
  }
}

/** A disk of 1 MiB, removed with the test. */
export async function ownDisk(t: Teardown): Promise<FillingDisk> {
  const folder = await makeFolder(t)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
  t.teardown(() => void execFileSync('umount', ['-l', folder]))
  const ballast = join(folder, 'ballast')
  return {
    file: join(folder, 'log'),
    fill() {
      try {
        writeFileSync(ballast, Buffer.alloc(2 * 1024 * 1024))
      } catch (error) {
        if (Object(error).code === 'ENOSPC') return
        throw error
      }
      throw new Error('it is not full')
    },
    makeRoom: () => rmSync(ballast),
  }
}

/** A file that may not grow for a while. */
export async function limitedFile(t: Teardown): Promise<FillingDisk> {
  const file = join(await makeFolder(t), 'log')
  let limited: readonly number[] = []
  const limit = (pid: number, bytes: number | 'unlimited'): void => {
    try {
      execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`])
    } catch (error) {
      throw new Error('this test limits the size of files by `prlimit`, of util-linux', { cause: error })
    }
  }
  return {
    file,
    fill(pid) {
      limited = withChildren(pid)
      const { size } = statSync(file)
      for (const one of limited) limit(one, size)
    },
    makeRoom() {
      for (const one of limited) limit(one, 'unlimited')
    },
  }
}

function withChildren(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return [
    pid,
    ...(children === '' ? [] : children.split(' ').flatMap((child) => withChildren(Number(child)))),
  ]
}
