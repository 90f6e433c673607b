import { readFileSync } from 'node:fs'
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
  t.match((await importInto(folder)).stdout, /^576 routes added, 0 changed, 0 kept, 0 removed\n$/)
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
  t.equal(stdout, '2 routes added, 0 changed, 3 kept, 0 removed\n  not in the document: GET /v1/house\n')
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
  t.match(stderr, /^1 route added, .*\n {2}left out: GET \/v1\/x\/\{y\}\{z\}\.json: /)
})

t.test('a table that would not be valid is not written', async (t) => {
  const folder = folderOf(
    t,
    document({ '/a/{b}/c': { get: { 'x-permission': 'b' } }, '/a/d/{e}': get }),
    table,
  )
  const { stderr, exitCode } = await importInto(folder)
  t.match(stderr, /nothing was written\n.*overlaps with/)
  t.equal(exitCode, 1)
  t.equal(text(folder), table)
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
