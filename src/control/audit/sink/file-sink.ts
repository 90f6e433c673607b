// A sink that is a file: a batch is on the disk before it counts as taken. Opened anew for each, so that whoever moves it away
// needs to tell nobody.

import { open } from 'node:fs/promises'
import type { SendBatch } from './sink.ts'

export function createFileSink(path: string): SendBatch {
  return async (body) => {
    try {
      // It names people and addresses: its owner alone may read it, whoever that is made to be.
      const file = await open(path, 'a', 0o600)
      try {
        await file.appendFile(body)
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
