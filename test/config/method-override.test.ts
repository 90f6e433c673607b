import t from 'tap'
import type { Requirement } from '../../src/credentials/permission.ts'
import { formatFault } from '../../src/config/fault.ts'
import { findWeakerPosts } from '../../src/config/method-override.ts'
import { parseTemplate } from '../../src/config/template.ts'
import { load } from './files.ts'

const all = (...permissions: string[]): Requirement => ({ kind: 'all', permissions })
const any = (...permissions: string[]): Requirement => ({ kind: 'any', permissions })

function found(...routes: readonly [key: string, requirement: Requirement][]): string[] {
  const tabled = routes.map(([key, requirement]) => {
    const [method = '', template = ''] = key.split(' ')
    const parsed = parseTemplate(template)
    if (!parsed.ok) throw new Error(parsed.message)
    const route = {
      method,
      template,
      requirement,
      timeoutMs: null,
      maxBodyBytes: null,
      maxResponseBytes: null,
      responseIdleMs: null,
      rateLimits: [],
      upstream: null,
      disguises: 'strict' as const,
      escapes: 0,
      source: '',
    }
    return { method, route, segments: parsed.segments }
  })
  return findWeakerPosts(tabled).map(
    ({ post, others }) =>
      `${post.route.template} < ${others.map(({ route }) => `${route.method} ${route.template}`).join(', ')}`,
  )
}

t.test('a POST that asks for less than another method of its path is found', async (t) => {
  t.same(found(['POST /a/{id}', all('read')], ['DELETE /a/{id}', all('write')]), ['/a/{id} < DELETE /a/{id}'])
  t.same(
    found(['POST /a/{id}', { kind: 'public' }], ['PUT /a/{x}', all('w')], ['PATCH /a/{y}', any('w', 'v')]),
    ['/a/{id} < PUT /a/{x}, PATCH /a/{y}'],
  )
  t.same(found(['POST /a', any('w', 'x')], ['PUT /a', all('w')]), ['/a < PUT /a'])
})

t.test('a POST that asks for as much, or has no such method beside it, is not', async (t) => {
  t.same(found(['POST /a/{id}', all('write')], ['DELETE /a/{id}', all('write')]), [])
  t.same(found(['POST /a/{id}', all('write', 'more')], ['DELETE /a/{id}', all('write')]), [])
  t.same(found(['POST /a/{id}', all('write')], ['DELETE /a/{id}', { kind: 'public' }]), [])
  t.same(found(['POST /a', all('read')], ['DELETE /a/{id}', all('write')]), [])
  t.same(found(['POST /a', all('read')], ['GET /a', all('write')]), [])
})

t.test('what counts is the route that would take the request', async (t) => {
  // A narrower POST stands before the broad one on the path of the DELETE.
  t.same(
    found(
      ['POST /{kind}/{id}', all('read')],
      ['POST /a/{id}', all('write')],
      ['DELETE /a/{id}', all('write')],
    ),
    [],
  )
  t.same(found(['POST /{kind}/{id}', all('read')], ['DELETE /a/{id}', all('write')]), [
    '/{kind}/{id} < DELETE /a/{id}',
  ])
  // Nothing has this literal for its id.
  t.same(found(['POST /a/search', all('read')], ['DELETE /a/{id}', all('write')]), [])
  t.same(found(['POST /a/{rest...}', all('read')], ['PATCH /a/b/c', all('write')]), [
    '/a/{rest...} < PATCH /a/b/c',
  ])
})

t.test('it is a warning of the table, at the POST', async (t) => {
  const table =
    'permissions:\n  a: x\n  b: y\nroutes:\n  POST /c/{id}: a\n  DELETE /c/{id}: b\n  PUT /c/{id}: { permission: b, shadow: true }\n'
  const result = await load(t, { table })
  t.equal(result.ok, true)
  t.strictSame(result.warnings.map(formatFault), [
    'table.yaml:5:3  `POST /c/{id}` asks for less than `DELETE /c/{id}` (table.yaml:6:3): an upstream that takes `_method` ' +
      'from query or body would serve it as that',
  ])
})
