import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import { denySchemaText, gatewaySchemaText, permissionsSchemaText } from '../../src/config/editor-schema.ts'

const schemas = { gateway: gatewaySchemaText, permissions: permissionsSchemaText, deny: denySchemaText }

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
