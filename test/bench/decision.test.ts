import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'

const program = fileURLToPath(new URL('../../bench/decision.js', import.meta.url))

void t.test('what a decision takes can be measured: every request of it is let through', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, [program, '--json', '--once'])
  const { oneKey, manyKeys } = JSON.parse(stdout)
  t.ok(oneKey > 0)
  t.ok(manyKeys > 0)
})
