// `npm start`, as a service manager would run it: npm, a shell, the program; a signal reaches npm alone.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { createEmptyDatabase } from '../support/database.ts'
import { secrets } from './process.ts'

t.setTimeout(120_000)

const root = fileURLToPath(new URL('../../..', import.meta.url))

t.test('npm start hands SIGTERM on: nothing is left running', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const upstream = 'http://127.0.0.1:9'
  const npm = spawn('npm', ['start'], {
    cwd: root,
    // A group of its own, so that whatever is left can be ended.
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      ...{ PATH: process.env['PATH'], HOME: process.env['HOME'], ...secrets },
      ...{ DATABASE_URL: url, REDIS_URL: 'none', DRAIN_DELAY: '0s' },
      ...{ GATEWAY_HOST: '127.0.0.1', GATEWAY_PORT: '0', CONTROL_PORT: '0' },
      ...{ PAYMENTS_URL: upstream, PAYMENTS_SANDBOX_URL: 'http://127.0.0.2:9' },
      ...{ DOCUMENTS_URL: 'http://127.0.0.3:9', DOCUMENTS_SANDBOX_URL: 'http://127.0.0.4:9' },
    },
  })
  t.teardown(() => {
    try {
      process.kill(-(npm.pid ?? 0), 'SIGKILL')
    } catch {
      // All of it has ended.
    }
  })
  let output = ''
  npm.stdout.on('data', (chunk) => (output += String(chunk)))
  const ended = once(npm, 'exit')
  while (!output.includes('"msg":"ready"')) {
    if (npm.exitCode !== null) throw new Error(`it ended: ${output}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  npm.kill('SIGTERM')
  await ended
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  // Some shells give their place to their last command by themselves, others stay in between and keep the signal.
  t.match(manifest, { scripts: { start: /^exec / } })
  // Of its group: the shell and the program are in it.
  for (let i = 0; i < 200 && isAlive(npm.pid); i++) await new Promise((resolve) => setTimeout(resolve, 50))
  t.notOk(isAlive(npm.pid), 'the program has ended too')
  t.match(output, '"msg":"stopped"', 'after its drain')
})

function isAlive(group: number | undefined): boolean {
  try {
    return process.kill(-(group ?? 0), 0)
  } catch {
    return false
  }
}
