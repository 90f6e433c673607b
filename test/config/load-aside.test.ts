// A table that a thread reads becomes the same configuration, and the loop turns meanwhile.

import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Api, CompiledConfig } from '../../src/config/compiled.ts'
import { loadConfig, type LoadResult } from '../../src/config/load.ts'
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

const withText = (text: string) => edit(tableYaml, 'Read transaction data', text)

const cases = {
  'a plain table': { gateway: gatewayYaml, table: tableYaml, faults: 0 },
  'marked routes, all options': { gateway: gatewayYaml, table: shadowed, faults: 0 },
  'two APIs that share a table': { gateway: withFlint(flint), table: shadowed, faults: 0 },
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
