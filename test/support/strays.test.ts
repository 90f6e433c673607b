import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import t from 'tap'
import { inspectProcess } from '../../src/store/embedded/process.ts'
import { startRedis } from './redis-service.ts'
import { removeStrays } from './strays.ts'

interface Started {
  pid: number
  folder: string
}

const program = (kind: 'Postgres' | 'Redis', module: string): string => `
  import { inspectProcess } from ${JSON.stringify(new URL('../../src/store/embedded/process.js', import.meta.url).href)}
  import { start${kind} } from ${JSON.stringify(new URL(module, import.meta.url).href)}
  const { pid } = await start${kind}()
  const [folder] = /\\/\\S*latchkey-test-[a-z]+-\\w+/.exec(inspectProcess(pid).command)
  console.log(JSON.stringify({ pid, folder }))
  setInterval(() => {}, 1000)`

/** A process that starts a server and is then killed. */
async function leaveBehind(kind: 'Postgres' | 'Redis', module: string): Promise<Started> {
  const args = ['--input-type=module', '-e', program(kind, module)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line]: unknown[] = await once(child.stdout, 'data')
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
  const started: Started = JSON.parse(String(line))
  return started
}

void t.test(
  'servers whose starter was killed are ended and their folders removed, others are left alone',
  async (t) => {
    const alive = await startRedis()
    t.teardown(() => alive.stop())
    const left = await Promise.all([
      leaveBehind('Postgres', './postgres-service.js'),
      leaveBehind('Redis', './redis-service.js'),
    ])
    for (const { pid } of left) t.ok(inspectProcess(pid), 'it runs on')

    await removeStrays()
    for (const { pid, folder } of left) {
      t.equal(inspectProcess(pid), undefined)
      t.notOk(existsSync(folder), folder)
    }
    t.ok(inspectProcess(alive.pid), 'the one in use runs')
  },
)
