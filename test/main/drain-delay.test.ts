// `gateway.drain_delay`: a stop behind a balancer that looks at health and opens a connection for each request.

import t from 'tap'
import { startProcess, type RunningProcess } from '../support/process.ts'
import { adminToken, cacheKey, prepareTestProgram } from '../support/program.ts'
import { exchange, request } from '../support/wire.ts'
import { childrenOf, freePort } from './fleet.ts'

t.setTimeout(300_000)

const env = { LATCHKEY_ADMIN_TOKEN: adminToken, LATCHKEY_CACHE_KEY: cacheKey }
interface Started {
  readonly running: RunningProcess
  readonly port: number
  readonly ended: Promise<{ code: number | null; signal: string | null }>
}

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

async function start(t: Teardown, words: readonly string[], delay = '1500ms'): Promise<Started> {
  const port = await freePort()
  const { file } = await prepareTestProgram(t, { gateway: `, health: /healthz, drain_delay: ${delay}`, port })
  const running = await startProcess(
    ['--config', file, ...words],
    env,
    words.length > 0 ? 'serving' : 'ready',
  )
  const { child } = running
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  t.teardown(async () => {
    for (const pid of childrenOf(child.pid)) process.kill(pid, 'SIGKILL')
    child.kill('SIGKILL')
  })
  return { running, port, ended }
}

const status = async (port: number, path: string) =>
  exchange(port, request(`GET ${path}`, ['Host: api.flintn.com']), 5_000).then(
    (answer) => answer.status,
    () => 0,
  )
const readiness = (controlPort: number) =>
  fetch(`http://127.0.0.1:${controlPort}/readyz`).then(
    (answer) => answer.status,
    () => 0,
  )

/** Sends one request after another, each on a connection of its own, until health says that it should not. */
async function balance({ port, running }: Started) {
  const lost: number[] = []
  let asked = 0
  let isTold = false
  const watch = (async () => {
    while ((await status(port, '/healthz')) === 200) await new Promise((resolve) => setTimeout(resolve, 50))
    isTold = true
  })()
  while (!isTold) {
    const answer = await status(port, '/v1/status')
    if (answer !== 200) lost.push(answer)
    asked++
  }
  await watch
  const after = {
    request: await status(port, '/v1/status'),
    health: await status(port, '/healthz'),
    ready: await readiness(running.controlPort),
  }
  return { lost, asked, after }
}

const isReady = async (started: Started) => (await readiness(started.running.controlPort)) === 200

t.test('a balancer that looks at health loses nothing', async (t) => {
  const started = await start(t, [])
  const balanced = balance(started)
  await new Promise((resolve) => setTimeout(resolve, 200))
  started.running.child.kill('SIGTERM')
  const { lost, asked, after } = await balanced
  t.same(lost, [])
  t.ok(asked > 0)
  t.same(after, { request: 200, health: 503, ready: 503 }, 'connections are still taken')
  t.same(await started.ended, { code: 0, signal: null })
})

t.test('nor before workers, and where the signal goes to all of their group', async (t) => {
  const started = await start(t, ['--workers', '2'])
  const { child } = started.running
  const balanced = balance(started)
  await new Promise((resolve) => setTimeout(resolve, 200))
  for (const pid of [...childrenOf(child.pid), child.pid ?? 0]) process.kill(pid, 'SIGTERM')
  const { lost, after } = await balanced
  t.same(lost, [])
  t.same(after, { request: 200, health: 503, ready: 503 }, 'connections are still taken')
  t.same(await started.ended, { code: 0, signal: null })
})

t.test('a second signal cuts the delay short, not the drain', async (t) => {
  const started = await start(t, [], '10m')
  started.running.child.kill('SIGTERM')
  while (await isReady(started));
  t.equal(await status(started.port, '/v1/status'), 200)
  started.running.child.kill('SIGTERM')
  t.same(await started.ended, { code: 0, signal: null })
})

t.test('workers that are replaced go at once, and health says nothing of it', async (t) => {
  const started = await start(t, ['--workers', '2'], '10m')
  const { child } = started.running
  const before = childrenOf(child.pid)
  const seen = new Set<number>()
  child.kill('SIGUSR2')
  while (childrenOf(child.pid).some((pid) => before.includes(pid))) {
    seen.add(await status(started.port, '/healthz'))
    seen.add(await status(started.port, '/v1/status'))
  }
  t.same([...seen], [200])

  await t.test('a second signal cuts the delay of all short', async (t) => {
    child.kill('SIGTERM')
    while (await isReady(started));
    t.equal(await status(started.port, '/v1/status'), 200)
    child.kill('SIGTERM')
    t.same(await started.ended, { code: 0, signal: null })
  })
})
