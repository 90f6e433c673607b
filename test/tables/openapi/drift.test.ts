import { join } from 'node:path'
import t from 'tap'
import { readDocument } from '../../../src/tables/openapi/document.ts'
import { apiOfDocument, findDrift } from '../../../src/tables/openapi/drift.ts'
import { edit, gatewayYaml } from '../../config/files.ts'
import { loadConfig } from '../../../src/config/load.ts'

async function read(t: { testdir(files: Record<string, string>): string }, content: object) {
  const folder = t.testdir({ 'api.json': JSON.stringify(content, null, 2) })
  const result = await readDocument(join(folder, 'api.json'))
  const loaded = await loadConfig('config/demo.yaml', {})
  if (!result.ok || !loaded.ok) throw new Error('both are valid')
  return { document: result.document, config: loaded.config }
}

const base = { openapi: '3.1.0' }

t.test('the API is found by the servers, else by the routes in common; never guessed', async (t) => {
  const nameOf = async (content: object) => {
    const { document, config } = await read(t, { ...base, ...content })
    return apiOfDocument(config, document)?.name
  }
  t.equal(await nameOf({ servers: [{ url: 'https://API.flint.com:443/' }], paths: {} }), 'flint')
  t.equal(await nameOf({ paths: { '/documents/{x}': { get: {} }, '/v1/unknown': { get: {} } } }), 'flint')
  t.equal(await nameOf({ paths: { '/unknown': { get: {} } } }), undefined)
})

t.test('each side’s own routes are told at their places', async (t) => {
  const { document, config } = await read(t, { ...base, paths: { '/documents': { get: {}, trace: {} } } })
  const api = config.table.apis.get('flint')
  if (api === undefined) throw new Error('it is in the file')
  const drift = findDrift(api, document)
  t.equal(drift.length, api.routes.length, 'all but one, and what no table can have')
  t.match(drift[0], { file: 'config/permissions/flint.yaml', message: /^`POST \/documents` is not in / })
  t.match(drift.at(-1), {
    file: /api\.json$/,
    line: 4,
    column: 5,
    message: /`TRACE \/documents` has no route .* no such method/,
  })
})

t.test('where a last slash means nothing, documents and tables may differ in it', async (t) => {
  const folder = t.testdir({
    'gateway.yaml': edit(
      gatewayYaml,
      '    permissions: table',
      '    trailing_slash: same\n    permissions: table',
    ),
    'table.yaml': 'permissions: { p: P }\nroutes:\n  GET /a/: p\n  GET /b/{id}: p\n  GET /c: p\n',
    'api.json': JSON.stringify({
      ...base,
      paths: { '/a': { get: {} }, '/b/{id}/': { get: {} }, '/c/': { get: {}, post: {} } },
    }),
  })
  const document = await readDocument(join(folder, 'api.json'))
  const loaded = await loadConfig(join(folder, 'gateway.yaml'), {})
  const api = loaded.ok ? loaded.config.table.apis.get('flintn') : undefined
  if (!document.ok || api === undefined) throw new Error('both are valid')
  t.match(
    findDrift(api, document.document).map(({ message }) => message),
    [/^`POST \/c\/` has no route/],
  )
})
