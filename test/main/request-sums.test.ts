// Sent = lines = counts = activity, whatever becomes of the processes meanwhile. What each kind of request leaves is in
// test/wire/one-line.test.ts.

import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createPostgres } from '../../src/store/postgres.ts'
import { adminClient } from '../support/admin.ts'
import { type RunningProcess, startProcess } from '../support/process.ts'
import { adminToken, cacheKey, prepareTestProgram } from '../support/program.ts'
import { kindLimits, kinds, kindsAnswer, makeKindKeys, warmKeys } from '../support/request-kinds.ts'
import { countsOf, isRequestLine, type Sums, usesIn } from '../support/request-sums.ts'
import { exchange, request } from '../support/wire.ts'
import { childrenOf, freePort, until } from './fleet.ts'

t.setTimeout(290_000)

interface Mixed {
  readonly running: RunningProcess
  /** The file of its permission table. */
  readonly table: string
  /** All that were sent so far, in `sums`' words. */
  readonly sent: Sums
  /** Sends one of each kind, all at once. */
  send(): Promise<void>
  /** Sends some that are answered after a while; gives their statuses. */
  sendLate(): Promise<number[]>
  /** What was left of them; waits for a while for as much as was sent. */
  sums(): Promise<Sums>
  /** Ids of requests that stand in more than one line. */
  twice(): string[]
}

function idsIn(output: string): string[] {
  const lines = output.split('\n').filter(isRequestLine)
  return lines.map((line) => /"request_id":"([^"]*)"/.exec(line)?.[1] ?? '')
}

async function startMixed(t: Test, words: readonly string[]): Promise<Mixed> {
  const port = await freePort()
  const { file, sandbox, databaseUrl } = await prepareTestProgram(t, {
    ...{ gateway: kindLimits, answer: kindsAnswer, port },
  })
  const env = { LATCHKEY_ADMIN_TOKEN: adminToken, LATCHKEY_CACHE_KEY: cacheKey }
  const says = words.length > 0 ? 'serving' : 'ready'
  const running = await startProcess(['--config', file, ...words], env, says)
  t.teardown(async () => {
    const left = childrenOf(running.child.pid)
    running.child.kill('SIGKILL')
    for (const pid of left) process.kill(pid, 'SIGKILL')
  })
  const keys = await makeKindKeys(adminClient(`http://127.0.0.1:${running.controlPort}`, adminToken))
  await sandbox.close()
  const db = createPostgres({ url: databaseUrl, applicationName: 'latchkey-test' })
  t.teardown(() => db.close())
  const sent = { lines: 0, counts: 0, uses: 0 }
  const count = (lines: number, uses: number) => {
    sent.lines += lines
    sent.counts += lines
    sent.uses += uses
  }
  const sums = async () => ({
    lines: idsIn(running.output()).length,
    // Nobody tells any more, at the end.
    counts: await countsOf(running.controlPort).catch(() => 0),
    uses: await usesIn(db),
  })
  return {
    running,
    table: join(dirname(file), 'flintn.yaml'),
    sent,
    async send() {
      // Who leaves does so after its key is known: whether it comes to that is not what this is about.
      const warmed = await warmKeys(port, keys)
      count(warmed, warmed)
      await Promise.all(kinds.map((kind) => kind.send(port, keys)))
      for (const { lines, uses } of kinds) count(lines.length, uses)
    },
    async sendLate() {
      const late = request('GET /v1/transactions/late', ['Host: api.flintn.com', `X-Api-Key: ${keys.all}`])
      count(8, 8)
      const answers = await Promise.all(Array.from({ length: 8 }, () => exchange(port, late, 30_000)))
      return answers.map(({ status }) => status)
    },
    async sums() {
      const hasCounts = running.child.signalCode === null
      await until(async () => isAsMuch(await sums(), hasCounts ? sent : { ...sent, counts: 0 }))
      // What comes late would be one too many.
      await sleep(2_500)
      return sums()
    },
    twice() {
      const ids = idsIn(running.output())
      return ids.filter((id, at) => ids.indexOf(id) !== at)
    },
  }
}

function isAsMuch(sums: Sums, sent: Sums): boolean {
  return sums.lines >= sent.lines && sums.counts >= sent.counts && sums.uses >= sent.uses
}

/** Renames a route, so that its requests have another label from here on. */
async function renameRoute({ table, running }: Mixed, to: string): Promise<void> {
  const text = await readFile(table, 'utf8')
  await writeFile(table, text.replaceAll(/\/v1\/transactions\/\{\w+\}/g, `/v1/transactions/{${to}}`))
  running.child.kill('SIGHUP')
}

async function holdSums(t: Test, mixed: Mixed): Promise<void> {
  t.same(await mixed.sums(), mixed.sent)
  t.same(mixed.twice(), [])
}

t.test('one process: after each kind of request, and a reload that renames routes meanwhile', async (t) => {
  const mixed = await startMixed(t, [])
  await mixed.send()
  await holdSums(t, mixed)
  await Promise.all([mixed.send(), renameRoute(mixed, 'name')])
  await holdSums(t, mixed)
  t.match(mixed.running.output(), '"route":"GET /v1/transactions/{name}"')
})

t.test('two workers', async (t) => {
  const mixed = await startMixed(t, ['--workers', '2'])
  const { child } = mixed.running
  const workers = () => childrenOf(child.pid)

  await t.test('each kind of request', async (t) => {
    await mixed.send()
    await holdSums(t, mixed)
  })

  await t.test('a worker that is killed takes nothing along that was told', async (t) => {
    const [first = 0] = workers()
    process.kill(first, 'SIGKILL')
    t.ok(await until(() => workers().length === 2 && !workers().includes(first)))
    // One that only begins to serve knows no key yet, and may find that its client has left.
    const metrics = async () => (await fetch(`http://127.0.0.1:${mixed.running.controlPort}/metrics`)).text()
    t.ok(await until(async () => (await metrics()).includes('latchkey_workers{state="serving"} 2')))
    await mixed.send()
    await holdSums(t, mixed)
  })

  await t.test('a reload that renames routes', async (t) => {
    await Promise.all([mixed.send(), renameRoute(mixed, 'name')])
    await holdSums(t, mixed)
  })

  await t.test('all replaced, under way', async (t) => {
    child.kill('SIGUSR2')
    await mixed.send()
    t.ok(await until(() => mixed.running.output().includes('Workers replaced')))
    await holdSums(t, mixed)
  })

  await t.test('a primary that is killed takes what it has counted along, and nothing else', async (t) => {
    await holdSums(t, mixed)
    const before = workers()
    const late = mixed.sendLate()
    await sleep(300)
    child.kill('SIGKILL')
    t.same([...new Set(await late)], [200])
    const areGone = () => before.every((pid) => !existsSync(`/proc/${pid}`))
    t.ok(await until(areGone), 'the workers have drained')
    t.same(await mixed.sums(), { ...mixed.sent, counts: 0 })
    t.same(mixed.twice(), [])
  })
})
