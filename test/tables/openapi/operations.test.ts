import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { readDocument } from '../../../src/tables/openapi/document.ts'
import { operationsOf } from '../../../src/tables/openapi/operations.ts'
import { withRequirements } from '../../../src/tables/openapi/required.ts'
import { requirementYaml } from '../../../src/tables/openapi/table-text.ts'

interface TestFolder {
  testdir(files: Record<string, string>): string
}

async function read(t: TestFolder, content: object | string) {
  const folder = t.testdir({ 'api.json': typeof content === 'string' ? content : JSON.stringify(content) })
  const result = await readDocument(join(folder, 'api.json'))
  if (!result.ok) throw new Error(result.messages.join('\n'))
  return operationsOf(result.document)
}

const about = { openapi: '3.1.0', info: { title: 'T', version: '1' } }
const get = { get: { responses: {} } }

t.test('base paths of servers, with variables; the nearest servers win', async (t) => {
  const servers = [
    {
      url: 'https://{host}/{version}/',
      variables: { host: { default: 'API.example:443' }, version: { default: 'v2' } },
    },
  ]
  const nearer = { ...get, servers: [{ url: '/v3' }] }
  const nearest = { get: { servers: [{ url: 'http://a/v4/' }] } }
  const found = await read(t, { ...about, servers, paths: { '/a': get, '/b': nearer, '/c': nearest } })
  t.strictSame(found.hosts, ['api.example'])
  t.strictSame(
    found.operations.map(({ template }) => template),
    ['/v2/a', '/v3/b', '/v4/c'],
  )
})

t.test('parameters get names that a table can have, each once', async (t) => {
  const { operations } = await read(t, { ...about, paths: { '/a/{x-id}/{x.id}/{1}': get } })
  t.match(operations, [{ template: '/a/{x_id}/{x_id_2}/{_1}', shape: '/a/{}/{}/{}' }])
})

t.test('what a table cannot say is named with the reason', async (t) => {
  const paths = { '/a/{b}{c}.json': get, '/a;b': get, 'x-extra': get, '/t': { trace: {}, parameters: [] } }
  const { operations, skipped } = await read(t, { ...about, paths })
  t.strictSame(operations, [])
  t.match(skipped, [
    { name: 'GET /a/{b}{c}.json', why: /nothing parts/ },
    { name: 'GET /a;b', why: /characters/ },
    { name: 'TRACE /t', why: /no such method/ },
  ])
})

t.test('path items are referred to; circles, other files and gaps are told', async (t) => {
  const paths = {
    '/a': { $ref: '#/components/pathItems/a~1b' },
    '/b': { $ref: '#/components/pathItems/loop' },
    '/c': { $ref: 'other.yaml#/c' },
    '/d': { $ref: '#/nothing' },
    '/e': { $ref: '#/components/pathItems/a~1b', get: { operationId: 'own' } },
  }
  const pathItems = { 'a/b': { post: {}, get: {} }, loop: { $ref: '#/paths/~1b' } }
  const { operations, skipped } = await read(t, { ...about, paths, components: { pathItems } })
  t.strictSame(
    operations.map(({ method, template, operationId }) => [method, template, operationId].join(' ').trim()),
    ['POST /a', 'GET /a', 'POST /e', 'GET /e own'],
  )
  t.match(skipped, [
    { name: '/b', why: /itself/ },
    { name: '/c', why: /bundle/ },
    { name: '/d', why: /nothing/ },
  ])
})

t.test('what is required: x-permission, else scopes, else the rule', async (t) => {
  const flows = { clientCredentials: { tokenUrl: 'https://a', scopes: { 'pay:read': 'See payments' } } }
  const oauth = (...scopes: string[]) => ({ oauth: scopes })
  const paths = {
    '/v1/a': { get: { 'x-permission': 'a.see', security: [oauth('other')] } },
    '/v1/b': { 'x-permission': ['a', 'b'], get: {} },
    '/v1/c': { get: { 'x-permission': { any_of: ['a', 'b'] } } },
    '/v1/d': { get: { 'x-permission': 'public' } },
    '/v1/e': { get: { security: [oauth('pay:read', 'x y')] } },
    '/v1/f': { get: { security: [oauth('a'), oauth('b')] } },
    '/v1/g': { get: { security: [oauth('a', 'b'), oauth('c')] } },
    '/v1/h': { get: { security: [] } },
    '/v1/i': { get: { security: [{}, oauth('a')] } },
    '/v1/j/{k}': { delete: { security: [{ key: [] }], tags: ['T'] } },
  }
  const { operations } = await read(t, {
    ...about,
    security: [oauth('d')],
    paths,
    components: { securitySchemes: { oauth: { flows } } },
  })
  const { routes } = withRequirements(operations, '{resource}.{access}')
  t.strictSame(
    routes.map(({ requirement, isBinding }) => `${requirementYaml(requirement)}${isBinding ? '' : ' *'}`),
    [
      ...['a.see', '{ all_of: [a, b] }', '{ any_of: [a, b] }', 'public', '{ all_of: [pay:read, x_y] } *'],
      ...['{ any_of: [a, b] } *', '{ all_of: [a, b, c] } *', 'public *', 'a *', 'j.write *'],
    ],
  )
  t.equal(operations[4]?.stated?.texts.get('pay:read'), 'See payments')
})

t.test(
  'documents that are none, or hostile, are refused in bounded time and memory',
  { timeout: 60_000 },
  async (t) => {
    const bomb = `openapi: 3.0.0\na: &a [1,2,3,4,5,6,7,8,9]\n${['b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[index]}`).join(',')}]\n`).join('')}`
    for (const [text, message] of [
      ['{"openapi": "3.0.0"', /:1:20 {2}not valid JSON/],
      ['{\n  "openapi": "3.0.0",\n  "a": tru\n}', /:3:8 {2}not valid JSON/],
      ['{"swagger": "1.2", "apis": []}', /is a Swagger document/],
      ['{"swagger": "2.0"}', /no OpenAPI 3/],
      ['{"openapi": "4.0.0"}', /no OpenAPI 3.*version 4\.0\.0/],
      ['[]', /no OpenAPI 3/],
      ['openapi: [', /not valid YAML/],
      ['{'.repeat(100_000), /not valid JSON/],
      ['- '.repeat(100_000), /nested too deeply/],
      ['openapi: \0', /not a text file/],
      [bomb, /aliases/],
    ] as const) {
      const folder = t.testdir({ 'api.yaml': text })
      const result = await readDocument(join(folder, 'api.yaml'))
      t.match(result, { ok: false, messages: [message] }, text.slice(0, 20))
    }
    t.match(await readDocument('none.yaml'), { ok: false, messages: [/does not exist/] })
    const big = t.testdir({ 'api.yaml': ' '.repeat(33 * 1024 * 1024) })
    t.match(await readDocument(join(big, 'api.yaml')), { ok: false, messages: [/larger than/] })
  },
)

t.test('YAML and JSON say the same', async (t) => {
  const content = { ...about, paths: { '/a/{b}': { get: { operationId: 'x', tags: ['y'] } } } }
  t.strictSame(await read(t, stringify(content)), await read(t, content))
})
