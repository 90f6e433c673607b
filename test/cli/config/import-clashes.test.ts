// Operations that meet, that are left out or named alike: none is served for less than its document asks.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { again, document, folderOf, get, importInto, scoped, settled, text } from './importing.ts'
import { typed } from './typed.ts'

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

t.test('a route between two asks for what a HEAD asks for whose requests it takes', async (t) => {
  const paths = { '/orders/{id}': { get: scoped('a') }, '/{kind}/latest': { get: scoped('b') } }
  const head = '  HEAD /v1/{kind}/latest: secret\n'
  const folder = folderOf(
    t,
    document(paths),
    `permissions:\n  secret: S\n  a: A\n  b: B\nroutes:\n  GET /v1/orders/{id}: a\n${head}`,
  )
  await importInto(folder)
  t.match(text(folder), /GET +\/v1\/orders\/latest: +\{ all_of: \[a, b, secret\] \}/)
  t.strictSame((await again(folder)).isSame, true)
  // One that asks for no more changes nothing, and a new table knows it as well.
  const weak = folderOf(t, document({ ...paths, '/{kind}/latest': { get: scoped('b'), head: scoped('b') } }))
  await importInto(weak)
  t.match(text(weak), /GET +\/v1\/orders\/latest: +\{ all_of: \[a, b\] \}/)
  const strict = folderOf(
    t,
    document({ ...paths, '/{kind}/latest': { get: scoped('b'), head: scoped('c') } }),
  )
  await importInto(strict)
  t.match(text(strict), /GET +\/v1\/orders\/latest: +\{ all_of: \[a, b, c\] \}/)
  t.strictSame(await again(strict), settled)
})
