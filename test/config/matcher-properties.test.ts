// Contract 3, on tables and paths that nobody thought of.

import * as fc from 'fast-check'
import t from 'tap'
import { createRouteMatcher } from '../../src/config/matcher.ts'
import { findOverlaps } from '../../src/config/overlaps.ts'
import { ruleNumbers } from '../../src/config/same-rule.ts'
import { routeOf, show, type TestRoute } from './matcher-routes.ts'
import { plainMatch } from './plain-matcher.ts'
import { line, part } from './matcher-lines.ts'

function checkAgainstPlain(routes: readonly TestRoute[], method: string, paths: readonly string[]): void {
  const match = createRouteMatcher(routes)
  for (const path of paths) {
    const actual = show(match(method, path))
    const expected = plainMatch(routes, method, path)
    if (!expected.includes(actual))
      throw new Error(`${method} ${path}: ${actual}, expected ${expected.join(' or ')}`)
  }
}

/** The routes of some lines that can stand together. */
function acceptedOf(lines: readonly string[]): TestRoute[] {
  let routes = withRules(lines.map(routeOf))
  for (let clashes = findOverlaps(routes); clashes.length > 0; clashes = findOverlaps(routes)) {
    const clashing = new Set(clashes.map(([later]) => later))
    routes = routes.filter((route) => !clashing.has(route))
  }
  return routes
}

t.test(
  'the matcher agrees with a plain one, on every table that is accepted',
  { timeout: 120_000 },
  async (t) => {
    const table = fc
      .uniqueArray(line, { minLength: 1, maxLength: 9, selector: (text) => text.replace(/ (exact|=.)/g, '') })
      .map(acceptedOf)
    const path = fc
      .tuple(fc.array(part, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '/'))
      .map(([parts, end]) => `/${parts.join('/')}${end}`)
    const property = fc.property(
      table,
      fc.constantFrom('GET', 'POST', 'HEAD', 'PUT'),
      fc.array(path, { minLength: 8, maxLength: 8 }),
      checkAgainstPlain,
    )
    fc.assert(property, { numRuns: 6000 })
    t.pass('6000 tables, 48000 requests')
  },
)

t.test(
  'so it does where pairs meet, of which routes beside them settle some',
  { timeout: 120_000 },
  async (t) => {
    const segments = ['{p}:x', 'x:{p}', 'x:{p}:x', 'x::x', 'x:x', '{p}', 'x:a', 'a:x', '{p}..{q}', 'x:{p}..x']
    const values = ['x:x', 'x::x', 'x:a:x', 'x:a', 'a:x', 'a..x', 'x:..x', 'x:a..x', 'x:a..:x', 'b']
    const all = [...values, ...values.flatMap((one) => values.map((two) => `${one}/${two}`))].map(
      (path) => `/${path}`,
    )
    const parts = fc.array(fc.constantFrom(...segments), { minLength: 1, maxLength: 2 })
    const dense = fc.tuple(parts, fc.constantFrom('=p', '=q', '=r')).map(([texts, permission]) => {
      const path = texts.map((text, index) => `/${text.replace(/\{(\w)/g, `{$1${index}`)}`).join('')
      return `GET ${path} ${permission}`
    })
    const table = fc
      .uniqueArray(dense, { minLength: 1, maxLength: 30, selector: (text) => text.replace(/ =./, '') })
      .map(acceptedOf)
    fc.assert(
      fc.property(table, (routes) => checkAgainstPlain(routes, 'GET', all)),
      { numRuns: 400 },
    )
    t.pass('400 tables, each over all paths')
  },
)

function withRules(routes: readonly TestRoute[]): TestRoute[] {
  const numbers = ruleNumbers(routes.map(({ route }) => route))
  return routes.map((route, index) => ({ ...route, rule: numbers[index] ?? -1 }))
}

t.test('any bytes of a path are matched without an exception', async (t) => {
  const match = createRouteMatcher([routeOf('GET /{a}/b'), routeOf('GET /a/{r...}'), routeOf('GET /c/{x}')])
  fc.assert(
    fc.property(fc.string(), (text) => typeof match('GET', `/${text}`).kind === 'string'),
    { numRuns: 1000 },
  )
  t.pass('1000 strings')
})

t.test('the cost of a match does not grow with the table', { timeout: 30_000 }, async (t) => {
  const time = (size: number): number => {
    const lines = Array.from({ length: size }, (_, n) => `GET /v1/r${n}/{id}`)
    const match = createRouteMatcher(lines.map(routeOf))
    const start = process.hrtime.bigint()
    for (let n = 0; n < 200_000; n++) match('GET', '/v1/r7/abc')
    return Number(process.hrtime.bigint() - start) / 1e6
  }
  time(10)
  const small = Math.min(time(10), time(10))
  const large = Math.min(time(10_000), time(10_000))
  t.ok(large < small * 10, `10 routes ${small} ms, 10,000 routes ${large} ms`)
})
