// Contract 2.
// `npm run demo`, as a person has it: what is printed works, and nothing is left when it ends, however it ends.

import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { choosePlace } from '../../src/store/embedded/place.ts'
import { freePort } from '../../src/store/embedded/postmaster.ts'
import { childrenOf, inspectProcess } from '../../src/store/embedded/process.ts'
import { runCurlLine } from './curl-line.ts'
import { latchkey, probe, type Running, until } from './process.ts'

t.setTimeout(300_000)

// Its data lies beside its configuration: a copy has data of its own.
const folder = mkdtempSync(join(tmpdir(), 'latchkey-demo-test-'))
cpSync(fileURLToPath(new URL('../../../config', import.meta.url)), folder, {
  recursive: true,
  filter: (path) => !path.includes('.latchkey'),
})
t.teardown(() => {
  rmSync(choosePlace(join(folder, '.latchkey')).home, { recursive: true, force: true })
  rmSync(folder, { recursive: true, force: true })
})

const names = [
  'GATEWAY_PORT',
  'CONTROL_PORT',
  'PAYMENTS',
  'PAYMENTS_SANDBOX',
  'DOCUMENTS',
  'DOCUMENTS_SANDBOX',
]
const ports = new Map(await Promise.all(names.map(async (name) => [name, await freePort()] as const)))
const env = Object.fromEntries(
  [...ports].map(([name, port]) =>
    name.endsWith('_PORT') ? [name, String(port)] : [`${name}_URL`, `http://127.0.0.1:${port}`],
  ),
)

const startDemo = (t: Parameters<typeof latchkey>[0]) =>
  latchkey(t, ['demo', '--config', join(folder, 'demo.yaml')], env)

const isReady = (running: Running) => running.stdout().endsWith('\nready\n')

async function untilDemoReady(running: Running): Promise<void> {
  await until(() => isReady(running) || running.child.exitCode !== null)
  if (!isReady(running)) throw new Error(`It ended: ${running.stderr()}${running.stdout()}`)
}

/** All processes that it has started, and those that they have. */
function descendants(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendants(child)])
}

const untilGone = (pids: readonly number[]) =>
  until(() => pids.every((pid) => inspectProcess(pid) === undefined))

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

t.test('the demo', async (t) => {
  const running = startDemo(t)
  await untilDemoReady(running)
  const lines = running.stdout().trimEnd().split('\n')
  const curls = lines.filter((line) => line.startsWith('curl'))
  const pids = descendants(running.pid)

  await t.test('`ready` is the last line, alone, and no earlier line is', (t) => {
    t.equal(lines.indexOf('ready'), lines.length - 1)
    t.equal(running.stderr(), '')
    t.end()
  })

  await t.test('each curl line is one command, which prints what it gets', (t) => {
    t.ok(curls.length >= 4)
    for (const line of curls) t.notMatch(line, /[|;&<>]| -[owO] |\\$/, line)
    t.end()
  })

  await t.test('each curl line gives what is written above it', async (t) => {
    for (const line of curls) {
      const title = lines[lines.indexOf(line) - 1] ?? ''
      const { status, body } = await runCurlLine(line)
      const isGood = status === 200 || status === 201
      const expected = /^# (\d{3})/.exec(title)?.[1]
      t.ok(expected === undefined ? isGood : Number(expected) === status, `${title}: ${status} ${body}`)
      if (title.includes('livemode')) t.match(JSON.parse(body), { livemode: false })
      else if (isGood) t.match(JSON.parse(body), { livemode: true })
      else t.match(JSON.parse(body), { error: { code: String, request_id: /^req_/ } })
    }
  })

  await t.test('200, 401, 403 and the sandbox are all there', (t) => {
    const titles = lines.filter((line) => line.startsWith('# ')).join('\n')
    for (const wanted of [/^# 200/m, /^# 401/m, /^# 403/m, /sandbox.*"livemode": false/])
      t.match(titles, wanted)
    t.end()
  })

  await t.test('what the upstream sees is shown, without a credential', async (t) => {
    const before = running.stdout().length
    const [line = ''] = curls
    await runCurlLine(line)
    await until(() => running.stdout().length > before)
    const seen = running.stdout().slice(before)
    t.match(seen, /x-merchant-id/i)
    t.notMatch(seen, /pk_live_/)
  })

  await t.test('control plane and health are where it says', async (t) => {
    t.match(await probe(ports.get('CONTROL_PORT') ?? 0), {
      status: 200,
      body: { status: 'ok', redis: 'none' },
    })
  })

  await t.test('SIGINT ends it with 0, and no process is left', async (t) => {
    t.ok(pids.length >= 5, 'four upstreams and Postgres')
    running.child.kill('SIGINT')
    t.same(await running.ended, { code: 0, signal: null })
    t.same(
      pids.filter((pid) => inspectProcess(pid) !== undefined),
      [],
    )
    for (const [name, port] of ports) t.notOk(await isOpen(port), name)
  })
})

t.test('after a SIGKILL a second run starts cleanly, and leaves nothing of the first', async (t) => {
  const first = startDemo(t)
  await untilDemoReady(first)
  const left = descendants(first.pid)
  first.child.kill('SIGKILL')
  await first.ended
  const second = startDemo(t)
  await untilDemoReady(second)
  await untilGone(left)
  const line = second.stdout().match(/^curl .*$/m)?.[0] ?? ''
  t.equal((await runCurlLine(line)).status, 200)
  const pids = descendants(second.pid)
  second.child.kill('SIGTERM')
  t.same(await second.ended, { code: 0, signal: null })
  await untilGone(pids)
})

t.test('a port that is taken is named, and nothing is left running', async (t) => {
  const port = ports.get('CONTROL_PORT') ?? 0
  const other = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1')
  await once(other, 'listening')
  // By the time that it finds out, Postgres and the sample upstreams are up.
  const running = startDemo(t)
  t.same(await running.ended, { code: 1, signal: null })
  await new Promise((resolve) => other.close(resolve))
  t.match(running.stderr(), new RegExp(`^error: 127\\.0\\.0\\.1:${port} is in use .*control\\.port`))
  t.notMatch(running.stdout(), /^ready$/m)
  for (const [name, port] of ports) t.notOk(await isOpen(port), name)
})
