// Contract 5.
// The emergency stop: by file and by hand, on one instance and on all, with the stores and without them.

import { rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import {
  prepareTestProgram,
  startPrepared,
  startTestProgram,
  type TestProgram,
  type TestProgramOptions,
} from '../support/program.ts'
import { startPostgres } from '../support/postgres-service.ts'
import { startRedis } from '../support/redis-service.ts'
import { valuesOf } from '../support/upstream.ts'
import { codeOf, exchange, request } from '../support/wire.ts'

t.setTimeout(180_000)

type TapTest = Parameters<typeof startPrepared>[0] & Pick<typeof t, 'equal'>

const host = 'Host: api.flintn.com'

const ask = (program: TestProgram, secret: string, path = '/v1/transactions/1') =>
  exchange(program.gatewayPort, request(`GET ${path}`, [host, `X-Api-Key: ${secret}`]))

/** Milliseconds until it is so; 5 s at most. */
async function until(what: () => Promise<boolean>): Promise<number> {
  const begin = performance.now()
  while (performance.now() - begin < 5_000) {
    if (await what()) break
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return performance.now() - begin
}

async function health(program: TestProgram): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${program.controlPort}/readyz`)
  return { ...Object(await response.json()) }
}

const reasonOf = (program: TestProgram) =>
  program.log.findLast((line) => line['msg'] === 'request')?.['reason']

interface Scene {
  readonly program: TestProgram
  readonly file: string
  readonly merchant: string
  readonly key: { readonly id: string; readonly secret: string }
}

/** A program with an empty deny file, and a key that is known to it. */
async function sceneOf(t: TapTest, options: TestProgramOptions = {}): Promise<Scene> {
  const prepared = await prepareTestProgram(t, { redis: 'none', gateway: ', deny: deny.yaml', ...options })
  const file = join(dirname(prepared.file), 'deny.yaml')
  await writeFile(file, '{}\n')
  const program = await startPrepared(t, prepared)
  const merchant = await program.admin.makeMerchant()
  const key = await program.admin.makeKey(merchant)
  t.equal((await ask(program, key.secret)).status, 200)
  return { program, file, merchant, key }
}

/** An entry of each kind that stops the scene's key, and the reason that the log gives. */
const stopsOf = ({ merchant, key }: Scene) =>
  [
    ['key', 'keys', key.id, 'denied_key'],
    ['merchant', 'merchants', merchant, 'denied_merchant'],
    ['prefix', 'prefixes', key.secret.slice(0, 11), 'denied_prefix'],
    ['prefix', 'prefixes', key.secret, 'denied_prefix'],
    ['client', 'clients', '127.0.0.0/8', 'denied_client'],
    ['permission', 'permissions', 'transaction.read', 'denied_permission'],
  ] as const

const codeFor = (kind: string) => (kind === 'permission' ? 'INSUFFICIENT_PERMISSIONS' : 'INVALID_API_KEY')

t.test('what the file lists is refused within a second, and served again when it is taken out', async (t) => {
  const scene = await sceneOf(t)
  const { program, key } = scene
  for (const [kind, list, value, reason] of stopsOf(scene)) {
    await writeFile(scene.file, `${list}:\n  - ${value}\n`)
    const took = await until(async () => (await ask(program, key.secret)).status !== 200)
    t.ok(took < 1_000, `${kind}: ${Math.round(took)} ms`)
    t.equal(codeOf(await ask(program, key.secret)), codeFor(kind), kind)
    t.equal(reasonOf(program), reason)
    t.match((await health(program))['deny'], { [list]: 1 })
    await writeFile(scene.file, '{}\n')
    t.ok((await until(async () => (await ask(program, key.secret)).status === 200)) < 1_000)
  }
})

t.test('what is denied by hand is refused from the next request on', async (t) => {
  const scene = await sceneOf(t)
  const { program, key } = scene
  const { admin } = program
  for (const [kind, list, value, reason] of stopsOf(scene)) {
    const added = await admin.call('POST', '/deny?wait=all', { kind, value })
    t.match(added, { status: 201, body: { kind, denied: true, in_file: false, spread: false, pending: [] } })
    t.equal(codeOf(await ask(program, key.secret)), codeFor(kind), kind)
    t.equal(reasonOf(program), reason)
    const metrics = await (await fetch(`http://127.0.0.1:${program.controlPort}/metrics`)).text()
    t.match(metrics, `latchkey_deny_entries{of="${list}"} 1`)
    t.match(await admin.call('DELETE', '/deny', { kind, value }), { status: 200, body: { denied: false } })
    t.equal((await ask(program, key.secret)).status, 200)
  }
  const rows = await admin.call('GET', `/audit?action=deny.add&target=${key.id}`)
  t.match(rows.body['data'], [{ actor: 'admin', after: { kind: 'key', value: key.id, denied: true } }])
  const log = JSON.stringify(program.log)
  t.match(log, /"actor":"admin","action":"deny\.add","kind":"merchant"/)
  t.notMatch(log, key.secret, 'a whole secret that was denied is in no line')
})

t.test('a denied client is refused on public routes, a denied permission reaches no upstream', async (t) => {
  const scene = await sceneOf(t)
  const { program, key } = scene
  const publicly = () => exchange(program.gatewayPort, request('GET /v1/status', [host]))
  await program.admin.call('POST', '/deny', { kind: 'client', value: '127.0.0.1' })
  t.equal(codeOf(await publicly()), 'INVALID_API_KEY')
  await program.admin.call('DELETE', '/deny', { kind: 'client', value: '127.0.0.1' })
  t.equal((await publicly()).status, 200)

  await program.admin.call('POST', '/deny', { kind: 'permission', value: 'transaction.search' })
  t.equal((await ask(program, key.secret)).status, 200)
  t.same(valuesOf(program.live.requests.at(-1), 'X-Permissions'), ['transaction.read'])
  t.match(JSON.parse((await ask(program, key.secret, '/v1/transactions')).body), {
    error: { code: 'INSUFFICIENT_PERMISSIONS', required: ['transaction.search'] },
  })
  t.equal((await ask(program, key.secret, '/v1/both')).status, 403)
})

t.test('a bad or missing file leaves the list as it was, and says so', async (t) => {
  const { program, file, key } = await sceneOf(t)
  await writeFile(file, `keys: [${key.id}]\n`)
  await until(async () => (await ask(program, key.secret)).status === 401)
  const spoil = [() => writeFile(file, 'keys: [key_short]\n'), () => writeFile(file, ''), () => rm(file)]
  for (const [index, spoiled] of spoil.entries()) {
    await spoiled()
    const told =
      [/deny\.yaml:1:8 .*an entry of `keys` must be/, /is empty/, /does not exist/][index] ?? /never/
    const took = await until(async () => told.test(String((await health(program))['deny_fault'])))
    t.ok(took < 1_000)
    t.equal((await health(program))['status'], 'degraded')
    t.equal((await ask(program, key.secret)).status, 401)
  }
  t.ok(program.log.some((line) => String(line['msg']).startsWith('The deny file on disk is not in force')))
  await writeFile(file, '{}\n')
  await program.program.reload()
  t.equal((await ask(program, key.secret)).status, 200, 'a reload reads it at once')
  t.equal((await health(program))['deny_fault'], undefined)

  const again = () =>
    program.log.filter((line) => line['msg'] === 'The deny file on disk is in force again').length
  t.equal(again(), 1, 'it is told that the fault is gone')
  await writeFile(file, 'keys: [key_short]\n')
  await program.program.reload()
  await writeFile(file, '{}\n')
  await program.program.reload()
  t.equal(again(), 2, 'also where nothing else is denied than before')
})

t.test('nothing starts on a deny file that is missing or bad', async (t) => {
  const prepared = await prepareTestProgram(t, { redis: 'none', gateway: ', deny: deny.yaml' })
  await t.rejects(startPrepared(t, prepared), /deny\.yaml:1:1 {2}the deny file does not exist/)
  await writeFile(join(dirname(prepared.file), 'deny.yaml'), 'keyz: []\n')
  await t.rejects(
    startPrepared(t, prepared),
    /deny\.yaml:1:1 {2}unknown key `keyz` {2}\(did you mean keys\?\)/,
  )
})

t.test('two instances on one Redis hold the same', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const one = await startTestProgram(t, { redis: redis.url })
  const { databaseUrl } = one
  const two = await startTestProgram(t, { redis: redis.url, databaseUrl })
  const key = await one.admin.makeKey(await one.admin.makeMerchant())
  const entry = { kind: 'key', value: key.id }
  const statusOn = async (program: TestProgram) => (await ask(program, key.secret)).status
  t.equal(await statusOn(two), 200)

  await t.test('in force on the other when the answer says so', async (t) => {
    const added = await one.admin.call('POST', '/deny?wait=all', entry)
    t.match(added.body, { spread: true, pending: [] })
    t.equal(await statusOn(two), 401)
    t.match((await two.admin.call('GET', '/deny')).body, {
      data: [{ ...entry, source: 'api', actor: 'admin' }],
    })
  })

  await t.test('an instance that starts later has it before its first request', async (t) => {
    const three = await startTestProgram(t, { redis: redis.url, databaseUrl })
    t.equal(await statusOn(three), 401)
    await three.stop()
  })

  await t.test('a Redis that has lost everything is told again', async (t) => {
    await redis.kill('SIGKILL')
    await redis.restart()
    const three = await startTestProgram(t, { redis: redis.url, databaseUrl })
    await until(async () => (await statusOn(three)) === 401)
    t.equal(await statusOn(three), 401)
    await three.stop()
  })

  await t.test('taken back through the other', async (t) => {
    const removed = await two.admin.call('DELETE', '/deny?wait=all', entry)
    t.match(removed.body, { denied: false, spread: true, pending: [] })
    t.equal(await statusOn(one), 200)
  })

  await t.test('Redis holds no whole secret', async (t) => {
    await one.admin.call('POST', '/deny?wait=all', { kind: 'prefix', value: key.secret })
    t.equal(await statusOn(two), 401)
    const dump = JSON.stringify((await two.admin.call('GET', '/deny')).body)
    t.match(dump, key.secret.slice(0, 12))
    t.notMatch(dump, key.secret.slice(0, 13))
  })
})

t.test('with Redis and Postgres gone the stop works, and goes round when Redis is back', async (t) => {
  const redis = await startRedis()
  const postgres = await startPostgres()
  t.teardown(async () => {
    await redis.stop()
    await postgres.stop()
  })
  const scene = await sceneOf(t, { redis: redis.url, databaseUrl: postgres.url })
  const { program, file, merchant, key } = scene
  const other = await startTestProgram(t, { redis: redis.url, databaseUrl: postgres.url })
  const second = await program.admin.makeKey(merchant)
  for (const at of [program, other]) {
    t.equal((await ask(at, key.secret)).status, 200)
    t.equal((await ask(at, second.secret)).status, 200)
  }
  await redis.kill('SIGKILL')
  await postgres.kill('SIGKILL')
  await until(async () => (await health(program))['postgres'] === 'down')

  const begin = performance.now()
  const added = await program.admin.call('POST', '/deny?wait=all', { kind: 'key', value: key.id })
  t.match(added, { status: 201, body: { denied: true, spread: false, pending: null } })
  t.equal((await ask(program, key.secret)).status, 401)
  t.comment(`${Math.round(performance.now() - begin)} ms`)
  t.equal((await ask(program, second.secret)).status, 200)
  t.equal((await ask(other, key.secret)).status, 200, 'the other one cannot have heard of it')

  await writeFile(file, `keys: [${second.id}]\n`)
  t.ok((await until(async () => (await ask(program, second.secret)).status === 401)) < 1_000)

  await redis.restart()
  t.ok((await until(async () => (await ask(other, key.secret)).status === 401)) < 3_000)
})
