import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { inlineMore, inliningFlag } from '../../src/main/inlining.ts'

const run = promisify(execFile)

// V8 says nothing of a flag that it does not know: a release that renames it would leave the gateway slower, and silent.
void t.test('this V8 has the flag, and takes in less unless told', async (t) => {
  const { stdout } = await run(process.execPath, ['--v8-options'])
  const known = new RegExp(`${inliningFlag} [^]{1,200}?default: ${inliningFlag}=(\\d+)`).exec(stdout)
  t.ok(Number(known?.[1]) < 2_000, known?.[0] ?? 'not there')
})

void t.test('it can be set while the process runs', async (t) => {
  t.doesNotThrow(inlineMore)
})
