// The way that `npm run test:documents` takes the documents of others, taken with small ones; and that it sees what must not be.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readPlainly } from './plain-reading.ts'
import { roundTrip } from './round-trip.ts'
import { sources, sourceText } from './sources.ts'

const document = {
  openapi: '3.0.3',
  info: { title: 'Orders', version: '1' },
  servers: [{ url: 'https://api.flintn.com/v1' }],
  security: [{ oauth: ['orders'] }],
  components: {
    securitySchemes: {
      oauth: {
        type: 'oauth2',
        flows: { clientCredentials: { tokenUrl: '/t', scopes: { orders: 'Orders' } } },
      },
    },
  },
  paths: {
    '/orders/{id}': { get: {}, delete: { security: [{ oauth: ['orders', 'orders.delete'] }] } },
    '/orders/{id}:cancel': { post: { 'x-permission': 'orders.cancel' } },
    '/{kind}/latest': { get: { security: [{ oauth: ['reports'] }] } },
    '/health': { get: { security: [] } },
    '/hello': { get: { security: [{}, { oauth: ['orders'] }] } },
  },
}

const small = (folder: { testdir(files: Record<string, string>): string }, content: object = document) =>
  join(folder.testdir({ 'api.json': JSON.stringify(content) }), 'api.json')

void t.test('a document goes all the way', async (t) => {
  t.same(await roundTrip(small(t)), {
    operations: 6,
    routes: 7,
    between: 1,
    publicRoutes: 1,
    weaker: 0,
    faults: [],
  })
})

void t.test('a table that asks for less than its document is found', async (t) => {
  const file = small(t)
  const weaker = await roundTrip(file, (table) =>
    table.replace(/all_of: \[orders, orders.delete\]/, 'permission: orders'),
  )
  t.equal(weaker.weaker, 1)
  t.match(weaker.faults.join('\n'), /weaker: DELETE .*\n.*fewer permissions.* DELETE \/orders/)
  const open = await roundTrip(file, (table) => table.replace(/(GET +\/v1\/hello: +)orders/, '$1public'))
  t.match(open.faults.join('\n'), /public, and not so in the document: GET \/hello/)
  const gone = await roundTrip(file, (table) => table.replace(/ {2}GET +\/v1\/hello:.*\n/, ''))
  t.match(gone.faults.join('\n'), /not served: GET \/v1\/hello[^]*check: [^]*second import changed/)
})

void t.test(
  'a document of public operations alone has no table, and that is right; one that is refused is not',
  async (t) => {
    const open = await roundTrip(small(t, { ...document, security: [], paths: { '/a': { get: {} } } }))
    t.match(open, { noTable: /every operation .* is public/, faults: [] })
    const unclear = { ...document, paths: { '/a': { get: { 'x-permission': 7 } } } }
    t.match(await roundTrip(small(t, unclear)), { noTable: /x-permission is none/, faults: [/refused/] })
  },
)

void t.test('the plain reading knows what is public, and how many scopes an operation has', async (t) => {
  const read = readPlainly(small(t)).map(({ method, path, isPublic, scopes }) => [
    method,
    path,
    isPublic,
    scopes,
  ])
  t.same(read, [
    ['GET', '/orders/{id}', false, 1],
    ['DELETE', '/orders/{id}', false, 2],
    ['POST', '/orders/{id}:cancel', false, undefined],
    ['GET', '/{kind}/latest', false, 1],
    ['GET', '/health', true, undefined],
    ['GET', '/hello', false, undefined],
  ])
})

void t.test('every source is at one version, and has its line in docs/compatibility.md', async (t) => {
  const page = readFileSync(new URL('../../../docs/compatibility.md', import.meta.url), 'utf8')
  for (const { api, from } of sources) t.ok(page.includes(`| ${api} | ${sourceText(from)} |`), api)
})
