// A table that a thread reads becomes the same configuration, and the loop turns meanwhile.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t from 'tap'
import { Value } from 'typebox/value'
import { compile } from '../../src/config/compile.ts'
import type { Api, CompiledConfig } from '../../src/config/compiled.ts'
import { loadConfig, type LoadResult } from '../../src/config/load.ts'
import { createReport } from '../../src/config/fault.ts'
import { fit } from '../../src/config/fit.ts'
import { GatewayFile } from '../../src/config/schema.ts'
import { readTable } from '../../src/config/table.ts'
import { answerOf, unpackTable } from '../../src/config/table-aside.ts'
import { parseTree } from '../../src/config/tree.ts'
import { edit, gatewayYaml, tableYaml, withFlint } from './files.ts'

t.setTimeout(120_000)

/** All that can be compared: what is left out are functions. */
function plain(config: CompiledConfig): unknown {
  const { settings, table, candidate } = config
  const apis = [...table.apis].map(([name, api]) => [name, { ...api, matchRoute: null }])
  const rest = { ...table, apis, matchHost: null }
  return { settings, table: rest, candidate: candidate === null ? null : plain(candidate) }
}

function comparable(result: LoadResult): unknown {
  return result.ok ? { ...result, config: plain(result.config) } : result
}

const shadowed = `${tableYaml}  POST /v1/refunds:
    any_of: [transaction.read, refund.write]
    timeout: 3s
    max_body: 1mb
    shadow: true
  GET /v1/files/{rest...}: public
`.replace('permissions:\n', 'permissions:\n  refund.write: Make refunds\n')

const flint = `    credential: { bearer: true }
    environments:
      live: { hosts: [api.flint.com], prefix: fl_live_, upstream: payments }
      sandbox: { hosts: [sandbox.api.flint.com], prefix: fl_test_, upstream: payments-sandbox }
    permissions: table.yaml
`

const sameSlash = edit(
  gatewayYaml,
  '    permissions: table',
  '    trailing_slash: same\n    max_body: 1kb\n    response: { max_body: 2kb }\n    permissions: table',
)

const withText = (text: string) => edit(tableYaml, 'Read transaction data', text)

const cases = {
  'a plain table': { gateway: gatewayYaml, table: tableYaml, faults: 0 },
  'marked routes, all options': { gateway: gatewayYaml, table: shadowed, faults: 0 },
  'two APIs that share a table': { gateway: withFlint(flint), table: shadowed, faults: 0 },
  'an API to which last slashes mean nothing, and routes without its limits': {
    gateway: sameSlash,
    table: `${shadowed}  GET /v1/x/: { permission: refund.write, max_body: none, response: { max_body: none } }\n`,
    faults: 0,
  },
  'templates that differ in a last slash there': {
    gateway: sameSlash,
    table: `${shadowed}  GET /v1/x/: refund.write\n  GET /v1/x: public\n`,
    faults: 1,
  },
  'an unused permission': {
    gateway: gatewayYaml,
    table: edit(tableYaml, 'permissions:\n', 'permissions:\n  a.b: A\n'),
    faults: 0,
  },
  'faults in both files': {
    gateway: edit(gatewayYaml, 'redis: none', 'redis: 7'),
    table: edit(tableYaml, 'GET', 'GTE'),
    faults: 2,
  },
  'no YAML': { gateway: gatewayYaml, table: '{', faults: 1 },
  'a variable': { gateway: gatewayYaml, table: withText('Read ${LATCHKEY_SHOP}'), faults: 0 },
  'a missing variable': { gateway: gatewayYaml, table: withText('Read ${NOBODY_SET_IT}'), faults: 1 },
} as const

/** Makes a table large enough for a thread. */
const padding = '# nothing\n'.repeat(4_000)

for (const [name, { gateway, table, faults }] of Object.entries(cases)) {
  t.test(`the same comes of ${name}`, async (t) => {
    const folder = t.testdir({ 'gateway.yaml': gateway, 'table.yaml': padding + table })
    const file = join(folder, 'gateway.yaml')
    // As the program does: the process's own, which no thread can be handed.
    process.env['LATCHKEY_SHOP'] = 'of the shop'
    t.teardown(() => delete process.env['LATCHKEY_SHOP'])
    const here = await loadConfig(file, process.env)
    const aside = await loadConfig(file, process.env, { isServing: true })
    t.strictSame(comparable(aside), comparable(here))
    t.equal(aside.ok ? 0 : aside.faults.length, faults)
  })
}

/** Every kind of route, so many that they come in several pieces. */
function largeTable(size: number): string {
  const routes = Array.from({ length: size / 4 }, (_, n) => [
    `  GET /v1/r${n}: transaction.read\n`,
    `  POST /v1/r${n}/{id}: public\n`,
    `  GET /v1/r${n}/{id}/events: { any_of: [transaction.read], timeout: 2s }\n`,
    `  PUT /v1/r${n}/files/{rest...}: transaction.read\n`,
  ])
  return `permissions: { transaction.read: Read }\nroutes:\n${routes.flat().join('')}`
}

t.test('a large table decides the same for every path', async (t) => {
  const size = 4_000
  const file = join(
    t.testdir({ 'gateway.yaml': gatewayYaml, 'table.yaml': largeTable(size) }),
    'gateway.yaml',
  )
  const apis: Api[] = []
  for (const isServing of [false, true]) {
    const result = await loadConfig(file, {}, { isServing })
    const api = result.ok ? result.config.table.apis.get('flintn') : undefined
    if (api === undefined) throw new Error('the table must be valid')
    apis.push(api)
  }
  const [here, aside] = apis
  t.equal(aside?.routes.length, size)
  let differing = 0
  for (let n = 0; n <= size / 4; n++) {
    for (const path of [
      `/v1/r${n}`,
      `/v1/r${n}/x`,
      `/v1/r${n}/x/events`,
      `/v1/r${n}/files/a/b`,
      `/v1/R${n}`,
    ]) {
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE']) {
        const expected = JSON.stringify(here?.matchRoute(method, path))
        if (JSON.stringify(aside?.matchRoute(method, path)) !== expected) differing++
      }
    }
  }
  t.equal(differing, 0)
})

/** How often others have their turn until `work` is done, which waits for nothing but them. */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let next: NodeJS.Immediate
  const count = () => {
    turns++
    next = setImmediate(count)
  }
  next = setImmediate(count)
  await work()
  clearImmediate(next)
  return turns
}

t.test('what comes back is taken piece by piece', async (t) => {
  const report = createReport()
  const table = readTable({ source: { file: 'table.yaml', text: largeTable(4_000) }, env: {} }, report)
  if (table === undefined) throw new Error('the table must be valid')
  const permissions = new Map(Array.from({ length: 4_000 }, (_, n) => [`thing.read${n}`, 'Read'] as const))
  const { table: packed } = answerOf({ permissions, routes: table.routes }, report)
  if (packed === undefined) throw new Error('there must be a table')
  t.ok((await turnsOf(() => unpackTable(packed))) >= 14)
  t.strictSame(await unpackTable(packed), { permissions, routes: table.routes })

  const tree = parseTree({ file: 'gateway.yaml', text: gatewayYaml }, {}, report)
  const file: unknown = tree && fit(GatewayFile, tree, report)
  if (!Value.Check(GatewayFile, file)) throw new Error('the file must be valid')
  const checked = { path: 'gateway.yaml', file, tables: new Map([['flintn', table]]), sha256: '' }
  t.ok((await turnsOf(() => compile(checked))) >= 7)
})

t.test('more faults than anybody reads are told in part', async (t) => {
  const routes = Array.from({ length: 3_000 }, (_, n) => `  GTE /v1/r${n}: transaction.read\n`).join('')
  const table = `permissions: { transaction.read: Read }\nroutes:\n${routes}`
  const folder = t.testdir({ 'gateway.yaml': gatewayYaml, 'table.yaml': table })
  const result = await loadConfig(join(folder, 'gateway.yaml'), {}, { isServing: true })
  const faults = result.ok ? [] : result.faults
  t.equal(faults.length, 1_001)
  t.match(faults[0]?.message, '1000 of 3000 are told')
  t.match(faults[1]?.message, '`GTE` is no method')
})

/** What a process of its own says of each of the files; nothing but `NODE_OPTIONS` is in its environment. */
function readIn(flags: readonly string[], options: string, files: readonly string[]) {
  const program = fileURLToPath(new URL('serving-program.js', import.meta.url))
  // By `env`: the runner of the tests gives each child that it sees options of its own.
  const args = ['-i', `NODE_OPTIONS=${options}`, process.execPath, ...flags, program, ...files]
  const child = spawnSync('env', args, { encoding: 'utf8' })
  if (child.status !== 0) throw new Error(`${child.status} ${child.stderr.slice(-500)}`)
  return child.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

t.test('a thread that runs out of memory is a fault of its file, and nothing else happens', async (t) => {
  const folder = t.testdir({
    'good.yaml': gatewayYaml.replace('table.yaml', 'small.yaml'),
    'gateway.yaml': gatewayYaml,
    'small.yaml': padding + tableYaml,
    'table.yaml': largeTable(40_000),
  })
  const files = ['gateway.yaml', 'good.yaml'].map((name) => join(folder, name))
  const [bad, good] = readIn(['--max-old-space-size=48'], '', files)
  t.strictSame(bad.files, [files[0], join(folder, 'table.yaml')], 'what is to be watched')
  t.match(bad.faults, [{ file: join(folder, 'table.yaml'), message: /^the thread .*failed: .*memory/ }])
  t.strictSame(good.ok, true)
})

t.test('where no thread may be started, the table is read all the same', async (t) => {
  const folder = t.testdir({ 'gateway.yaml': gatewayYaml, 'table.yaml': padding + tableYaml })
  const flag = ['--permission', '--experimental-permission'].find((name) =>
    process.allowedNodeEnvironmentFlags.has(name),
  )
  if (flag === undefined) throw new Error('this Node has no permissions')
  t.match(readIn([flag, '--allow-fs-read=*'], '', [join(folder, 'gateway.yaml')]), [{ ok: true }])
})

t.test('what the process was told to load first is not loaded by the thread', async (t) => {
  const folder = t.testdir({
    'gateway.yaml': gatewayYaml,
    'table.yaml': padding + tableYaml,
    'first.mjs': `import { isMainThread } from 'node:worker_threads'
      if (!isMainThread) process.exit(7)`,
  })
  const options = `--import=${pathToFileURL(join(folder, 'first.mjs')).href}`
  t.match(readIn([], options, [join(folder, 'gateway.yaml')]), [{ ok: true }])
})

t.test('ten thousand routes leave most of the time to others', async (t) => {
  const file = join(
    t.testdir({ 'gateway.yaml': gatewayYaml, 'table.yaml': largeTable(10_000) }),
    'gateway.yaml',
  )
  await turn()
  const before = performance.eventLoopUtilization()
  const result = await loadConfig(file, {}, { isServing: true })
  const { utilization } = performance.eventLoopUtilization(before)
  t.ok(result.ok)
  // About 0.1; without the thread 0.9 and more.
  t.ok(utilization < 0.5, String(utilization))
})
