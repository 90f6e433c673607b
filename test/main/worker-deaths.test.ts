// Workers that die: at whatever moment, however many, the primary lives, has as many as it should, and tells nobody to
// wait for the dead.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createEmptyDatabase } from '../support/database.ts'
import { type Fleet, childrenOf, freePort, startFleet, until } from './fleet.ts'
import { latchkey, probe, secrets, writeConfig } from './process.ts'

t.setTimeout(240_000)

/** Whether as many live as should, and those that are given do not. */
const areWhole = (fleet: Fleet, without: readonly number[]) => () => {
  const now = fleet.workers()
  return now.length === 2 && !now.some((pid) => without.includes(pid))
}

/** The times that the log has this. */
const timesIn = (fleet: Fleet, text: string) => fleet.running.output().split(text).length - 1

t.test('a worker that dies while the primary is about to speak to it ends nothing else', async (t) => {
  const fleet = await startFleet(t)
  const { child, controlPort } = fleet.running
  for (let i = 0; i < 3; i++) {
    t.ok(await until(() => timesIn(fleet, '"msg":"ready"') === 3 + i), 'all serve')
    const scraper = connect(controlPort, '127.0.0.1').on('error', () => {})
    t.teardown(() => void scraper.destroy())
    t.match(await scrapeOn(scraper), '200 OK')
    const [first = 0] = fleet.workers()
    scraper.resume()
    // Stopped, the primary reads what it is asked first, and only then that the worker has gone.
    child.kill('SIGSTOP')
    scraper.write(scrape)
    child.kill('SIGHUP')
    process.kill(first, 'SIGKILL')
    await until(() => isDead(first))
    child.kill('SIGCONT')
    t.ok(await until(() => child.exitCode !== null || areWhole(fleet, [first])()))
    t.equal(child.exitCode, null, 'the primary lives')
    if (child.exitCode !== null) break
  }
})

const scrape = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** Scrapes on an open connection, and gives the first of the answer. */
async function scrapeOn(socket: Socket): Promise<string> {
  const answered = once(socket, 'data')
  socket.write(scrape)
  return String((await answered)[0])
}

/** Whether the process has ended, its connections with it, though its parent may not know yet. */
function isDead(pid: number): boolean {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
}

t.test('a fork that fails ends nothing, and is tried again', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-node-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const program = join(folder, 'node')
  await copyFile(process.execPath, program)
  const { url } = await createEmptyDatabase(t)
  const file = await writeConfig(t, { postgres: url, gatewayPort: await freePort() })
  const running = latchkey(t, ['start', '--config', file, '--workers', '2'], secrets, program)
  const says = (text: string) =>
    until(() => running.child.exitCode !== null || running.stdout().includes(text))
  await says('"msg":"serving"')
  const before = childrenOf(running.pid)
  await rename(program, `${program}.away`)
  process.kill(before[0] ?? 0, 'SIGKILL')
  await says('A worker cannot be started')
  t.equal(running.child.exitCode, null, 'the primary lives')
  await rename(`${program}.away`, program)
  t.ok(await until(() => running.child.exitCode !== null || childrenOf(running.pid).length === 2))
  const control = /"controlPort":(\d+)/.exec(running.stdout())?.[1]
  t.ok(await until(async () => (await probe(Number(control))).status === 200))
  const ended = running.ended
  running.child.kill('SIGTERM')
  t.same(await ended, { code: 0, signal: null })
})

t.test('nobody waits for an instance whose process has died', async (t) => {
  for (const redis of [undefined, 'none']) {
    const fleet = await startFleet(t, redis === undefined ? {} : { redis })
    const before = fleet.workers()
    process.kill(before[0] ?? 0, 'SIGKILL')
    t.ok(await until(areWhole(fleet, before.slice(0, 1))))
    t.ok(await until(async () => (await instances(fleet)).length === 3), 'the primary and its two workers')
    const { body } = await fleet.admin.call('POST', `/keys/${fleet.keyId}/disable?wait=all`)
    t.same(body['pending'], [])
    const entry = { kind: 'key', value: fleet.keyId }
    if (redis === undefined)
      t.match(await fleet.admin.call('POST', '/deny?wait=all', entry), { body: { pending: [] } })
    t.equal(await fleet.running.stop(), 0)
  }
})

const instances = async (fleet: Fleet): Promise<unknown[]> =>
  Array.from(Object((await fleet.admin.call('GET', '/instances')).body['data']))

t.test(
  'however often workers are replaced at once, and whoever dies of it, there are as many as should be',
  async (t) => {
    const fleet = await startFleet(t)
    const { child } = fleet.running

    await t.test('two replacements at once are one after the other', async (t) => {
      const before = fleet.workers()
      child.kill('SIGUSR2')
      await new Promise((resolve) => setTimeout(resolve, 50))
      child.kill('SIGUSR2')
      t.ok(await until(() => timesIn(fleet, 'Workers replaced') === 2))
      t.ok(await until(areWhole(fleet, before)))
    })

    await t.test('one that dies before its turn is replaced once', async (t) => {
      const before = fleet.workers()
      child.kill('SIGUSR2')
      t.ok(await until(() => fleet.workers().length === 3), 'the first new one has started')
      process.kill(before[1] ?? 0, 'SIGKILL')
      t.ok(await until(() => timesIn(fleet, 'Workers replaced') === 3))
      // Longer than a replacement waits.
      await new Promise((resolve) => setTimeout(resolve, 3_000))
      t.ok(areWhole(fleet, before)(), `${fleet.workers().length}`)
    })

    await t.test('a new one that dies leaves the old ones, and no more than those', async (t) => {
      const before = fleet.workers()
      child.kill('SIGUSR2')
      t.ok(await until(() => fleet.workers().length === 3), 'the first new one has started')
      process.kill(fleet.workers().find((pid) => !before.includes(pid)) ?? 0, 'SIGKILL')
      t.ok(await until(() => fleet.running.output().includes('Workers are not replaced')))
      await new Promise((resolve) => setTimeout(resolve, 3_000))
      t.same(fleet.workers(), before)
      t.equal(await fleet.ask(), 200)
    })
  },
)
