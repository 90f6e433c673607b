import t from 'tap'
import { formatFault } from '../../src/config/fault.ts'
import type { Requirement } from '../../src/credentials/permission.ts'
import { configOf, edit, faultsOf, gatewayYaml, load, tableYaml } from './files.ts'

const head =
  'permissions:\n  a.read: Read\n  a.write: Write\nroutes:\n  GET /w: { all_of: [a.read, a.write] }\n'

/** The faults of a table whose only suspicious line is the sixth. */
async function faultOf(t: Parameters<typeof faultsOf>[0], line: string): Promise<string> {
  return (await faultsOf(t, { table: `${head}  ${line}\n` })).join('\n')
}

t.test('requirements, limits and sources of routes are compiled', async (t) => {
  const table = `${head}  GET   /one/{id}:   a.read
  POST /any: { any_of: [a.read, a.write], timeout: 120s, max_body: 1mb, shadow: false }
  PUT /single: { permission: a.write, max_body: 0 }
  GET /open: public
  GET /open/2: { permission: public, timeout: 1s, disguises: strict }
  GET /exact/{id}: { permission: a.read, disguises: exact, escapes: [percent, question] }
`
  const { table: compiled } = await configOf(t, { table })
  const expected: [number, string, string, Requirement, number | null, number | null][] = [
    [5, 'GET', '/w', { kind: 'all', permissions: ['a.read', 'a.write'] }, null, null],
    [6, 'GET', '/one/{id}', { kind: 'all', permissions: ['a.read'] }, null, null],
    [7, 'POST', '/any', { kind: 'any', permissions: ['a.read', 'a.write'] }, 120_000, 1_048_576],
    [8, 'PUT', '/single', { kind: 'all', permissions: ['a.write'] }, null, 0],
    [9, 'GET', '/open', { kind: 'public' }, null, null],
    [10, 'GET', '/open/2', { kind: 'public' }, 1000, null],
    [11, 'GET', '/exact/{id}', { kind: 'all', permissions: ['a.read'] }, null, null],
  ]
  t.strictSame(
    compiled.apis.get('flintn')?.routes.map(({ source, ...route }) => [route, source.replace(/^.*\//, '')]),
    expected.map(([line, method, template, requirement, timeoutMs, maxBodyBytes]) => [
      {
        ...{ method, template, requirement, timeoutMs, maxBodyBytes },
        ...{ maxResponseBytes: null, responseIdleMs: null },
        upstream: null,
        rateLimits: [],
        disguises: template === '/exact/{id}' ? 'exact' : 'strict',
        escapes: template === '/exact/{id}' ? 6 : 0,
      },
      `table.yaml:${line}:3`,
    ]),
  )
  t.strictSame(
    [...(compiled.apis.get('flintn')?.permissions ?? [])],
    [
      ['a.read', 'Read'],
      ['a.write', 'Write'],
    ],
  )
})

t.test('an unknown permission is told with the one that was meant, at its own place', async (t) => {
  t.equal(
    await faultOf(t, 'GET /x: a.raed'),
    'table.yaml:6:11  unknown permission `a.raed`  (did you mean a.read?)',
  )
  t.equal(
    await faultOf(t, 'GET /x: { any_of: [a.read, a.wriet] }'),
    'table.yaml:6:30  unknown permission `a.wriet`  (did you mean a.write?)',
  )
  t.match(await faultOf(t, 'GET /x: { all_of: [a.read, public] }'), /unknown permission `public`/)
  t.match(await faultOf(t, 'GET /x: "*"'), /unknown permission `\*`/)
})

t.test('`disguises` is strict or exact', async (t) => {
  t.match(
    await faultOf(t, 'GET /x/{id}: { permission: a.read, disguises: off }'),
    /^table\.yaml:6:\d+ {2}`disguises` must be/,
  )
})

t.test('`escapes` names some of three, each once, on a route that has a parameter', async (t) => {
  const escapes = (list: string) => faultOf(t, `GET /x/{id}: { permission: a.read, escapes: ${list} }`)
  t.equal(await escapes('[hash, question, percent]'), '')
  t.match(await escapes('[hsh]'), /table\.yaml:6:48 {2}an entry of `escapes` must be .*did you mean hash\?/)
  t.match(await escapes('[slash]'), /must be `hash` or `question` or `percent`/)
  t.match(await escapes('[hash, hash]'), /listed twice/)
  t.match(await escapes('[]'), /must be a list of `hash`, `question`, `percent`/)
  t.match(await escapes('hash'), /must be a list of `hash`, `question`, `percent`/)
  const result = await load(t, { table: `${head}  GET /x: { permission: a.read, escapes: [hash] }\n` })
  t.match(result.warnings.map(formatFault), [
    /table\.yaml:6:33 {2}`escapes` of `GET \/x` lets nothing in: the path has no parameter/,
  ])
})

t.test('a table knows which escapes some route takes', async (t) => {
  const lines = [
    'GET /x/{id}: { permission: a.read, escapes: [hash] }',
    'GET /y/{id}: { permission: a.read, escapes: [percent] }',
  ]
  const { table } = await configOf(t, { table: `${head}  ${lines.join('\n  ')}\n` })
  t.equal(table.escapes, 5)
  t.equal((await configOf(t, { table: head })).table.escapes, 0)
})

t.test('a route without a requirement, or with two, is a fault', async (t) => {
  for (const line of ['GET /x:', 'GET /x: ""', 'GET /x: []', 'GET /x: 5']) {
    t.match(
      await faultOf(t, line),
      /^table\.yaml:6:\d+ {2}`GET \/x` must be a permission, `public`, or/,
      line,
    )
  }
  const wanted = 'give one of permission, all_of, any_of'
  t.equal(await faultOf(t, 'GET /x: {}'), `table.yaml:6:3  \`GET /x\` has no requirement: ${wanted}`)
  t.match(await faultOf(t, 'GET /x: { timeout: 1s }'), /has no requirement/)
  t.match(
    await faultOf(t, 'GET /x: { permission: a.read, any_of: [a.read] }'),
    /has more than one requirement/,
  )
  t.match(await faultOf(t, 'GET /x: { all_of: [] }'), /`all_of` must be a list of at least one permission/)
  t.match(await faultOf(t, 'GET /x: { all_of: [a.read, a.read] }'), /an entry of `all_of` is listed twice/)
})

t.test('a method or a template that is none is a fault', async (t) => {
  t.match(
    await faultOf(t, 'GTE /x: a.read'),
    /^table\.yaml:6:3 {2}`GTE` is no method; .*\(did you mean GET\?\)$/,
  )
  t.match(await faultOf(t, 'get /x: a.read'), /`get` is no method/)
  t.match(await faultOf(t, '/x: a.read'), /`\/x` is no route: write `METHOD \/path\/\{template\}`/)
  t.match(await faultOf(t, 'GET /x /y: a.read'), /is no route/)
  t.match(await faultOf(t, 'GET x: a.read'), /a path template begins with `\/`/)
  t.match(await faultOf(t, 'GET /{a...}/x: a.read'), /must be the last segment/)
})

t.test('overlapping routes name each other’s places', async (t) => {
  const fault = await faultOf(t, 'GET /{x}/b: a.read\n  GET  /a/{y}: a.write')
  t.equal(
    fault,
    'table.yaml:7:3  `GET /a/{y}` overlaps with `GET /{x}/b` (table.yaml:6:3): ' +
      'both match some requests, and neither is more specific; add `GET /a/b`, or let both say the same',
  )
  t.match(
    await faultOf(t, 'GET   /w: a.read'),
    /overlaps with `GET \/w` \(table\.yaml:5:3\)/,
    'more spaces, same route',
  )
  t.match(
    await faultOf(t, 'GET /a-{x}: a.read\n  GET /{x}-b: a.write'),
    /; add `GET \/a-\{value\}-b` and `GET \/a--b` and `GET \/a-b`, or let both say the same$/,
  )
  t.equal(await faultOf(t, 'GET /{x}/b: a.read\n  GET /a/{y}: a.write\n  GET /a/b: public'), '')
})

t.test('routes that say the same may overlap: in all that they say', async (t) => {
  const pair = (one: string, other: string) => faultOf(t, `GET /{x}/b: ${one}\n  GET /a/{y}: ${other}`)
  t.equal(await pair('a.read', '{ any_of: [a.read] }'), '')
  t.equal(await pair('{ all_of: [a.read, a.write] }', '{ all_of: [a.write, a.read] }'), '')
  t.equal(await pair('{ permission: a.read, timeout: 60s }', '{ permission: a.read, timeout: 1m }'), '')
  for (const other of [
    'public',
    '{ all_of: [a.read, a.write] }',
    '{ permission: a.read, timeout: 1s }',
    '{ permission: a.read, max_body: 1kb }',
    '{ permission: a.read, disguises: exact }',
    '{ permission: a.read, escapes: [hash] }',
  ])
    t.match(await pair('a.read', other), /overlaps with/, other)
})

t.test('a route that matches what another does, and says the same, is a warning', async (t) => {
  const result = await load(t, { table: `${head}  GET /x/{a}: a.read\n  GET /x/{b}: a.read\n` })
  t.equal(result.ok, true)
  t.match(result.warnings.map(formatFault), [
    'table.yaml:7:3  `GET /x/{b}` matches the requests of `GET /x/{a}` (table.yaml:6:3), and says the same: one is enough',
  ])
})

t.test('literals beside parameters are compiled, sent to the thread and back', async (t) => {
  const { table } = await configOf(t, {
    table: `${head}  POST /o/{id}:refund: a.write\n  POST /o/{id}: a.read\n`,
  })
  const match = table.apis.get('flintn')?.matchRoute
  t.match(match?.('POST', '/o/1:refund'), { kind: 'found', route: { template: '/o/{id}:refund' } })
  t.match(match?.('POST', '/o/1%3Arefund'), { kind: 'hidden_literal', at: 3 })
})

t.test('a route marked shadow is only in the candidate', async (t) => {
  const line = '  GET /y: { permission: a.read, shadow: true }\n'
  const { table, candidate } = await configOf(t, { table: `${head}${line}` })
  const templates = (of: typeof table | undefined) =>
    [...(of?.apis.values() ?? [])].flatMap((api) => api.routes.map((route) => route.template))
  t.notOk(templates(table).includes('/y'))
  t.ok(templates(candidate?.table).includes('/y'))
  t.ok(templates(candidate?.table).includes('/w'))
})

t.test('permissions that no route asks for are a warning', async (t) => {
  const result = await load(t, { table: 'permissions:\n  a: x\n  b: y\nroutes:\n  GET /: a\n' })
  t.equal(result.ok, true)
  t.strictSame(result.warnings.map(formatFault), ['table.yaml:3:3  no route asks for `b`'])
})

t.test('a route that can never match is a fault that names those which take its requests', async (t) => {
  const lines = ['/a/{r...}', '/a/{x}', '/a/{x}/', '/a/{x}/{s...}'].map(
    (path) => `  GET ${path}: transaction.read\n`,
  )
  const table = edit(tableYaml, '  GET /v1/transactions/{id}: transaction.read\n', lines.join(''))
  t.strictSame(await faultsOf(t, { table }), [
    'table.yaml:4:3  `GET /a/{r...}` can never match: `GET /a/{x}` (table.yaml:5:3) and `GET /a/{x}/` (table.yaml:6:3) ' +
      'and `GET /a/{x}/{s...}` (table.yaml:7:3) match all its requests, and are more specific',
  ])
})

t.test('a route that is longer than any request can be is a fault', async (t) => {
  const gateway = `gateway: { limits: { url_bytes: 40 } }\n${gatewayYaml}`
  const table = edit(tableYaml, '/v1/transactions/{id}', `/v1/${'t'.repeat(35)}/{id}`)
  t.match(await faultsOf(t, { gateway, table }), [
    /^table\.yaml:4:3 {2}`GET \/v1\/t+\/…` can never match: it is longer/,
  ])
  t.strictSame(await faultsOf(t, { gateway, table: edit(tableYaml, 'transactions', 't'.repeat(34)) }), [])
})

t.test('10,000 routes are compiled in about a second', { timeout: 60_000 }, async (t) => {
  const routes = Array.from({ length: 10_000 }, (_, n) => `  GET /v1/resource_${n}/{id}: transaction.read\n`)
  const table = `permissions: { transaction.read: Read }\nroutes:\n${routes.join('')}`
  await configOf(t, { table })
  const before = process.cpuUsage()
  const { table: compiled } = await configOf(t, { table })
  const { user, system } = process.cpuUsage(before)
  t.equal(compiled.apis.get('flintn')?.routes.length, 10_000)
  // Processor time, with room for a machine that does other things too: `node build/bench/matcher.js` measures.
  t.ok(user + system < 3_000_000, `${(user + system) / 1000} ms`)
})
