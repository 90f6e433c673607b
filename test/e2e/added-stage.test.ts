// A stage that is added to the one list is in every face that decides: a copy of the built program gets one, by one edit of
// one file, and each face is asked.

import { execFile } from 'node:child_process'
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const run = promisify(execFile)

/** What each face says of a request, asked of the program in a checkout. */
async function facesOf(checkout: string): Promise<unknown> {
  const program = join(checkout, 'build/test/e2e/faces.js')
  // What is covered in a copy is covered in nothing that stays.
  const env = { ...process.env, NODE_V8_COVERAGE: '', NODE_OPTIONS: '' }
  const { stdout } = await run(process.execPath, [program], { timeout: 90_000, env })
  return JSON.parse(stdout)
}

/** A copy of what was built, that finds all else where it is. */
function copyTo(folder: string): string {
  for (const name of ['node_modules', 'src', 'config', 'package.json'])
    symlinkSync(join(root, name), join(folder, name))
  for (const part of ['src', 'test'])
    cpSync(join(root, 'build', part), join(folder, 'build', part), {
      recursive: true,
      filter: (path) => !path.endsWith('.map'),
    })
  return folder
}

const added = `(inquiry) =>
    inquiry.route?.maxBodyBytes === 4242 ? { code: 'TOO_MANY_REQUESTS', reason: 'failed_lookups' } : undefined,`

const rest = { unheld: 'allow', recorded: 1, table: true }

t.test('without one, nobody is refused', async (t) => {
  t.same(await facesOf(root), {
    ...{ proxy: 'allow', explain: 'allow', test: 'allow', replay: 'allow' },
    ...{ shadow: 'no difference', diff: 'no difference', ...rest },
  })
})

t.test('one more stage is in the proxy, explain, test, diff, replay and shadow', async (t) => {
  const copy = copyTo(t.testdir())
  const list = join(copy, 'build/src/decision/stages.js')
  const text = readFileSync(list, 'utf8')
  const last = /\n( +)limitBody,?\n/
  t.match(text, last, 'the list ends with limitBody')
  writeFileSync(
    list,
    text.replace(last, (_, indent: string) => `\n${indent}limitBody,\n${indent}${added}\n`),
  )
  const code = 'TOO_MANY_REQUESTS'
  t.same(await facesOf(copy), {
    ...{ proxy: code, explain: code, test: code, replay: code, shadow: code, diff: code },
    ...rest,
  })
})
