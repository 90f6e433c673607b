// Started as a program with flags of its own: reads configurations one after another as a process that serves does, and says
// what became of each.

import { loadConfig } from '../../src/config/load.ts'

// As the servers of a process do, which the thread does not.
const alive = setInterval(() => {}, 1_000)
for (const file of process.argv.slice(2)) {
  const loaded = await loadConfig(file, {}, { isServing: true })
  console.log(JSON.stringify({ ok: loaded.ok, files: loaded.files, faults: loaded.ok ? [] : loaded.faults }))
}
clearInterval(alive)
