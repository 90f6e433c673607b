// Preloaded into each process of the gateway (so it works at import): on SIGUSR1, of which the program makes nothing, it
// collects all garbage and writes what is left of its heap, in bytes, to the folder that LATCHKEY_TEST_HEAP names.

import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const folder = process.env['LATCHKEY_TEST_HEAP']
if (folder !== undefined) {
  setFlagsFromString('--expose-gc')
  const collectGarbage: unknown = runInNewContext('gc')
  const file = join(folder, String(process.pid))
  process.on('SIGUSR1', () => {
    if (typeof collectGarbage === 'function') collectGarbage()
    writeFileSync(`${file}.draft`, String(process.memoryUsage().heapUsed))
    renameSync(`${file}.draft`, file)
  })
}
