import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { gatewayYaml } from '../../config/files.ts'
import { paymentApi } from '../../tables/openapi/payment-api.ts'
import { again, document, folderOf, get, importInto, scoped, settled, table, text } from './importing.ts'
import { typed } from './typed.ts'

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

t.test('--prune takes entries out of a table between braces, too', async (t) => {
  const pruned = async (routes: string, ...paths: string[]) => {
    const folder = folderOf(
      t,
      document(Object.fromEntries(paths.map((path) => [path, get]))),
      `permissions: { p.read: Read }\nroutes: ${routes}\n# the end\n`,
    )
    const { stdout, stderr } = await importInto(folder, '--prune', '--loosen', '--rule', 'p.read')
    t.equal(stderr, '')
    t.strictSame(await again(folder), settled)
    return [text(folder).replace(/^[^]*?routes: /, ''), stdout.match(/removed: .*/g)?.length ?? 0]
  }
  const r = (name: string) => `"GET /v1/${name}": p.read`
  const all = `{ ${r('a')}, ${r('b')}, ${r('c')} }`
  t.strictSame(await pruned(all, '/b', '/c'), [`{ ${r('b')}, ${r('c')} }\n# the end\n`, 1])
  t.strictSame(await pruned(all, '/a', '/c'), [`{ ${r('a')}, ${r('c')} }\n# the end\n`, 1])
  t.strictSame(await pruned(all, '/a'), [`{ ${r('a')} }\n# the end\n`, 2])
  t.strictSame(await pruned(all, '/c'), [`{ ${r('c')} }\n# the end\n`, 2])
  t.strictSame(await pruned(all, '/b', '/d'), [`{ ${r('b')}, ${r('d')} }\n# the end\n`, 2])
  t.strictSame(await pruned(all, '/d', '/e'), [`{ ${r('d')}, ${r('e')} }\n# the end\n`, 3])
  const lines = `{\n  ${r('a')},   # first\n  ${r('b')},\n  ${r('c')},\n}`
  t.strictSame(await pruned(lines, '/a', '/c'), [
    `{\n  ${r('a')},   # first\n  ${r('c')},\n}\n# the end\n`,
    1,
  ])
  t.strictSame(await pruned(`{ ${r('a')} }`, '/d'), [`{ ${r('d')} }\n# the end\n`, 1])
  // And where all of them go, between lines.
  t.strictSame(await pruned(`\n  GET /v1/a: p.read\n  GET /v1/b: p.read`, '/d'), [
    '\n  GET /v1/d: p.read\n# the end\n',
    2,
  ])
})

t.test('a permission that opens many routes is told with finer rules', async (t) => {
  const paths = Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`/things/x${n}`, get]))
  Object.assign(paths, { '/others': get })
  t.match(
    (await importInto(folderOf(t, document(paths)))).stdout,
    /things\.read opens 21 routes: with --rule "\{resource\}\.\{part\}\.\{access\}" it would be 21, of 1 at most: things\.x0\.read, things\.x1\.read, things\.x2\.read, …\n/,
  )
  // By tags, where the path's parts do not tell routes apart.
  const tagged = Object.fromEntries(
    Array.from({ length: 24 }, (_, n) => [
      `/things/{id}/${'{x}/'.repeat(n)}`.slice(0, -1),
      { get: { tags: [n < 15 ? 'Left' : 'Right'] } },
    ]),
  )
  t.match(
    (await importInto(folderOf(t, document(tagged)))).stdout,
    /things\.read opens 24 routes: with --rule "\{tag\}\.\{access\}" it would be 2, of 15 at most: Left\.read, Right\.read\n/,
  )
  const stated = Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`/x${n}`, { get: scoped('all') }]))
  t.match(
    (await importInto(folderOf(t, document(stated)))).stdout,
    /all opens 21 routes: the document itself says so for each of them; `x-permission`/,
  )
})

t.test(
  'what all paths begin with is no name, where something that tells them apart stands behind it',
  async (t) => {
    const names = async (...paths: string[]) => {
      const folder = folderOf(t, document(Object.fromEntries(paths.map((path) => [path, get]))))
      await importInto(folder)
      t.strictSame(await again(folder), settled)
      return text(folder).match(/(?<=^ {2})[\w.-]+\.read(?=:)/gm)
    }
    t.strictSame(await names('/payments-api/v1/orders', '/payments-api/v1/refunds/{id}'), [
      'orders.read',
      'refunds.read',
    ])
    t.strictSame(await names('/orders/{id}/refunds', '/orders/{id}/captures'), ['orders.read'], 'a resource')
    t.strictSame(
      await names('/orders', '/orders/new', '/orders/all'),
      ['orders.read'],
      'one of them ends there',
    )
    t.strictSame(await names('/orders/new'), ['orders.read'], 'nothing to tell apart')
    t.strictSame(await names('/a/b', '/ab/c'), ['a.read', 'ab.read'], 'whole segments')
  },
)

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
