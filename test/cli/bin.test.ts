// Contract 2.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url))

function run(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
  })
  return { status, stdout, stderr }
}

void t.test('the program has the verbs and their help', async (t) => {
  const { status, stdout, stderr } = run(['keys', '--help'])
  t.equal(status, 0)
  t.equal(stderr, '')
  for (const verb of ['create', 'list', 'show', 'update', 'disable', 'enable', 'revoke', 'rotate']) {
    t.match(stdout, new RegExp(`^  ${verb}\\b`, 'm'))
  }
})

void t.test('the process ends with the exit codes of the verbs', async (t) => {
  const env = { LATCHKEY_ADMIN_URL: 'http://127.0.0.1:1', LATCHKEY_ADMIN_TOKEN: 'x'.repeat(32) }
  t.match(run(['keys', 'list'], env), { status: 1, stdout: '', stderr: /LATCHKEY_ADMIN_URL/ })
  t.match(run(['keys', 'list']), { status: 2, stdout: '', stderr: /LATCHKEY_ADMIN_TOKEN/ })
  t.match(run(['keys', 'rotate', 'key_1', '--grace', 'soon'], env), { status: 2, stderr: /--grace/ })
  t.match(run(['nothing'], env), { status: 2, stderr: /nothing/ })
})
