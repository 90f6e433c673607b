// A sink that is a file: a batch is on the disk before it counts as taken. Opened anew for each, so that whoever moves it away
// needs to tell nobody.

import { type FileHandle, open } from 'node:fs/promises'
import type { SendBatch } from './sink.ts'

export function createFileSink(path: string): SendBatch {
  return async (body) => {
    try {
      // It names people and addresses: its owner alone may read it, whoever that is made to be.
      const file = await open(path, 'a+', 0o600)
      try {
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
