// A log of its own: moved away by who rotates it, it goes on under its name at SIGHUP, in all processes.

import { mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { readdirSync, readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createEmptyDatabase } from '../support/database.ts'
import { exchange, request } from '../support/wire.ts'
import { childrenOf, freePort, until } from './fleet.ts'
import { latchkey, probe, secrets, writeConfig } from './process.ts'

t.setTimeout(300_000)

for (const words of [[], ['--workers', '2']]) {
  t.test(`a log file is opened anew at SIGHUP: ${words.join(' ') || 'one process'}`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-log-'))
    t.teardown(() => rm(folder, { recursive: true, force: true }))
    const log = join(folder, 'deep', 'gateway.log')
    const { url } = await createEmptyDatabase(t)
    const [gateway, control] = [await freePort(), await freePort()]
    const file = await writeConfig(t, { postgres: url, gatewayPort: gateway, controlPort: control })
    const running = latchkey(t, ['start', '--config', file, ...words], { ...secrets, LATCHKEY_LOG_FILE: log })
    t.ok(await until(async () => (await probe(control)).status === 200), running.stderr())
    const ask = () => exchange(gateway, request('GET /v1/none', ['Host: api.example.com']))
    const lines = async (path: string) =>
      (await readFile(path, 'utf8').catch(() => '')).split('\n').filter((line) => line.includes('"request"'))
        .length
    for (let i = 0; i < 4; i++) t.equal((await ask()).status, 404)
    t.ok(await until(async () => (await lines(log)) === 4))

    const processes = [running.pid, ...childrenOf(running.pid)]
    for (const turn of [1, 2, 3]) {
      await rename(log, `${log}.${turn}`)
      t.equal((await ask()).status, 404)
      running.child.kill('SIGHUP')
      t.ok(await until(() => processes.every((pid) => filesOf(pid).includes(log))), 'all have the new one')
      t.equal((await ask()).status, 404)
      t.ok(await until(async () => (await lines(log)) === 1))
      t.equal(await lines(`${log}.${turn}`), turn === 1 ? 5 : 2, 'the line before belongs to the file before')
    }
    t.notOk(
      processes.some((pid) => filesOf(pid).some((name) => name.startsWith(`${log}.`))),
      'none has an old one',
    )
    t.equal(running.stdout(), '')
    running.child.kill('SIGTERM')
    t.same(await running.ended, { code: 0, signal: null })
    t.match(await readFile(log, 'utf8'), /"msg":"stopped"/)
  })
}

t.test('a log file that cannot be written is a sentence', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const file = await writeConfig(t, { postgres: url })
  const running = latchkey(t, ['start', '--config', file], {
    ...secrets,
    LATCHKEY_LOG_FILE: '/dev/null/log',
  })
  t.same(await running.ended, { code: 1, signal: null })
  t.match(running.stderr(), /^error: LATCHKEY_LOG_FILE: \/dev\/null\/log cannot be written[^\n]*\n$/)
})

function filesOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).flatMap((fd) => {
    try {
      return [readlinkSync(join(folder, fd))]
    } catch {
      return []
    }
  })
}
