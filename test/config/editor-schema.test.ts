import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import {
  casesSchemaText,
  denySchemaText,
  gatewaySchemaText,
  permissionsSchemaText,
} from '../../src/config/editor-schema.ts'

const schemas = {
  gateway: gatewaySchemaText,
  permissions: permissionsSchemaText,
  deny: denySchemaText,
  cases: casesSchemaText,
}

function validatorOf(text: string) {
  return new Ajv({ strict: true, allowUnionTypes: true }).compile(JSON.parse(text))
}

t.test(
  'the committed schemas are up to date (npx latchkey config schema > config/gateway.schema.json)',
  async (t) => {
    for (const [name, text] of Object.entries(schemas)) {
      t.equal(readFileSync(`config/${name}.schema.json`, 'utf8'), text(), name)
    }
  },
)

t.test('the shipped files are valid for editors too, variables as they stand', async (t) => {
  const files = {
    'config/gateway.yaml': 'gateway',
    'config/demo.yaml': 'gateway',
    'config/permissions/flintn.yaml': 'permissions',
    'config/permissions/flint.yaml': 'permissions',
    'config/permissions/flintn.cases.yaml': 'cases',
    'config/permissions/flint.cases.yaml': 'cases',
  } as const
  for (const [file, schema] of Object.entries(files)) {
    const validate = validatorOf(schemas[schema]())
    const text = readFileSync(file, 'utf8')
    t.ok(validate(parse(text)), `${file} ${JSON.stringify(validate.errors)}`)
    t.match(text, new RegExp(`^# yaml-language-server: \\$schema=\\.{1,2}/${schema}\\.schema\\.json\n`))
  }
})

t.test('editors refuse unknown keys and wrong types', async (t) => {
  const validate = validatorOf(gatewaySchemaText())
  const file = parse(readFileSync('config/demo.yaml', 'utf8'))
  t.equal(validate({ ...file, gatway: {} }), false)
  t.equal(validate({ ...file, gateway: { port: 'http' } }), false)
  t.equal(validate({ ...file, gateway: { port: '${PORT}' } }), true)
})

t.test('editors refuse methods that are none, and routes without a requirement or with two', async (t) => {
  const validate = validatorOf(permissionsSchemaText())
  const check = (key: string, rule: unknown) => validate({ permissions: { a: 'A' }, routes: { [key]: rule } })
  for (const rule of ['a', { permission: 'a' }, { any_of: ['a'], timeout: '5s' }])
    t.equal(check('GET  /v1/x/{id}:refund', rule), true)
  for (const rule of [{}, { timeout: '5s' }, { permission: 'a', any_of: ['a'] }])
    t.equal(check('GET /v1/x', rule), false, JSON.stringify(rule))
  for (const key of ['GTE /x', 'get /x', 'TRACE /x', '/x', 'GET x', 'GET/x'])
    t.equal(check(key, 'a'), false, key)
})

t.test('editors check deny files', async (t) => {
  const validate = validatorOf(denySchemaText())
  t.equal(validate({}), true)
  t.equal(validate({ keys: ['key_0123456789'], prefixes: ['${LEAKED}'], clients: ['::1/64'] }), true)
  for (const file of [{ keyz: [] }, { keys: 'key_0123456789' }, { keys: ['x'] }, { prefixes: ['abc'] }])
    t.equal(validate(file), false, JSON.stringify(file))
})

t.test('keywords of our own stay out', async (t) => {
  for (const text of Object.values(schemas)) t.notMatch(text(), /"(?:expects|isDuration)"/)
})

t.test('wrong files are refused by an independent validator, each for one mistake', async (t) => {
  const { postgres: _, ...bare } = parse(readFileSync('config/demo.yaml', 'utf8'))
  const demo = { postgres: 'embedded', ...bare }
  const { flintn, flint } = demo.apis
  const withApi = (change: object) => ({ ...demo, apis: { flint, flintn: { ...flintn, ...change } } })
  const table = parse(readFileSync('config/permissions/flintn.yaml', 'utf8'))
  const withRoute = (rule: unknown) => ({ ...table, routes: { ...table.routes, 'GET /v1/new': rule } })
  const { permissions: __, ...withoutPermissions } = flintn
  const wrong: readonly [schema: keyof typeof schemas, what: string, file: unknown][] = [
    ['gateway', 'no postgres', bare],
    ['gateway', 'no upstreams', { ...demo, upstreams: {} }],
    ['gateway', 'a port out of range', { ...demo, control: { port: 70_000 } }],
    ['gateway', 'a size that is none', { ...demo, gateway: { limits: { url_bytes: '1 kilo' } } }],
    ['gateway', 'a duration without a unit', { ...demo, gateway: { limits: { idle_timeout: '60' } } }],
    ['gateway', 'tls without a key', { ...demo, gateway: { tls: { cert: 'a.pem' } } }],
    ['gateway', 'an upstream without a URL', { ...demo, upstreams: { payments: {} } }],
    ['gateway', 'an API’s name in capitals', { ...demo, apis: { Flintn: flintn } }],
    ['gateway', 'an API without a table', { ...demo, apis: { flintn: withoutPermissions } }],
    ['gateway', 'no environment', withApi({ environments: {} })],
    ['gateway', 'an environment in capitals', withApi({ environments: { Live: flintn.environments.live } })],
    [
      'gateway',
      'a third environment without its settings',
      withApi({ environments: { ...flintn.environments, test: {} } }),
    ],
    ['gateway', 'cors of no known kind', withApi({ cors: 'on' })],
    ['gateway', 'cors without origins', withApi({ cors: { headers: ['X-Api-Key'] } })],
    [
      'gateway',
      'a prefix with a space',
      withApi({
        environments: { ...flintn.environments, live: { ...flintn.environments.live, prefix: 'a b' } },
      }),
    ],
    [
      'gateway',
      'no hosts',
      withApi({ environments: { ...flintn.environments, live: { ...flintn.environments.live, hosts: [] } } }),
    ],
    ['permissions', 'no routes', { permissions: table.permissions }],
    ['permissions', 'no permissions', { ...table, permissions: {} }],
    [
      'permissions',
      'a permission called public',
      { ...table, permissions: { ...table.permissions, public: 'All' } },
    ],
    ['permissions', 'a route of a number', withRoute(7)],
    ['permissions', 'an empty all_of', withRoute({ all_of: [] })],
    ['permissions', 'an escape of no known name', withRoute({ permission: 'a', escapes: ['slash'] })],
    ['permissions', 'the same permission twice', withRoute({ any_of: ['a', 'a'] })],
    ['permissions', 'a mistyped setting', withRoute({ permission: 'transaction.read', time_out: '5s' })],
    [
      'permissions',
      'a duration that is none',
      withRoute({ permission: 'transaction.read', timeout: 'soon' }),
    ],
    ['cases', 'no cases', []],
    ['cases', 'a case without a request', [{ expect: 'allow' }]],
    ['cases', 'a case that expects nothing', [{ request: 'GET /' }]],
    ['cases', 'an unknown member', [{ request: 'GET /', expect: { status: 200 } }]],
    [
      'cases',
      'an environment that is none',
      [{ request: 'GET /', who: { permissions: [], environment: 'Test' }, expect: 'allow' }],
    ],
  ]
  for (const [schema, what, file] of wrong) t.equal(validatorOf(schemas[schema]())(file), false, what)
  t.equal(validatorOf(schemas.gateway())(demo), true)
  t.equal(
    validatorOf(schemas.permissions())(withRoute({ all_of: ['a', 'b'], timeout: '5s', max_body: '1mb' })),
    true,
  )
})

t.test('every key has a text to show beside it, and its default', async (t) => {
  for (const [name, text] of Object.entries(schemas)) {
    const silent = propertiesOf(JSON.parse(text()), name).filter(
      ([, property]) => typeof property.description !== 'string',
    )
    t.strictSame(
      silent.map(([path]) => path),
      [],
      name,
    )
  }
  const port = JSON.parse(schemas.gateway()).properties.gateway.properties.port
  t.match(port, { description: /^Port of the gateway/, default: 8080 })
})

interface EditorShape {
  readonly description?: string
  readonly properties?: Readonly<Record<string, EditorShape>>
  readonly additionalProperties?: EditorShape | boolean
  readonly items?: EditorShape
  readonly anyOf?: readonly EditorShape[]
}

/** Every named key of a schema with its path. */
function propertiesOf(shape: EditorShape, path: string): [path: string, property: EditorShape][] {
  const own = Object.entries(shape.properties ?? {}).map(([key, property]): [string, EditorShape] => [
    `${path}.${key}`,
    property,
  ])
  const { additionalProperties: others } = shape
  const inner = [shape.items, ...(shape.anyOf ?? []), typeof others === 'object' ? others : undefined]
  return [
    ...own,
    ...own.flatMap(([at, property]) => propertiesOf(property, at)),
    ...inner.flatMap((one) => (one === undefined ? [] : propertiesOf(one, `${path}.*`))),
  ]
}
