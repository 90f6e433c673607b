import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { gatewayYaml } from '../../config/files.ts'
import { paymentApi } from '../../tables/openapi/payment-api.ts'
import { typed } from './typed.ts'

interface TestFolder {
  testdir(files: Record<string, string>): string
}

/** A gateway file, a document, and perhaps a table, in a folder. */
function folderOf(t: TestFolder, document: object, table?: string): string {
  const files = { 'gateway.yaml': gatewayYaml, 'api.json': JSON.stringify(document, null, 2) }
  return t.testdir({ ...files, ...(table !== undefined && { 'table.yaml': table }) })
}

async function importInto(folder: string, ...flags: string[]) {
  return typed(['import-openapi', join(folder, 'api.json'), '--into', join(folder, 'table.yaml'), ...flags])
}

const text = (folder: string) => readFileSync(join(folder, 'table.yaml'), 'utf8')

t.test('a payment API of several hundred operations: import, check, test, explain', async (t) => {
  const cases = `- { request: GET /v1/charges/ch_1, who: [charges.read], expect: { route: "GET /v1/charges/{id}" } }
- { request: GET /v1/charges/search, who: [charges.read], expect: { route: GET /v1/charges/search } }
- { request: POST /v1/refunds, who: { all_but: [refunds.write] }, expect: INSUFFICIENT_PERMISSIONS }
`
  const document = JSON.stringify(paymentApi(), null, 2)
  const folder = t.testdir({ 'gateway.yaml': gatewayYaml, 'api.json': document, 'cases.yaml': cases })
  t.match(
    (await importInto(folder)).stdout,
    /^576 routes added, 0 changed, 0 kept, 0 removed\n {2}60 permissions\n$/,
  )
  const gateway = join(folder, 'gateway.yaml')
  const checked = await typed(['check', gateway, '--openapi', join(folder, 'api.json')])
  t.match(checked.stdout, /is valid: 1 API \(flintn\), 576 routes/)
  t.equal(checked.stderr, '')
  t.match((await typed(['test', gateway, join(folder, 'cases.yaml')])).stdout, /^3 passed, 0 failed\n/)
  const asked = ['POST', '/v1/refunds/re_1/cancel', '--permissions', 'refunds.write', '--json']
  const { stdout } = await typed(['explain', gateway, ...asked])
  t.match(JSON.parse(stdout), { decision: 'allow', route: { template: '/v1/refunds/{id}/cancel' } })
})

const table = `# Ours, by hand.
permissions:
  thing.read:  Read things    # the old name
  thing.write: Write things
routes:
  # The things
  GET    /v1/things:             thing.read      # a comment
  GET    /v1/things/{thing}:     { permission: thing.read, timeout: 5s }

  # The rest
  GET    /v1/house:              public
`
const get = { get: {} }
const document = (paths: object) => ({
  openapi: '3.1.0',
  info: {},
  servers: [{ url: 'https://api.flintn.com/v1' }],
  paths,
})

t.test('an update keeps every byte of what it does not change', async (t) => {
  const paths = { '/things': { ...get, post: {} }, '/things/{id}': get, '/others': get }
  const folder = folderOf(t, document(paths), table)
  const { stdout, exitCode } = await importInto(folder, '--rule', 'thing.{access}')
  t.equal(
    stdout,
    '2 routes added, 0 changed, 3 kept, 0 removed\n  not in the document: GET /v1/house\n  2 permissions\n',
  )
  t.equal(exitCode, 0)
  t.equal(
    text(folder),
    table
      .replace('# a comment\n', '# a comment\n  POST   /v1/things:             thing.write\n')
      .replace(/$/, '  GET    /v1/others:             thing.read\n'),
  )
})

t.test('what the document states itself is brought up to date, other settings stay', async (t) => {
  const said = (name: unknown) => ({ get: { 'x-permission': name } })
  const paths = {
    '/things': said(['thing.read', 'audit.read']),
    '/things/{id}': said('thing.write'),
    '/house': { get: { security: [] } },
  }
  const folder = folderOf(t, document(paths), table)
  const { stdout } = await importInto(folder)
  t.equal(
    stdout,
    `0 routes added, 2 changed, 1 kept, 0 removed
  changed: GET /v1/things: thing.read → { all_of: [thing.read, audit.read] }
  changed: GET /v1/things/{id}: thing.read → thing.write
  new permission: audit.read
  3 permissions
`,
  )
  t.equal(
    text(folder),
    table
      .replace('Write things\n', 'Write things\n  audit.read:  Read audit\n')
      .replace('thing.read      # a comment', '{ all_of: [thing.read, audit.read] }      # a comment')
      .replace('{ permission: thing.read, timeout', '{ permission: thing.write, timeout'),
  )
  t.equal(
    (await importInto(folder)).stdout,
    '0 routes added, 0 changed, 3 kept, 0 removed\n',
    'a second time',
  )
})

t.test('a document never makes a listed route public by having no security', async (t) => {
  const folder = folderOf(t, document({ '/things': { get: { security: [] } } }), table)
  await importInto(folder)
  t.equal(text(folder), table)
})

t.test('--prune removes what the document does not have, and nothing else', async (t) => {
  const folder = folderOf(t, document({ '/things': get, '/things/{id}': get }), table)
  t.match((await importInto(folder, '--prune')).stdout, /1 removed\n {2}removed: GET \/v1\/house\n/)
  t.equal(text(folder), table.replace('  GET    /v1/house:              public\n', ''))
})

t.test('flow style stays flow style', async (t) => {
  const flow = 'permissions: { a: A }\nroutes: { GET /v1/a: a }\n'
  const folder = folderOf(t, document({ '/a': get, '/b/{c}': get }), flow)
  await importInto(folder, '--rule', 'b')
  t.equal(text(folder), 'permissions: { a: A, "b": Use b }\nroutes: { GET /v1/a: a, "GET /v1/b/{c}": b }\n')
})

t.test('without --into the table is printed, and what was done goes to stderr', async (t) => {
  const folder = folderOf(t, document({ '/things/{id}': get, '/x/{y}{z}.json': get }))
  const { stdout, stderr } = await typed(['import-openapi', join(folder, 'api.json')])
  t.match(
    stdout,
    /permissions:\n {2}things\.read: Read things\n\nroutes:\n {2}# things\n {2}GET {4}\/v1\/things\/\{id\}: things\.read\n$/,
  )
  t.match(stderr, /^1 route added, .*\n {2}1 permission\n {2}left out: GET \/v1\/x\/\{y\}\{z\}\.json: /)
})

t.test('a table that would not be valid is not written', async (t) => {
  const folder = folderOf(t, document({ '/a': get }), table)
  const { stderr, exitCode } = await importInto(folder, '--rule', '')
  t.match(stderr, /nothing was written\n/)
  t.equal(exitCode, 1)
  t.equal(text(folder), table)
})

const scoped = (...scopes: string[]) => ({ security: [{ oauth: scopes }] })

/** Imports again, and compares. */
async function again(folder: string): Promise<{ isSame: boolean; drift: string }> {
  const once = text(folder)
  await importInto(folder)
  const checked = await typed(['check', join(folder, 'gateway.yaml'), '--openapi', join(folder, 'api.json')])
  return { isSame: text(folder) === once, drift: checked.stderr }
}

const settled = { isSame: true, drift: '' }

t.test('security that is optional is not public; what is, is counted and listed', async (t) => {
  const paths = {
    '/payments/{product}': { post: { security: [{}, { oauth: [] }] } },
    '/consents': { post: { security: [{ oauth: ['consents'] }, {}] } },
    '/status': { get: { security: [] } },
    '/health': { get: { security: [{}] } },
  }
  const folder = folderOf(t, document(paths))
  const { stdout } = await importInto(folder)
  t.match(text(folder), /POST {3}\/v1\/payments\/\{product\}: payments\.write\n/)
  t.match(text(folder), /POST {3}\/v1\/consents: +consents\n/)
  t.match(stdout, /public, without a key: 2\n {2}public: GET \/v1\/status\n {2}public: GET \/v1\/health\n$/)
  t.strictSame(await again(folder), settled)
})

t.test('scopes are for new routes: what people made of a listed one stays', async (t) => {
  const paths = {
    '/pay': { post: scoped('payments') },
    '/pay/{id}': { get: scoped('payments') },
  }
  const folder = folderOf(t, document(paths))
  await importInto(folder)
  const tightened = text(folder)
    .replace('permissions:\n', 'permissions:\n  payments.initiate: Start payments\n')
    .replace(/(POST +\/v1\/pay: +)payments/, '$1payments.initiate')
  writeFileSync(join(folder, 'table.yaml'), tightened)
  t.equal((await importInto(folder)).stdout, '0 routes added, 0 changed, 2 kept, 0 removed\n')
  t.equal(text(folder), tightened)
})

t.test('nothing is loosened without --loosen, and it is told', async (t) => {
  const strict = `permissions: { a: A, b: B }\nroutes:\n  GET /v1/x: { all_of: [a, b] }\n  GET /v1/y: a\n`
  const paths = { '/x': { get: { 'x-permission': 'a' } }, '/y': { get: { 'x-permission': 'public' } } }
  const folder = folderOf(t, document(paths), strict)
  const { stdout } = await importInto(folder)
  t.equal(text(folder), strict)
  t.match(
    stdout,
    /^0 routes added, 0 changed, 2 kept, .*\n {2}kept, as the document asks for less .*: GET \/v1\/x: /,
  )
  t.match((await importInto(folder, '--loosen')).stdout, /2 changed.*public: GET \/v1\/y\n$/s)
  t.match(text(folder), /GET \/v1\/x: \{ permission: a \}\n {2}GET \/v1\/y: public\n/)
})

t.test(
  '--prune keeps a route whose requests another would take for less, unless with --loosen',
  async (t) => {
    const listed = `permissions: { s: S, w: W }
routes:
  GET /v1/a/secret: s
  GET /v1/a/same: w
  GET /v1/a/{x}: w
  GET /v1/b/c: s
  GET /v1/{rest...}: public
  GET /v1/b/{x}: s
`
    const paths = { '/a/{x}': get, '/b/{x}': get, '/{x}': get }
    const folder = folderOf(t, document(paths), listed)
    const { stdout } = await importInto(folder, '--prune', '--rule', 's')
    t.match(
      stdout,
      /kept, as the document asks for less .*: GET \/v1\/a\/secret: s → w \(of GET \/v1\/a\/\{x\}\)\n/,
    )
    t.match(text(folder), /GET \/v1\/a\/secret: s\n/)
    t.match(
      stdout,
      / {2}removed: GET \/v1\/a\/same\n {2}removed: GET \/v1\/b\/c\n {2}removed: GET \/v1\/\{rest/,
    )
    const once = text(folder)
    t.match(
      (await importInto(folder, '--prune', '--rule', 's')).stdout,
      /^0 routes added, 0 changed, \d kept, 0 removed/,
    )
    t.equal(text(folder), once)
    t.match((await importInto(folder, '--prune', '--loosen')).stdout, /removed: GET \/v1\/a\/secret\n/)
  },
)

t.test('a new operation takes nothing from a listed route for less, unless with --loosen', async (t) => {
  const listed = `permissions: { s: S, t: T }
routes:
  GET /v1/a/{path...}: { all_of: [s, t] }
  GET /v1/b/{x}: s
`
  const paths = {
    '/a/health': { get: { security: [] } },
    '/a/{x}': { get: { 'x-permission': 's' } },
    '/a/{x}/y': { get: { 'x-permission': 'other' } },
    '/b/{x}': get,
    '/b/own': { get: { 'x-permission': ['s', 't'] } },
    '/c': { get: { security: [] } },
  }
  const folder = folderOf(t, document(paths), listed)
  const { stdout, exitCode } = await importInto(folder)
  t.equal(exitCode, 0)
  t.match(
    stdout,
    /asks for less .*: GET \/v1\/a\/health: \{ all_of: \[s, t\] \} → public \(of GET \/v1\/a\/\{path\.\.\.\}\)\n/,
  )
  t.match(stdout, /asks for less .*: GET \/v1\/a\/\{x\}: \{ all_of: \[s, t\] \} → s /)
  t.match(stdout, /public, without a key: 1\n {2}public: GET \/v1\/c\n/)
  t.notMatch(text(folder), /GET \/v1\/a\/(?:health|\{x\}):/)
  t.match(
    text(folder),
    /GET \/v1\/a\/\{x\}\/y: +\{ all_of: \[other, s, t\] \}\n/,
    'nobody passes whom either refuses',
  )
  t.match(text(folder), /GET \/v1\/b\/own: +\{ all_of: \[s, t\] \}\n/, 'what asks for more is written')
  const once = text(folder)
  await importInto(folder)
  t.equal(text(folder), once)
  await importInto(folder, '--loosen')
  t.match(text(folder), /GET \/v1\/a\/health: +public\n/)
  t.match(text(folder), /GET \/v1\/a\/\{x\}\/y: +\{ permission: other \}|GET \/v1\/a\/\{x\}\/y: +other/)
})

t.test('HEAD is answered by a listed GET until it has a route of its own', async (t) => {
  const listed = `permissions: { s: S }\nroutes:\n  GET /v1/a: s\n`
  const paths = { '/a': { get: { 'x-permission': 's' }, head: { 'x-permission': 'public' } } }
  const folder = folderOf(t, document(paths), listed)
  t.match(
    (await importInto(folder)).stdout,
    /asks for less .*: HEAD \/v1\/a: s → public \(of GET \/v1\/a\)\n/,
  )
  t.equal(text(folder), listed)
})

t.test('an action beside a resource has its own route and its own permission', async (t) => {
  const paths = {
    '/orders/{id}': { post: scoped('orders.write') },
    '/orders/{id}:refund': { post: scoped('orders.refund') },
  }
  const folder = folderOf(t, document(paths))
  await importInto(folder)
  t.match(text(folder), /POST {3}\/v1\/orders\/\{id\}:refund: orders\.refund\n/)
  t.strictSame(await again(folder), settled)
})

t.test('an operation that is left out, and served for less, is a fault of import and check', async (t) => {
  const paths = {
    '/orders/{id}': { post: scoped('orders.write') },
    '/orders/{id}{verb}': { post: scoped('orders.refund') },
  }
  const folder = folderOf(t, document(paths))
  const { stderr, exitCode } = await importInto(folder)
  const fault =
    /`POST \/v1\/orders\/\{id\}\{verb\}` is left out .*`POST \/v1\/orders\/\{id\}` takes its requests: it asks for orders\.write, not orders\.refund/
  t.match(stderr, fault)
  t.equal(exitCode, 1)
  t.match(text(folder), /orders\.write/, 'the rest is there')
  const words = ['check', join(folder, 'gateway.yaml'), '--openapi', join(folder, 'api.json')]
  t.match(await typed(words), { stderr: fault, exitCode: 1 })
  writeFileSync(
    join(folder, 'table.yaml'),
    text(folder)
      .replace(/(\{id\}: +)orders\.write/, '$1{ all_of: [orders.refund, orders.write] }')
      .replace('permissions:\n', 'permissions:\n  orders.refund: R\n'),
  )
  t.match(await typed(words), { stderr: '', exitCode: 0 })
})

t.test(
  'an operation that is left out beside one that takes some of its requests for less is a fault',
  async (t) => {
    const paths = { '/c/{a}...{b}': { get: scoped('weak') }, '/c/rel{x}': { get: scoped('strict') } }
    const folder = folderOf(t, document(paths))
    t.match(await importInto(folder), {
      stderr:
        /`GET \/v1\/c\/rel\{x\}` is left out .*`GET \/v1\/c\/\{a\}\.\.\.\{b\}` takes its requests: it asks for weak, not strict/,
      exitCode: 1,
    })
  },
)

t.test('an x-permission that cannot be read is a fault, and never nothing', async (t) => {
  for (const value of [
    { all_off: ['a'] },
    [''],
    [],
    7,
    '',
    null,
    { all_of: ['a', 7] },
    { all_of: ['a'], any: ['b'] },
  ]) {
    for (const level of [{ 'x-permission': value }, { 'x-permissions': value }]) {
      const paths = { '/a': { get: { security: [], ...level } }, '/b': { ...level, post: {} }, '/c': get }
      const folder = folderOf(t, document(paths))
      const { stderr, exitCode } = await importInto(folder)
      t.equal(exitCode, 2, JSON.stringify(value))
      t.match(stderr, /`GET \/a`: x-permission is none[^]*`POST \/b`: x-permission is none/)
      t.throws(() => text(folder))
    }
  }
  const paths = { '/a': { get: { 'x-permission': 'a', 'x-permissions': ['b'] } } }
  const folder = folderOf(t, document(paths))
  t.equal((await importInto(folder)).exitCode, 2, 'two')
  t.equal(
    (await typed(['check', join(folder, 'gateway.yaml'), '--openapi', join(folder, 'api.json')])).exitCode !==
      0,
    true,
  )
})

t.test('names by the rule are each text’s own', async (t) => {
  const tagged = (tag: string) => ({ get: { tags: [tag] } })
  const paths = {
    '/a': tagged('閲覧'),
    '/b': tagged('削除'),
    '/c': tagged('x/y'),
    '/d': tagged('x_y'),
    '/e': { get: { 'x-permission': 'z_1.read' } },
    '/f': tagged('z 1'),
  }
  const folder = folderOf(t, document(paths))
  await importInto(folder, '--rule', '{tag}.{access}')
  const names = [...text(folder).matchAll(/GET +\/v1\/\w: +(\S+)\n/g)].map(([, name]) => name)
  t.equal(names.length, 6)
  t.equal(new Set(names).size, 6)
  t.ok(names.includes('x_y.read'), 'what can be named as it is keeps its name')
  const long = 'x'.repeat(100)
  const ids = { '/a': { get: { operationId: `${long}1` } }, '/b': { get: { operationId: `${long}2` } } }
  const other = folderOf(t, document(ids))
  t.match((await importInto(other, '--rule', '{operation}')).stdout, / 2 permissions\n/)
})

t.test('a pair that clashes gets a route for what both match, which asks for all of both', async (t) => {
  const paths = {
    '/a/{b}/c': { get: scoped('p') },
    '/a/d/{e}': { get: scoped('q') },
    '/a/{x}': { get: scoped('r') },
  }
  const folder = folderOf(t, document(paths))
  const { stdout, exitCode } = await importInto(folder)
  t.equal(exitCode, 0)
  t.match(text(folder), /GET {4}\/v1\/a\/d\/c: +\{ all_of: \[p, q\] \}\n/)
  t.match(stdout, /added between two: GET \/v1\/a\/d\/c: \{ all_of: \[p, q\] \} \(both GET .* match it\)/)
  t.strictSame(await again(folder), settled)
  const pruned = text(folder)
  await importInto(folder, '--prune')
  t.equal(text(folder), pruned)
})

t.test(
  '--prune takes the route between two with one of them, and settles nothing with what goes',
  async (t) => {
    const listed = `permissions: { p: P, q: Q }
routes:
  GET /v1/a/{b}/c: p
  GET /v1/a/d/{e}: q
  GET /v1/a/d/c: { all_of: [p, q] }
  GET /v1/f/{g}/h: { permission: p, timeout: 5s }
`
    const paths = { '/a/d/{e}': { get: scoped('q') }, '/f/i/{j}': { get: scoped('p') } }
    const folder = folderOf(t, document(paths), listed)
    const { stdout } = await importInto(folder, '--prune')
    t.match(
      stdout,
      /asks for less .*: GET \/v1\/a\/d\/c: \{ all_of: \[p, q\] \} → q \(of GET \/v1\/a\/d\/\{e\}\)\n/,
    )
    t.match(stdout, /not in the document: GET \/v1\/a\/d\/c\n/)
    t.notMatch(text(folder), /\/c: p|\/f\/i\/h|\/f\/\{g\}/)
    const once = text(folder)
    await importInto(folder, '--prune')
    t.equal(text(folder), once)
    await importInto(folder, '--prune', '--loosen')
    t.notMatch(text(folder), /\/d\/c/)
    writeFileSync(join(folder, 'table.yaml'), listed)
    await importInto(folder, '--prune', '--loosen')
    t.match(text(folder), /routes:\n {2}GET \/v1\/a\/d\/\{e\}: q\n\s+GET \/v1\/f\/i\/\{j\}: p\n?$/)
    t.strictSame(await again(folder), settled)
  },
)

t.test(
  'a listed route between two asks for all of both when one changes; check tells of one that does not',
  async (t) => {
    const asking = (one: string, other: string) =>
      document({ '/{x}/b': { get: { 'x-permission': one } }, '/a/{y}': { get: { 'x-permission': other } } })
    const folder = folderOf(t, asking('p1', 'p2'))
    await importInto(folder)
    t.match(text(folder), /GET {4}\/v1\/a\/b: +\{ all_of: \[p1, p2\] \}\n/)
    const before = text(folder)
    writeFileSync(join(folder, 'api.json'), JSON.stringify(asking('p3', 'p2')))
    const { stdout } = await importInto(folder)
    t.match(stdout, /^0 routes added, 2 changed, 1 kept/)
    t.match(stdout, /changed: GET \/v1\/a\/b: \{ all_of: \[p1, p2\] \} → \{ all_of: \[p2, p3\] \}\n/)
    t.match(text(folder), /GET {4}\/v1\/a\/b: +\{ all_of: \[p2, p3\] \}\n/)
    t.match(await again(folder), { isSame: true, drift: /^\S+ {2}warning: no route asks for `p1`\n$/ })
    writeFileSync(
      join(folder, 'table.yaml'),
      before.replace(/(\{x\}\/b: +)p1/, '$1p3').replace('p1:', 'p3: P\n  p1:'),
    )
    const words = ['check', join(folder, 'gateway.yaml'), '--openapi', join(folder, 'api.json')]
    const fault =
      /`GET \/v1\/a\/b` is of no operation, and takes requests of `GET \/v1\/\{x\}\/b` for less: it asks for \{ all_of: \[p1, p2\] \}, not for all of p3\n/
    t.match(await typed(words), { stderr: fault, exitCode: 1 })
    await importInto(folder)
    const all = /GET {4}\/v1\/a\/b: +\{ all_of: \[p1, p2, p3\] \}\n/
    t.match(text(folder), all, 'what may be of people stays, and more is asked for')
    t.strictSame(await again(folder), settled)
  },
)

t.test('so does a new operation that clashes with a listed route', async (t) => {
  const listed = `permissions: { p: P }\nroutes:\n  GET /v1/a/{b}/c: { permission: p, timeout: 5s }\n`
  const folder = folderOf(
    t,
    document({ '/a/{b}/c': { get: scoped('p') }, '/a/d/{e}': { get: scoped('p') } }),
    listed,
  )
  await importInto(folder)
  t.match(text(folder), /GET \/v1\/a\/d\/c: +p\n/)
  t.strictSame(await again(folder), settled)
})

t.test('two operations of one shape are one route that asks for all of both, and it is told', async (t) => {
  const paths = {
    '/a/{x}': { get: scoped('p') },
    '/a/{y}': { get: scoped('q') },
    '/b#one': { get: scoped('p') },
    '/b?two': { get: scoped('r') },
  }
  const folder = folderOf(t, document(paths))
  const { stdout } = await importInto(folder)
  t.match(text(folder), /GET {4}\/v1\/a\/\{x\}: +\{ all_of: \[p, q\] \}\n/)
  t.match(text(folder), /GET {4}\/v1\/b: +\{ all_of: \[p, r\] \}\n/)
  t.match(stdout, /one route for GET \/a\/\{x\} and GET \/a\/\{y\}: it asks for all of each/)
  t.strictSame(await again(folder), settled)
})

t.test('--expand-enums writes a route for each value that the document lists', async (t) => {
  const service = { in: 'path', name: 'payment-service', schema: { $ref: '#/components/schemas/service' } }
  const content = {
    ...document({
      '/{payment-service}/{id}': { parameters: [service], get: {} },
      '/{payment-service}/{id}/status': { get: { parameters: [service] } },
      '/consents/{id}/{part}': get,
    }),
    components: { schemas: { service: { enum: ['payments', 'bulk-payments'] } } },
  }
  const folder = folderOf(t, content)
  t.match((await importInto(folder, '--expand-enums')).stdout, /^5 routes added/)
  t.match(text(folder), /GET {4}\/v1\/bulk-payments\/\{id\}\/status: bulk-payments\.read\n/)
  const words = ['check', join(folder, 'gateway.yaml'), '--openapi', join(folder, 'api.json')]
  t.match(await typed(words), { exitCode: 0 })
  const once = text(folder)
  await importInto(folder, '--expand-enums')
  t.equal(text(folder), once)
  writeFileSync(join(folder, 'table.yaml'), once.replace(/ +GET +\/v1\/payments\/\{id\}: .*\n/, ''))
  t.match((await typed(words)).stderr, /`GET \/v1\/payments\/\{id\}` has no route/)
})

t.test(
  'Swagger 2.0 is read; a document in parts is said to be one; a table has to have its folder',
  async (t) => {
    const swagger = {
      ...{ swagger: '2.0', host: 'api.flintn.com', basePath: '/v2/' },
      securityDefinitions: { oauth2: { type: 'oauth2', scopes: { 'items:read': 'See items' } } },
      paths: { '/items/{id}': { get: { security: [{ oauth2: ['items:read'] }] } } },
    }
    const folder = folderOf(t, swagger)
    await importInto(folder)
    t.match(
      text(folder),
      /items:read: See items\n\nroutes:\n {2}# items\n {2}GET {4}\/v2\/items\/\{id\}: items:read\n/,
    )
    t.strictSame(await again(folder), settled)
    const nowhere = join(folder, 'none', 'table.yaml')
    t.match(await typed(['import-openapi', join(folder, 'api.json'), '--into', nowhere]), {
      stderr: /table\.yaml cannot be written: its folder does not exist/,
      exitCode: 2,
    })
    const parts = folderOf(t, document({ '/a': { $ref: 'a.yaml' }, '/b': { $ref: 'b.yaml' } }))
    t.match(await importInto(parts), { stderr: /refers to other files for 2 paths: bundle/, exitCode: 2 })
  },
)

t.test('a permission that opens many routes is told with finer rules', async (t) => {
  const paths = Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`/things/x${n}`, get]))
  t.match(
    (await importInto(folderOf(t, document(paths)))).stdout,
    /things\.read opens 21 routes; a finer --rule: /,
  )
})

t.test('wrong usage and unreadable input are 2', async (t) => {
  const folder = folderOf(t, document({ '/a': get }), 'routes: [')
  for (const [words, message] of [
    [['none.json'], /none\.json:1:1 {2}the file does not exist/],
    [[join(folder, 'api.json'), '--rule', '{nothing}'], /no placeholder \{nothing\}/],
    [[join(folder, 'api.json'), '--into', join(folder, 'table.yaml')], /is not valid\n.*not valid YAML/],
    [[join(folder, 'gateway.yaml')], /no OpenAPI/],
  ] as const) {
    const { stderr, exitCode } = await typed(['import-openapi', ...words])
    t.match(stderr, message)
    t.equal(exitCode, 2)
  }
})

t.test('check --openapi fails on a route that stands on one side only', async (t) => {
  const folder = folderOf(
    t,
    document({ '/things': get, '/things/{id}': get, '/hause': get }),
    table.replace('  thing.write: Write things\n', ''),
  )
  const words = ['check', join(folder, 'gateway.yaml'), '--openapi', join(folder, 'api.json')]
  const { stderr, exitCode } = await typed(words)
  const lines = stderr.replaceAll(`${folder}/`, '').split('\n')
  t.strictSame(lines.slice(0, 2), [
    'table.yaml:10:3  `GET /v1/house` is not in api.json  (did you mean GET /v1/hause?)',
    'api.json:16:5  `GET /v1/hause` has no route in the table of `flintn`  (did you mean GET /v1/house?)',
  ])
  t.equal(exitCode, 1)
  t.equal((await typed([...words, '--api', 'other'])).exitCode, 2)
  t.equal(JSON.parse((await typed([...words, '--json'])).stdout).faults.length, 2)
})

t.test('a rest of the table documents itself by the operations that it takes', async (t) => {
  const rest = `permissions: { a: A }\nroutes:\n  GET /v1/files/{path...}: a\n  GET /v1/x/{y}: a\n`
  const folder = folderOf(
    t,
    document({ '/files/{a}': get, '/files/{a}/{b}': get, '/x/{y}{z}.json': get }),
    rest,
  )
  const { exitCode, stderr } = await typed([
    'check',
    join(folder, 'gateway.yaml'),
    '--openapi',
    join(folder, 'api.json'),
  ])
  t.equal(stderr, '')
  t.equal(exitCode, 0)
})

t.test('a document of public operations alone is told to be one', async (t) => {
  const folder = folderOf(t, document({ '/token': { post: { security: [] } } }))
  t.match(await importInto(folder), { exitCode: 1, stdout: '', stderr: /every operation of \S+ is public/ })
  t.throws(() => text(folder))
})
