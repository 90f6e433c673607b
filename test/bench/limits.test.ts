import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'

const program = fileURLToPath(new URL('../../bench/limits.js', import.meta.url))

void t.test('what limits cost can be measured, and who has its burst again costs nothing', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, '--json', '--once'])
  const { oneLimit, twoLimits, inFlight, held, idle } = JSON.parse(stdout)
  for (const micros of [oneLimit, twoLimits, inFlight]) t.ok(micros > 0)
  t.equal(held, 10_000)
  t.ok(idle < 100, `${idle} bytes`)
})
