// What an import never does by itself: let somebody pass whom the table refuses.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { again, document, folderOf, get, importInto, scoped, settled, text } from './importing.ts'

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
