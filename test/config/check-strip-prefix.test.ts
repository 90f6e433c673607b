import t from 'tap'
import { configOf, edit, faultsOf, gatewayYaml } from './files.ts'

const stripping = (prefix: string) =>
  edit(gatewayYaml, 'permissions: table', `strip_prefix: ${prefix}\n    permissions: table`)
const tableOf = (...templates: string[]) =>
  `permissions: { a: A }\nroutes:\n${templates.map((template) => `  GET ${template}: a\n`).join('')}`

t.test('every path of the API begins with what is not sent on, and goes on behind it', async (t) => {
  const table = tableOf('/acme/v1/{id}', '/acme/{rest...}', '/acme/')
  const { table: compiled } = await configOf(t, { gateway: stripping('/acme'), table })
  t.equal(compiled.apis.get('flintn')?.stripPrefix, '/acme')
  const wrong = ['/v1/a', '/acmes/a', '/{acme}/a', '/acme{x}/a', '/ACME/a', '/{path...}']
  const faults = await faultsOf(t, { gateway: stripping('/acme'), table: tableOf('/acme/v1', ...wrong) })
  t.equal(faults.length, wrong.length)
  for (const fault of faults) t.match(fault, /`strip_prefix` of `flintn` is not the beginning of `GET /)
  t.match(await faultsOf(t, { gateway: stripping('/acme/v1'), table: tableOf('/acme/v1') }), [
    /^table\.yaml:3:3 {2}`strip_prefix` of `flintn` leaves no path of `GET \/acme\/v1`$/,
  ])
})

t.test('it is segments that a path could begin with', async (t) => {
  for (const prefix of ['acme', '/', '/acme/', '//a', '"/{a}"'])
    t.match(
      await faultsOf(t, { gateway: stripping(prefix) }),
      [/`strip_prefix` must be a path such as/],
      prefix,
    )
  for (const prefix of ['/a/..', '"/a b"', '/a%2f', '/a;b'])
    t.match(await faultsOf(t, { gateway: stripping(prefix) }), [/`strip_prefix` is no path/], prefix)
})
