// SIGUSR1 opens no inspector: neither of one process, nor of a primary or a worker.

import t from 'tap'
import { createEmptyDatabase } from '../support/database.ts'
import { childrenOf, freePort, until } from './fleet.ts'
import { latchkey, probe, secrets, writeConfig } from './process.ts'

t.setTimeout(300_000)

t.test('SIGUSR1 does nothing', async (t) => {
  for (const words of [[], ['--workers', '2']]) {
    const { url } = await createEmptyDatabase(t)
    const control = await freePort()
    const file = await writeConfig(t, { postgres: url, gatewayPort: await freePort(), controlPort: control })
    const running = latchkey(t, ['start', '--config', file, ...words], secrets)
    const says = words.length > 0 ? '"msg":"serving"' : '"msg":"ready"'
    t.ok(await until(() => running.stdout().includes(says)), running.stderr())
    const all = [running.pid, ...childrenOf(running.pid)]
    for (const pid of all) process.kill(pid, 'SIGUSR1')
    // Node would say so on standard error within a moment: a request is longer than that.
    for (let i = 0; i < 20; i++) t.equal((await probe(control)).status, 200)
    await new Promise((resolve) => setTimeout(resolve, 500))
    t.notMatch(running.stderr(), /Debugger listening|debugger/i)
    t.same([running.pid, ...childrenOf(running.pid)], all, 'all live')
    running.child.kill('SIGTERM')
    t.same(await running.ended, { code: 0, signal: null })
  }
})
