// A named pipe as a process's output, and a reader whom a test lets read, or not.

import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface UnreadPipe {
  /** To be handed to a process; never waits itself. */
  readonly writeEnd: number
  /** The same, opened once more. */
  reopen(): number
  /** All that is there now. */
  read(): string
  /** The reader goes. */
  leave(): void
  /** And comes back. */
  comeBack(): void
}

interface Teardown {
  teardown(fn: () => Promise<void> | void): unknown
}

/** Makes a pipe with a reader that does not read. */
export async function makeUnreadPipe(t: Teardown): Promise<UnreadPipe> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-pipe-'))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const openReader = () => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  let reader: number | undefined = openReader()
  const writers: number[] = []
  const openWriter = () => {
    const fd = openSync(path, constants.O_WRONLY)
    writers.push(fd)
    return fd
  }
  const leave = () => {
    if (reader !== undefined) closeSync(reader)
    reader = undefined
  }
  const writeEnd = openWriter()
  t.teardown(async () => {
    leave()
    for (const fd of writers) closeSync(fd)
    await rm(folder, { recursive: true, force: true })
  })
  return {
    writeEnd,
    reopen: openWriter,
    read: () => (reader === undefined ? '' : readAll(reader)),
    leave,
    comeBack() {
      reader ??= openReader()
    },
  }
}

/** Until there is nothing; the pipe does not wait. */
function readAll(fd: number): string {
  const chunks: Buffer[] = []
  for (;;) {
    const chunk = Buffer.alloc(64 * 1024)
    try {
      const length = readSync(fd, chunk)
      if (length === 0) break
      chunks.push(chunk.subarray(0, length))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') break
      throw error
    }
  }
  return Buffer.concat(chunks).toString()
}
