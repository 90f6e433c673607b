import * as fc from 'fast-check'
import t from 'tap'
import { createRouteMatcher } from '../../src/config/matcher.ts'
import { findOverlaps } from '../../src/config/overlaps.ts'
import { parseTemplate } from '../../src/config/template.ts'
import { findUnreachable } from '../../src/config/unreachable.ts'

function routesOf(templates: readonly string[]) {
  return templates.map((text) => {
    const [method = '', template = ''] = text.includes(' ') ? text.split(' ') : ['GET', text]
    const parsed = parseTemplate(template)
    if (!parsed.ok) throw new Error(parsed.message)
    const route = {
      method,
      template,
      requirement: { kind: 'public' as const },
      timeoutMs: null,
      maxBodyBytes: null,
      maxResponseBytes: null,
      responseIdleMs: null,
      rateLimits: [],
      upstream: null,
      disguises: 'strict' as const,
      escapes: 0,
      source: text,
    }
    return { method, segments: parsed.segments, route }
  })
}

function unreachable(...templates: string[]): string[] {
  const found = findUnreachable(routesOf(templates))
  return found.map(
    ({ route, others }) => `${route.route.source} < ${others.map((one) => one.route.source).join(', ')}`,
  )
}

t.test('a rest that narrower routes take whole can never match', async (t) => {
  t.strictSame(unreachable('/a/{r...}', '/a/{x}', '/a/{x}/', '/a/{x}/{s...}'), [
    '/a/{r...} < /a/{x}, /a/{x}/, /a/{x}/{s...}',
  ])
  t.strictSame(
    unreachable(
      '/{p}/{r...}',
      '/{p}/{x}',
      '/{p}/{x}/',
      '/{p}/{x}/{y}',
      '/{p}/{x}/{y}/',
      '/{p}/{x}/{y}/{s...}',
    ),
    ['/{p}/{r...} < /{p}/{x}, /{p}/{x}/, /{p}/{x}/{y}, /{p}/{x}/{y}/, /{p}/{x}/{y}/{s...}'],
  )
})

t.test('so can a rest below a parameter and a literal', async (t) => {
  const takers = ['/{p}/a/{x}', '/{p}/a/{x}/', '/{p}/a/{x}/{s...}']
  t.strictSame(unreachable('/{p}/a/{r...}', ...takers), [
    '/{p}/a/{r...} < /{p}/a/{x}, /{p}/a/{x}/, /{p}/a/{x}/{s...}',
  ])
  t.strictSame(unreachable('/{p}/b/{r...}', ...takers), [])
  t.strictSame(unreachable('/{p}/{q}/{r...}', ...takers), [])
})

t.test(
  'a rest below a parameter with literals is taken by what is there, and by nothing that has literals',
  async (t) => {
    const takers = ['/{p}:x/{y}', '/{p}:x/{y}/', '/{p}:x/{y}/{s...}']
    t.strictSame(unreachable('/{p}:x/{r...}', ...takers), [`/{p}:x/{r...} < ${takers.join(', ')}`])
    t.strictSame(unreachable('/{p}/{r...}', ...takers), [])
    t.strictSame(unreachable('/a/{r...}', '/a/{x}:y', '/a/{x}/', '/a/{x}/{s...}'), [])
    t.strictSame(unreachable('/a/{r...}', '/a/{s...}'), [], 'of two that say the same neither is lost')
  },
)

t.test('one request that is left over is enough', async (t) => {
  t.strictSame(unreachable('/a/{r...}', '/a/{x}', '/a/{x}/{s...}'), [], '/a/x/')
  t.strictSame(unreachable('/a/{r...}', '/a/{x}/', '/a/{x}/{s...}'), [], '/a/x')
  t.strictSame(unreachable('/a/{r...}', '/a/{x}', '/a/{x}/'), [], '/a/x/y')
  t.strictSame(unreachable('/a/{r...}', '/a/b', '/a/b/', '/a/b/{s...}'), [], '/a/c')
  t.strictSame(unreachable('/a/{r...}', 'POST /a/{x}', '/a/{x}/', '/a/{x}/{s...}'), [], 'GET /a/x')
  t.strictSame(unreachable('/a', '/a/{x}', '/{r...}'), [])
})

const segment = fc.constantFrom('a', 'b', '{p}', '{p}', 'c{p}')
const template = fc
  .tuple(fc.array(segment, { maxLength: 3 }), fc.constantFrom('', '/', '/{r...}', '/{r...}'))
  .map(
    ([parts, end]) => parts.map((text, index) => `/${text.replace('p', `p${index}`)}`).join('') + end || '/',
  )

t.test('a route is said to be unreachable exactly when no path reaches it', async (t) => {
  // Not `c`, which could be read as `c{p}`.
  const values = ['a', 'b', 'd', 'cc']
  const grow = (paths: string[]): string[] =>
    paths.flatMap((path) => values.map((value) => `${path}/${value}`))
  const levels = [
    grow(['']),
    grow(grow([''])),
    grow(grow(grow(['']))),
    grow(grow(grow(grow([''])))),
    ['/d/d/d/d/d', '/cc/d/d/d/d', '/d/cc/d/d/d', '/d/d/cc/d/d'],
  ]
  const paths = ['/', ...levels.flat().flatMap((path) => [path, `${path}/`])]
  const property = fc.property(fc.uniqueArray(template, { maxLength: 8 }), (templates) => {
    const routes = routesOf(templates)
    const clashing = new Set(findOverlaps(routes).map(([later]) => later))
    const accepted = routes.filter((route) => !clashing.has(route))
    const match = createRouteMatcher(accepted)
    const reached = new Set<unknown>()
    for (const path of paths) {
      const found = match('GET', path)
      if (found.kind === 'found') reached.add(found.route)
    }
    const expected = accepted.filter(({ route }) => !reached.has(route)).map(({ route }) => route.source)
    const actual = findUnreachable(accepted).map(({ route }) => route.route.source)
    if (expected.join() !== actual.join())
      throw new Error(`${templates.join(' ')}: ${actual.join()}, not ${expected.join()}`)
  })
  fc.assert(property, { numRuns: 1500 })
  t.pass('1500 tables')
})
