import t from 'tap'
import { formatFault } from '../../src/config/fault.ts'
import { withoutLastSlash } from '../../src/config/trailing-slash.ts'
import { configOf, edit, faultsOf, gatewayYaml, load, withFlint } from './files.ts'

const same = edit(gatewayYaml, 'permissions: table', 'trailing_slash: same\n    permissions: table')

/** `GET /x: p` below each other; four lines before the first. */
const tableOf = (...routes: string[]) =>
  ['permissions: { p: P, q: Q }', '', '', 'routes:', ...routes.map((route) => `  ${route}`), ''].join('\n')

t.test('a path without the slash at its end', async (t) => {
  for (const [path, bare] of [
    ['/', '/'],
    ['/a', '/a'],
    ['/a/', '/a'],
    ['/a/b/', '/a/b'],
    ['/{a...}', '/{a...}'],
  ] as const)
    t.equal(withoutLastSlash(path), bare, path)
})

t.test(
  '`same`: a template with a slash and one without are one route, which must not say two things',
  async (t) => {
    const table = tableOf('GET /a: p', 'GET /a/: q')
    t.strictSame(await faultsOf(t, { table }), [], 'strict')
    t.match(await faultsOf(t, { gateway: same, table }), [
      /^table\.yaml:6:3 {2}`GET \/a` overlaps with `GET \/a` \(table\.yaml:5:3\): .*; let both say the same$/,
    ])
    const twin = await load(t, { gateway: same, table: tableOf('GET /a: p', 'GET /a/: p', 'GET /b: q') })
    t.match(twin.warnings.map(formatFault), [/^table\.yaml:6:3 .* says the same: one is enough$/])
    const rest = tableOf('GET /a/{r...}: p', 'GET /a/{x}: q', 'GET /a/{x}/{r...}: q')
    t.strictSame(await faultsOf(t, { table: rest }), [], 'what is left for the first is `/a/x/`')
    t.match(await faultsOf(t, { gateway: same, table: rest }), [/`GET \/a\/\{r\.\.\.\}` can never match/])
    const post = tableOf('POST /a/{x}/: p', 'DELETE /a/{x}: q')
    t.match((await load(t, { gateway: same, table: post })).warnings.map(formatFault), [/asks for less than/])
    const health = { gateway: `gateway: { health: /a }\n${same}`, table: tableOf('GET /a/: p', 'GET /b: q') }
    t.match(await faultsOf(t, health), [/`gateway\.health` has this path/])
  },
)

t.test('`same`: matched as without the slash, in every respect', async (t) => {
  const table = tableOf(
    'GET /: public',
    'GET /a/{id}/: p',
    'POST /a/{id}: p',
    'GET /f/{r...}: p',
    'GET /f/x: q',
    'GET /e/{r...}: { permission: p, disguises: exact }',
    'GET /e/x: q',
  )
  const { table: compiled } = await configOf(t, { gateway: same, table })
  const api = compiled.apis.get('flintn')
  const ask = (method: string, path: string) => {
    const match = api?.matchRoute(method, path)
    return match?.kind === 'found' ? match.route.template : match
  }
  t.equal(ask('GET', '/'), '/')
  for (const path of ['/a/1', '/a/1/']) t.equal(ask('GET', path), '/a/{id}', path)
  for (const path of ['/f/x', '/f/x/']) t.equal(ask('GET', path), '/f/x', path)
  for (const path of ['/f/y', '/f/y/', '/f/y/z/']) t.equal(ask('GET', path), '/f/{r...}', path)
  for (const path of ['/f/X', '/f/X/', '/f/x.a/'])
    t.match(ask('GET', path), { kind: 'hidden_literal', at: 3 }, path)
  t.equal(ask('GET', '/e/x/'), '/e/x', 'whatever the rest says of disguises')
  for (const path of ['/f/', '/a/', '/b/']) t.match(ask('GET', path), { kind: 'not_found' }, path)
  t.match(ask('PUT', '/a/1/'), { kind: 'wrong_method', allow: ['GET', 'HEAD', 'POST'] })
})

t.test('two APIs may share a table and differ in this', async (t) => {
  const flint = `    credential: { bearer: true }
    trailing_slash: same
    environments:
      live: { hosts: [flint.test], prefix: f_, upstream: payments }
    permissions: table.yaml
`
  const shared = await configOf(t, { gateway: withFlint(flint), table: tableOf('GET /a/: p', 'GET /b: q') })
  const kinds = ['flintn', 'flint'].map((name) =>
    ['/a', '/a/', '/b/'].map((path) => shared.table.apis.get(name)?.matchRoute('GET', path).kind),
  )
  t.strictSame(kinds, [
    ['not_found', 'found', 'not_found'],
    ['found', 'found', 'found'],
  ])
  const faulty = await faultsOf(t, {
    gateway: withFlint(flint),
    table: tableOf('GET /a: p', 'GET /a/: q', 'GET /b: r'),
  })
  t.match(faulty, [/:6:3 {2}`GET \/a` overlaps/, /:7:11 {2}unknown permission `r`/])
  t.equal(faulty.length, 2, 'what is wrong in both is told once')
})
