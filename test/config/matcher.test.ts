import * as fc from 'fast-check'
import t from 'tap'
import type { Route, RouteMatch } from '../../src/config/compiled.ts'
import { createRouteMatcher, type MatchableRoute } from '../../src/config/matcher.ts'
import { findOverlaps } from '../../src/config/overlaps.ts'
import { parseTemplate, type Segment } from '../../src/config/template.ts'

function routeOf(line: string): MatchableRoute & { method: string } {
  const [method = '', template = ''] = line.split(' ')
  const parsed = parseTemplate(template)
  if (!parsed.ok) throw new Error(parsed.message)
  const route: Route = {
    method,
    template,
    requirement: { kind: 'public' },
    timeoutMs: null,
    maxBodyBytes: null,
    source: line,
  }
  return { method, route, segments: parsed.segments }
}

function matcherOf(...lines: string[]) {
  const match = createRouteMatcher(lines.map(routeOf))
  return (line: string): string => {
    const at = line.indexOf(' ')
    return show(match(line.slice(0, at), line.slice(at + 1)))
  }
}

function show(match: RouteMatch): string {
  if (match.kind === 'found') return match.route.source
  return match.kind === 'wrong_method' ? match.allow.join(',') : match.kind
}

t.test('a parameter is one whole, non-empty segment', async (t) => {
  const match = matcherOf('GET /v1/t/{id}')
  t.equal(match('GET /v1/t/1'), 'GET /v1/t/{id}')
  for (const path of ['/v1/t', '/v1/t/', '/v1/t/1/', '/v1/t/1/2', '/v1//1', '/', '']) {
    t.equal(match(`GET ${path}`), 'not_found', path)
  }
})

t.test('case counts, and an escaped unreserved character is no literal', async (t) => {
  const match = matcherOf('GET /v1/status')
  t.equal(match('GET /v1/status'), 'GET /v1/status')
  for (const path of ['/v1/Status', '/v1/%73tatus', '/v1/status/', '/V1/status']) {
    t.equal(match(`GET ${path}`), 'not_found', path)
  }
})

t.test('a rest matches one segment or more, a trailing slash too, but not nothing', async (t) => {
  const match = matcherOf('GET /files/{path...}')
  for (const path of ['/files/a', '/files/a/b/c', '/files/a/'])
    t.equal(match(`GET ${path}`), 'GET /files/{path...}', path)
  for (const path of ['/files', '/files/']) t.equal(match(`GET ${path}`), 'not_found', path)
})

t.test('literal beats parameter beats rest, with a way back', async (t) => {
  const match = matcherOf('GET /a/b/c', 'GET /a/{x}/d', 'GET /a/{x...}', 'GET /', 'GET /a/')
  t.equal(match('GET /a/b/c'), 'GET /a/b/c')
  t.equal(match('GET /a/b/d'), 'GET /a/{x}/d')
  t.equal(match('GET /a/b/e'), 'GET /a/{x...}')
  t.equal(match('GET /'), 'GET /')
  t.equal(match('GET /a/'), 'GET /a/')
})

t.test('HEAD follows its own routes first, then GET', async (t) => {
  const match = matcherOf('GET /a/{x}', 'GET /b', 'HEAD /a/{y}')
  t.equal(match('HEAD /a/1'), 'HEAD /a/{y}')
  t.equal(match('HEAD /b'), 'GET /b')
})

t.test('a path without a route for the method names those that it has', async (t) => {
  const match = matcherOf('GET /a', 'POST /a', 'DELETE /{x}', 'HEAD /h', 'PUT /h')
  t.equal(match('PATCH /a'), 'DELETE,GET,HEAD,POST')
  t.equal(match('GET /h'), 'DELETE,HEAD,PUT')
  t.equal(match('TRACE /a'), 'DELETE,GET,HEAD,POST')
  t.equal(match('GET /a/b'), 'not_found')
})

t.test('a parameter that hides the literal of another route is refused', async (t) => {
  const match = matcherOf('GET /v1/exports/{id}', 'GET /v1/exports/summary', 'POST /v1/exports/search')
  for (const value of ['%73ummary', 'SUMMARY', '%53ummar%79', 'Search', 'sEarch', '%C5%BFummary']) {
    t.equal(match(`GET /v1/exports/${value}`), 'hidden_literal', value)
  }
  t.equal(match('GET /v1/exports/summary'), 'GET /v1/exports/summary')
  t.equal(match('GET /v1/exports/search'), 'GET /v1/exports/{id}', 'the literal itself, of another method')
  for (const value of ['summary2', 'summar', '%zz', '%', '%ff']) {
    t.equal(match(`GET /v1/exports/${value}`), 'GET /v1/exports/{id}', value)
  }
})

t.test('literals below another branch hide too, and only where the way there matches', async (t) => {
  const match = matcherOf('GET /{a}/{b}', 'POST /x/secret', 'PUT /{c}/open')
  t.equal(match('GET /x/SECRET'), 'hidden_literal')
  t.equal(match('GET /y/SECRET'), 'GET /{a}/{b}')
  t.equal(match('GET /y/OPEN'), 'hidden_literal')
  t.equal(match('GET /X/1'), 'hidden_literal')
})

t.test('a rest hides literals in every place', async (t) => {
  const match = matcherOf('GET /f/{path...}', 'GET /f/a/secret', 'GET /f/{x}/deep/end')
  t.equal(match('GET /f/A/1'), 'hidden_literal')
  t.equal(match('GET /f/a/%73ecret'), 'hidden_literal')
  t.equal(match('GET /f/z/deep/END'), 'hidden_literal')
  t.equal(match('GET /f/z/shallow/END'), 'GET /f/{path...}')
  t.equal(match('GET /f/a/secret/more'), 'GET /f/{path...}')
})

t.test('a literal that the route matches by itself is never hidden', async (t) => {
  const match = matcherOf('GET /a/{x}', 'POST /A/y')
  t.equal(match('GET /a/y'), 'GET /a/{x}')
})

// A second implementation, slow and plain, to hold the first one against.

const rank = { rest: 0, parameter: 1, literal: 2 }

function matches(segments: readonly Segment[], parts: readonly string[]): boolean {
  const last = segments.at(-1)
  if (last?.kind === 'rest' ? parts.length < segments.length : parts.length !== segments.length) return false
  return segments.every((segment, index) => {
    const part = parts[index] ?? ''
    if (segment.kind === 'literal') return part === segment.text
    return segment.kind === 'parameter' ? part !== '' : parts.slice(index).join('/') !== ''
  })
}

function isMoreSpecific(a: readonly Segment[], b: readonly Segment[]): boolean {
  const length = Math.max(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = rank[a[i]?.kind ?? 'rest'] - rank[b[i]?.kind ?? 'rest']
    if (difference !== 0) return difference > 0
  }
  return false
}

function naiveMatch(
  routes: readonly (MatchableRoute & { method: string })[],
  method: string,
  path: string,
): string {
  const parts = path.slice(1).split('/')
  const candidates = routes.filter((route) => matches(route.segments, parts))
  const best = (wanted: string) =>
    candidates
      .filter((route) => route.method === wanted)
      .toSorted((a, b) => (isMoreSpecific(a.segments, b.segments) ? -1 : 1))[0]
  const chosen = best(method) ?? (method === 'HEAD' ? best('GET') : undefined)
  if (!chosen) {
    const allow = new Set(candidates.map((route) => route.method))
    if (allow.has('GET')) allow.add('HEAD')
    return allow.size === 0 ? 'not_found' : [...allow].toSorted().join(',')
  }
  return hides(chosen, routes, parts) ? 'hidden_literal' : chosen.route.source
}

function hides(chosen: MatchableRoute, routes: readonly MatchableRoute[], parts: readonly string[]): boolean {
  return parts.some((part, index) => {
    const kind = chosen.segments[index]?.kind ?? 'rest'
    if (kind === 'literal') return false
    return routes.some(({ segments }) => {
      const segment = segments[index]
      if (segment?.kind !== 'literal' || segment.text === part) return false
      const isReached = segments
        .slice(0, index)
        .every((earlier, at) => (earlier.kind === 'literal' ? earlier.text === parts[at] : parts[at] !== ''))
      return isReached && decodeURIComponent(part).toLowerCase() === segment.text.toLowerCase()
    })
  })
}

const part = fc.constantFrom('a', 'b', 'A', '%61', '%62b', 'bb', 'c')
const segment = fc.oneof(fc.constantFrom('a', 'b', 'bb'), fc.constant('{p}'))
const template = fc
  .tuple(fc.array(segment, { minLength: 0, maxLength: 3 }), fc.constantFrom('', '/', '/{rest...}', '/a'))
  .map(([segments, end]) => {
    const path = segments.map((text, index) => `/${text.replace('p', `p${index}`)}`).join('') + end
    return path === '' ? '/' : path
  })
const line = fc
  .tuple(fc.constantFrom('GET', 'POST', 'HEAD'), template)
  .map(([method, path]) => `${method} ${path}`)

t.test('the matcher agrees with a plain one, on every table that is accepted', async (t) => {
  const table = fc.uniqueArray(line, { minLength: 1, maxLength: 8 }).map((lines) => {
    const routes = lines.map(routeOf)
    const clashing = new Set(findOverlaps(routes).map(([later]) => later))
    return routes.filter((route) => !clashing.has(route))
  })
  const path = fc
    .tuple(fc.array(part, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '/'))
    .map(([parts, end]) => `/${parts.join('/')}${end}`)
  const property = fc.property(
    table.filter((routes) => findOverlaps(routes).length === 0),
    fc.constantFrom('GET', 'POST', 'HEAD', 'PUT'),
    path,
    (routes, method, path) => {
      const actual = show(createRouteMatcher(routes)(method, path))
      const expected = naiveMatch(routes, method, path)
      if (actual !== expected) throw new Error(`${method} ${path}: ${actual}, expected ${expected}`)
    },
  )
  fc.assert(property, { numRuns: 3000 })
  t.pass('3000 tables and requests')
})

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
