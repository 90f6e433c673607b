// Workers that cannot start: why is told, what can serve does, and what is mended is taken at once.

import { execFileSync } from 'node:child_process'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import t from 'tap'
import { createEmptyDatabase } from '../support/database.ts'
import { exchange, request } from '../support/wire.ts'
import { childrenOf, type Fleet, freePort, startFleet, until } from './fleet.ts'
import { latchkey, probe, secrets, writeConfig } from './process.ts'

t.setTimeout(300_000)

/** Kills all workers, and waits for as many others, which serve. */
async function replaceAll(fleet: Fleet): Promise<boolean> {
  const before = fleet.workers()
  for (const pid of before) process.kill(pid, 'SIGKILL')
  return until(async () => {
    const { body } = await probe(fleet.running.controlPort)
    const now = fleet.workers()
    return (
      now.length === 2 && !now.some((pid) => before.includes(pid)) && Object(body['workers']).serving === 2
    )
  })
}

const ready = (fleet: Fleet) => probe(fleet.running.controlPort)

t.test('while the files on disk have faults, new workers serve by those in force', async (t) => {
  const fleet = await startFleet(t)
  const folder = dirname(fleet.file)
  const { body } = await ready(fleet)

  for (const name of ['flintn.yaml', 'gateway.yaml']) {
    const file = join(folder, name)
    const good = await readFile(file, 'utf8')
    await t.test(name, async (t) => {
      await writeFile(file, `${good}\nnonsense: [\n`)
      t.ok(await until(async () => (await ready(fleet)).body['config_fault'] !== undefined))
      t.ok(await replaceAll(fleet), 'workers serve')
      t.equal(await fleet.ask(), 200)
      t.match(await ready(fleet), {
        status: 200,
        body: { status: 'degraded', table_sha256: body['table_sha256'] },
      })
      await writeFile(file, good)
      t.ok(
        await until(async () => (await ready(fleet)).body['status'] === 'ok'),
        'and go on when they are mended',
      )
      t.ok(await until(() => fleet.running.output().split('"msg":"Configuration in force"').length > 2))
      t.equal(await fleet.ask(), 200)
    })
  }

  await t.test('a table that is gone', async (t) => {
    const file = join(folder, 'flint.yaml')
    await rename(file, `${file}.away`)
    t.ok(await replaceAll(fleet), 'workers serve')
    t.equal(await fleet.ask(), 200)
    await rename(`${file}.away`, file)
  })
})

t.test('what is denied stays denied by new workers while the deny file has faults', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const [gateway, control] = [await freePort(), await freePort()]
  const file = await writeConfig(t, { postgres: url, gatewayPort: gateway, controlPort: control })
  const deny = join(dirname(file), 'deny.yaml')
  await writeFile(file, (await readFile(file, 'utf8')).replace('gateway: { ', 'gateway: { deny: deny.yaml, '))
  await writeFile(deny, 'prefixes: [live_bad0]\n')
  const running = latchkey(t, ['start', '--config', file, '--workers', '2'], secrets)
  t.ok(await until(() => running.stdout().includes('"msg":"serving"')), running.stderr())
  const secret = 'live_bad0'.padEnd(43, 'x')
  const reason = async () => {
    await exchange(gateway, request('GET /v1/a', ['Host: api.example.com', `X-Api-Key: ${secret}`]))
    return until(() => running.stdout().includes('denied_prefix'))
  }
  t.ok(await reason(), 'denied')
  await writeFile(deny, 'prefixes: [')
  t.ok(await until(async () => (await probe(control)).body['deny_fault'] !== undefined))
  const before = childrenOf(running.pid)
  for (const pid of before) process.kill(pid, 'SIGKILL')
  t.ok(
    await until(
      async () =>
        // In this order: what is told before they have gone is of those that go.
        !childrenOf(running.pid).some((pid) => before.includes(pid)) &&
        Object((await probe(control)).body['workers']).serving === 2,
    ),
  )
  const length = running.stdout().length
  await exchange(gateway, request('GET /v1/a', ['Host: api.example.com', `X-Api-Key: ${secret}`]))
  t.ok(await until(() => running.stdout().slice(length).includes('denied_prefix')), 'still denied')
})

t.test('workers that cannot start at all are told of, tried again, and serve when they can', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const [gateway, control] = [await freePort(), await freePort()]
  const file = await writeConfig(t, { postgres: url, gatewayPort: gateway, controlPort: control })
  const folder = dirname(file)
  const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')]
  makePair(cert, key)
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace('gateway: { ', 'gateway: { tls: { cert: tls.crt, key: tls.key }, '))
  const running = latchkey(t, ['start', '--config', file, '--workers', '2'], secrets)
  t.ok(await until(() => running.stdout().includes('"msg":"serving"')), running.stderr())
  await rename(cert, `${cert}.away`)
  const before = childrenOf(running.pid)
  for (const pid of before) process.kill(pid, 'SIGKILL')

  t.ok(await until(() => running.stdout().split('A worker cannot be started').length > 4), 'each end is told')
  t.match(
    running.stdout(),
    /"reason":\["[^"]*tls\.crt[^"]*(?:does not exist|may not be read)/,
    'with its reason',
  )
  t.match(await probe(control), {
    status: 503,
    body: { status: 'degraded', workers: { wanted: 2, serving: 0 } },
  })
  t.match(await probe(control, '/livez'), { status: 200 })
  t.ok(childrenOf(running.pid).length <= 2, 'none of them lives on')
  const metrics = await (await fetch(`http://127.0.0.1:${control}/metrics`)).text()
  t.match(metrics, /^latchkey_workers\{state="wanted"\} 2$/m)
  t.match(metrics, /^latchkey_workers\{state="serving"\} 0$/m)
  t.ok(Number(/^latchkey_workers_lost_total (\d+)$/m.exec(metrics)?.[1]) >= 4)

  await rename(`${cert}.away`, cert)
  t.ok(await until(async () => (await probe(control)).status === 200), 'mended, they serve')
  t.ok(await until(async () => Object((await probe(control)).body['workers']).serving === 2))
  t.equal(childrenOf(running.pid).length, 2)
  running.child.kill('SIGTERM')
  t.same(await running.ended, { code: 0, signal: null })
})

function makePair(cert: string, key: string): void {
  const words = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '30',
  ]
  const subject = ['-subj', '/CN=api.example.com', '-addext', 'subjectAltName=DNS:api.example.com']
  execFileSync('openssl', [...words, ...subject, '-out', cert, '-keyout', key], { stdio: 'ignore' })
}

t.test('a port that another program has ends the start, with a sentence', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  t.teardown(() => new Promise<void>((resolve) => taken.close(() => resolve())))
  const { port } = Object(taken.address())
  const { url } = await createEmptyDatabase(t)
  const file = await writeConfig(t, { postgres: url, gatewayPort: Number(port) })
  const running = latchkey(t, ['start', '--config', file, '--workers', '2'], secrets)
  t.same(await running.ended, { code: 1, signal: null })
  t.equal(
    running.stderr(),
    `error: 127.0.0.1:${port} is in use by another program. Set gateway.port (or gateway.host) in the configuration, or free it.\n`,
  )
  await rm(file)
})
