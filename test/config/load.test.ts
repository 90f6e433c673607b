// Contract 3.

import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'
import { formatFault, loadConfig } from '../../src/config/load.ts'
import { configOf, edit, faultsOf, gatewayYaml, load, tableYaml, withFlint } from './files.ts'

const addresses = {
  DATABASE_URL: 'postgres://latchkey:hunter2@db/latchkey',
  REDIS_URL: 'redis://redis',
  PAYMENTS_URL: 'http://payments',
  PAYMENTS_SANDBOX_URL: 'http://payments-sandbox',
  DOCUMENTS_URL: 'http://documents',
  DOCUMENTS_SANDBOX_URL: 'http://documents-sandbox',
}

t.test('the shipped production file loads where its variables are set, without a warning', async (t) => {
  const result = await loadConfig('config/gateway.yaml', addresses)
  if (!result.ok) return t.fail(result.faults.map(formatFault).join('\n'))
  t.strictSame(result.warnings, [])
  t.strictSame([...result.config.table.apis.keys()], ['flintn', 'flint'])
})

t.test('the shipped production file does not load without its addresses', async (t) => {
  const result = await loadConfig('config/gateway.yaml', {})
  t.strictSame(
    result.ok ? [] : result.faults.map((fault) => fault.message),
    Object.keys(addresses).map((name) => `the environment variable ${name} is not set`),
  )
})

t.test('the demo file loads with no environment at all, on this machine only', async (t) => {
  const result = await loadConfig('config/demo.yaml', {})
  if (!result.ok) return t.fail(result.faults.map(formatFault).join('\n'))
  t.strictSame(result.warnings, [])
  t.match(result.config.settings, {
    gateway: { host: '127.0.0.1', port: 8080 },
    postgres: { kind: 'embedded', directory: join(process.cwd(), 'config/.latchkey') },
    redis: { kind: 'none' },
  })
})

t.test('the shipped flintn table has the 11 permissions of its document', async (t) => {
  const result = await loadConfig('config/demo.yaml', {})
  const flintn = result.ok ? result.config.table.apis.get('flintn') : undefined
  t.equal(flintn?.permissions.size, 11)
  t.equal(flintn?.permissions.get('transaction.capture'), 'Capture authorized transactions')
  t.match(flintn?.matchRoute('GET', '/v1/status'), { route: { requirement: { kind: 'public' } } })
})

t.test('all faults of all files are told at once, in the order of the files', async (t) => {
  const gateway = edit(
    edit(gatewayYaml, 'redis: none', 'redis: ${REDIS}\ncolour: red'),
    'upstream: payments }',
    'upstream: x }',
  )
  const table = `${tableYaml}  GTE /a: transaction.read\n  GET /b: transaction.raed\n  GET /b: public\n`
  t.strictSame(await faultsOf(t, { gateway, table }), [
    'gateway.yaml:2:8  the environment variable REDIS is not set',
    'gateway.yaml:3:1  unknown key `colour`',
    'gateway.yaml:11:68  there is no upstream `x`',
    'table.yaml:5:3  `GTE` is no method; known are GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS  (did you mean GET?)',
    'table.yaml:6:11  unknown permission `transaction.raed`  (did you mean transaction.read?)',
    'table.yaml:7:3  duplicate key `GET /b` (first: table.yaml:6:3)',
  ])
})

t.test('a broken gateway file is a fault, a missing one is unreadable', async (t) => {
  t.match(await load(t, { gateway: 'a: [1\n' }), { ok: false, unreadable: false })
  const folder = t.testdir({})
  const result = await loadConfig(join(folder, 'none.yaml'), {})
  t.match(result, {
    ok: false,
    unreadable: true,
    faults: [{ line: 1, column: 1, message: 'the file does not exist' }],
  })
  t.match(await loadConfig(folder, {}), { ok: false, unreadable: true })
})

t.test('a permission table that cannot be read is a fault where it is named', async (t) => {
  const gateway = edit(gatewayYaml, 'permissions: table.yaml', 'permissions: none.yaml')
  t.strictSame(await faultsOf(t, { gateway }), [
    'gateway.yaml:12:18  the permission table of `flintn` does not exist',
  ])
})

t.test('two APIs may share a table; its faults are told once', async (t) => {
  const gateway = withFlint(`    credential: { bearer: true }
    environments:
      live: { hosts: [a.example], prefix: f_live_, upstream: payments }
      sandbox: { hosts: [b.example], prefix: f_test_, upstream: payments-sandbox }
    permissions: ./table.yaml
`)
  const { table } = await configOf(t, { gateway })
  t.equal(table.apis.get('flint')?.routes.length, 1)
  t.equal((await faultsOf(t, { gateway, table: `${tableYaml}  GTE /a: public\n` })).length, 1)
})

t.test('nothing that came from the environment is in any fault', async (t) => {
  const names = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K']
  let at = 0
  const gateway = gatewayYaml
    .replace('postgres://db/latchkey', '${A}')
    .replace('none', '${B}')
    .replaceAll(/"http:[^"]*"/g, () => `"\${${names[2 + at++]}}"`)
    .replace('[api.flintn.com]', '["${E}"]')
    .replace('pk_live_', '"${F}"')
    .replace('upstream: payments }', 'upstream: "${G}" }')
    .replace('X-Api-Key', '"${H}"')
    .replace('permissions: table.yaml', 'permissions: ${I}\n    stale_limit: ${J}\n    cors: ${K}')
  const env = Object.fromEntries(names.map((name) => [name, 'hunter2 \u0000é']))
  const faults = await faultsOf(t, { gateway }, env)
  t.ok(faults.length >= 10, `${faults.length} faults`)
  t.notMatch(faults.join('\n'), /hunter2/)
})

t.test('the sum covers every byte of every file, their names, and no variable', async (t) => {
  const gateway = edit(gatewayYaml, 'redis: none', 'redis: ${REDIS:-none}')
  const sum = async (files: Parameters<typeof configOf>[1], env = {}) =>
    (await configOf(t, files, env)).table.sha256
  const base = await sum({ gateway })
  t.match(base, /^[0-9a-f]{64}$/)
  t.equal(await sum({ gateway }, { REDIS: 'redis://other' }), base)
  t.not(await sum({ gateway: `${gateway}# \n` }), base)
  t.not(await sum({ gateway, table: `${tableYaml}# \n` }), base)
  const renamed = edit(gateway, 'table.yaml', 'other.yaml')
  t.not(await sum({ gateway: renamed, others: { 'other.yaml': tableYaml } }), base)
})

t.test('the sum does not depend on how the path is written', async (t) => {
  const here = await loadConfig('config/demo.yaml', {})
  const absolute = await loadConfig(join(process.cwd(), 'config/demo.yaml'), {})
  t.equal(here.ok && here.config.table.sha256, absolute.ok && absolute.config.table.sha256)
})

t.test('faults show the file as it was given', async (t) => {
  const folder = relative(
    process.cwd(),
    t.testdir({ 'g.yaml': edit(gatewayYaml, 'table.yaml', 'sub/t.yaml'), sub: { 't.yaml': '' } }),
  )
  const result = await loadConfig(`${folder}/g.yaml`, {})
  t.strictSame(result.ok ? [] : result.faults.map(formatFault), [
    `${folder}/sub/t.yaml:1:1  the file is empty`,
  ])
})

t.test('no shipped file holds a secret', async (t) => {
  for (const file of ['gateway.yaml', 'demo.yaml'])
    t.notMatch(readFileSync(`config/${file}`, 'utf8'), /password|secret:/i)
})

t.test(
  'hostile tables end in one clear fault, in bounded time and memory',
  { timeout: 60_000 },
  async (t) => {
    const before = process.memoryUsage().rss
    const anchors = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((name, index, all) => {
      const inner = index === 0 ? 'x' : `*${all[index - 1] ?? ''}`
      return `${name}: &${name} [${Array.from({ length: 9 }, () => inner).join(',')}]\n`
    })
    for (const [table, fault] of [
      [`permissions: { a: A }\n${'#'.repeat(50 * 1024 * 1024)}`, /is larger than 4194304 bytes$/],
      [anchors.join(''), /nested too deeply, or too large/],
      ['{a: '.repeat(100_000), /nested too deeply/],
      ['a: \0', /is not a text file$/],
    ] as const) {
      const start = Date.now()
      t.match((await faultsOf(t, { table })).join('\n'), fault)
      t.ok(Date.now() - start < 10_000, `${Date.now() - start} ms`)
    }
    t.ok(process.memoryUsage().rss - before < 600 * 1024 * 1024)
    const itself = edit(gatewayYaml, 'table.yaml', 'gateway.yaml')
    t.match(await faultsOf(t, { gateway: itself }), [/missing key `permissions`|unknown key/])
  },
)
