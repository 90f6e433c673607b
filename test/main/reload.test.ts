// Contract 3.
// Another configuration takes the place of the one in force: whole, at once, and without a request noticing.

import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { prepareTestProgram, startPrepared, type TestProgram } from '../support/program.ts'
import { startUpstream } from '../support/upstream.ts'
import { codeOf, exchange, request } from '../support/wire.ts'

const host = 'Host: api.flintn.com'
const isLong = process.env['LATCHKEY_TEST_LONG'] === '1'
t.setTimeout(300_000)

const ask = (program: TestProgram, path: string, fields: readonly string[] = []) =>
  exchange(program.gatewayPort, request(`GET ${path}`, [host, ...fields]))

async function until(what: () => Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 200; i++) {
    if (await what()) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}

async function health(program: TestProgram): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${program.controlPort}/readyz`)
  return { ...Object(await response.json()) }
}

t.test('a table that is replaced as editors do is in force without a restart', async (t) => {
  const prepared = await prepareTestProgram(t)
  const program = await startPrepared(t, prepared)
  const table = join(dirname(prepared.file), 'flintn.yaml')
  const text = await readFile(table, 'utf8')
  const before = await health(program)
  t.equal((await ask(program, '/v1/new')).status, 404)
  await writeFile(`${table}.new`, `${text}  GET /v1/new: public\n`)
  await rename(`${table}.new`, table)
  t.ok(await until(async () => (await ask(program, '/v1/new')).status === 200))
  const after = await health(program)
  t.not(after['table_sha256'], before['table_sha256'])
  t.equal(after['status'], 'ok')
  const metrics = await (await fetch(`http://127.0.0.1:${program.controlPort}/metrics`)).text()
  t.match(metrics, `latchkey_table{of="${String(after['table_sha256'])}"} 1`)
})

t.test('a bad file changes nothing, says why, and a mended one is taken', async (t) => {
  const prepared = await prepareTestProgram(t)
  const program = await startPrepared(t, prepared)
  const table = join(dirname(prepared.file), 'flintn.yaml')
  const text = await readFile(table, 'utf8')
  await writeFile(table, `${text}  GET /v1/bad: no.such.permission\n`)
  t.ok(await until(async () => (await health(program))['config_fault'] !== undefined))
  const during = await health(program)
  t.equal(during['status'], 'degraded')
  t.match(during['config_fault'], /flintn\.yaml:\d+:\d+ .*no\.such\.permission/)
  t.equal((await ask(program, '/v1/status')).status, 200)
  t.ok(program.log.some((line) => line['msg'] === 'The configuration on disk is not in force'))
  await writeFile(table, text)
  t.ok(await until(async () => (await health(program))['config_fault'] === undefined))
})

t.test('a large table is taken while requests are served, and a bad one is not', async (t) => {
  const prepared = await prepareTestProgram(t)
  const program = await startPrepared(t, prepared)
  const table = join(dirname(prepared.file), 'flintn.yaml')
  const text = await readFile(table, 'utf8')
  const routes = Array.from({ length: 5_000 }, (_, n) => `  GET /v1/new${n}/{id}: public\n`).join('')
  await writeFile(table, text + routes)
  const loading = { isDone: false }
  const reloaded = program.program.reload().finally(() => {
    loading.isDone = true
  })
  let served = 0
  while (!loading.isDone) {
    t.equal((await ask(program, '/v1/status')).status, 200)
    served++
  }
  await reloaded
  // Some hundred here; without a thread they wait for the end.
  t.ok(served > 20, `${served} requests`)
  t.equal((await ask(program, '/v1/new4999/x')).status, 200)
  await writeFile(table, `${text}${routes}  GET /v1/bad: no.such.permission\n`)
  await program.program.reload()
  t.match((await health(program))['config_fault'], /flintn\.yaml:\d+:\d+ .*no\.such\.permission/)
  t.equal((await ask(program, '/v1/new4999/x')).status, 200)
})

t.test('a swapped symlink, as Kubernetes mounts a ConfigMap, is noticed', async (t) => {
  const prepared = await prepareTestProgram(t)
  const folder = dirname(prepared.file)
  const table = join(folder, 'flintn.yaml')
  const text = await readFile(table, 'utf8')
  for (const [name, extra] of [
    ['..one', ''],
    ['..two', '  GET /v1/new: public\n'],
  ] as const) {
    await mkdir(join(folder, name))
    await writeFile(join(folder, name, 'flintn.yaml'), text + extra)
  }
  await rm(table)
  await symlink('..one', join(folder, '..data'))
  await symlink(join('..data', 'flintn.yaml'), table)
  const program = await startPrepared(t, prepared)
  t.equal((await ask(program, '/v1/new')).status, 404)
  await symlink('..two', join(folder, '..data_tmp'))
  await rename(join(folder, '..data_tmp'), join(folder, '..data'))
  t.ok(await until(async () => (await ask(program, '/v1/new')).status === 200))
})

t.test('what needs a restart is said, and the rest is taken', async (t) => {
  const prepared = await prepareTestProgram(t)
  const program = await startPrepared(t, prepared)
  const other = await startUpstream()
  t.teardown(() => other.close())
  const text = await readFile(prepared.file, 'utf8')
  const changed = text
    .replace('host: 127.0.0.1, port: 0', 'host: 127.0.0.1, port: 1, require_https: true')
    .replaceAll(prepared.live.url, other.url)
  await writeFile(prepared.file, changed)
  await program.program.reload()
  const line = program.log.find((entry) => entry['msg'] === 'These settings take effect after a restart')
  t.same(line?.['settings'], ['gateway.port', 'gateway.require_https'])
  t.equal((await ask(program, '/v1/status')).status, 200)
  t.equal(other.requests.length, 1, 'the upstream is the new one')
})

t.test('a request in flight ends under the table and upstream that it began with', async (t) => {
  const held: { release?: () => void } = {}
  const prepared = await prepareTestProgram(t, {
    answer: (_seen, socket) => {
      held.release = () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold')
      return undefined
    },
  })
  const program = await startPrepared(t, prepared)
  const other = await startUpstream()
  t.teardown(() => other.close())
  const running = exchange(program.gatewayPort, request('GET /v1/status', [host]), 5_000)
  t.ok(await until(async () => held.release !== undefined))
  const text = await readFile(prepared.file, 'utf8')
  await writeFile(prepared.file, text.replaceAll(prepared.live.url, other.url))
  await program.program.reload()
  t.equal((await ask(program, '/v1/status')).status, 200)
  held.release?.()
  t.equal((await running).body, 'old')
})

for (const isAsked of [true, false])
  t.test(
    `a table that changes ten times a second, ${isAsked ? 'reloaded each time' : 'noticed'}: nothing fails or is misjudged`,
    async (t) => {
      const prepared = await prepareTestProgram(t)
      const program = await startPrepared(t, prepared)
      const key = await program.admin.makeKey(await program.admin.makeMerchant(), {
        permissions: ['transaction.read'],
      })
      const table = join(dirname(prepared.file), 'flintn.yaml')
      const text = await readFile(table, 'utf8')
      // /v1/always is open to the key under both; /v1/never under neither; /v1/flips under one of them.
      const extra = '  GET /v1/always: transaction.read\n  GET /v1/never: transaction.refund\n'
      const tables = [
        `${text}${extra}  GET /v1/flips: transaction.read\n`,
        `${text}${extra}  GET /v1/flips: transaction.refund\n`,
      ]
      await writeFile(table, tables[0] ?? '')
      await program.program.reload()
      const auth = `X-Api-Key: ${key.secret}`
      const wrong: string[] = []
      let requests = 0
      let isRunning = true
      const worker = async () => {
        while (isRunning) {
          const statuses = await Promise.all(
            ['/v1/always', '/v1/never', '/v1/flips'].map(
              async (path) => (await ask(program, path, [auth])).status,
            ),
          )
          requests += statuses.length
          const [always, never, flips = 0] = statuses
          if (always !== 200 || never !== 403 || ![200, 403].includes(flips)) wrong.push(statuses.join(' '))
        }
      }
      const workers = [worker(), worker(), worker(), worker()]
      const rounds = isLong ? 600 : 30
      for (let i = 0; i < rounds; i++) {
        await writeFile(`${table}.new`, tables[i % 2] ?? '')
        await rename(`${table}.new`, table)
        if (isAsked) await program.program.reload()
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      isRunning = false
      await Promise.all(workers)
      const taken = program.log.filter((line) => line['msg'] === 'Configuration in force').length
      t.comment(`${rounds} changes, ${taken} tables, ${requests} requests`)
      t.ok(taken >= (isAsked ? rounds : rounds / 20), 'what never rests is taken all the same')
      t.same(wrong, [])
      const loaded = await loadConfig(prepared.file, {})
      const sha256 = loaded.ok && loaded.config.table.sha256
      t.ok(await until(async () => (await health(program))['table_sha256'] === sha256))
      t.equal(
        codeOf(await ask(program, '/v1/flips', [auth])),
        rounds % 2 === 0 ? 'INSUFFICIENT_PERMISSIONS' : undefined,
      )
    },
  )
