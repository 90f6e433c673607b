// A sink that is a file: a batch is on the disk before it counts as taken. Opened anew for each, so that whoever moves it away
// needs to tell nobody.

import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { SendBatch } from './sink.ts'

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_RDWR } = constants
/** As 'a+', and not one to wait for whoever is at the other end of a pipe. */
const flags = O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY

export function createFileSink(path: string): SendBatch {
  return async (body) => {
    try {
      // It names people and addresses: its owner alone may read it, whoever that is made to be.
      const file = await open(path, flags, 0o600)
      try {
        // Of pipes and devices nobody knows what was taken, nor where a line was cut.
        if (!(await file.stat()).isFile()) return { error: 'not_a_regular_file' }
        await file.appendFile((await isCut(file)) ? `\n${body}` : body)
        await file.datasync()
      } finally {
        await file.close()
      }
      return { error: null }
    } catch (error) {
      const { code }: { code?: unknown } = Object(error)
      return { error: typeof code === 'string' ? code.toLowerCase() : 'unwritable' }
    }
  }
}

/** Whether its last line has no end: a disk was full, or a process ended. What was in it comes again, on a line of its own. */
async function isCut(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  if (size === 0) return false
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer[0] !== 0x0a
}
