// Contract 3.

import * as fc from 'fast-check'
import t from 'tap'
import type { Route, RouteMatch } from '../../src/config/compiled.ts'
import { createRouteMatcher, type MatchableRoute } from '../../src/config/matcher.ts'
import { escapeNames, escapesOf } from '../../src/config/request/escapes.ts'
import { findOverlaps } from '../../src/config/overlaps.ts'
import { parseTemplate, type Segment } from '../../src/config/template.ts'

/** Behind a route: `exact`, its `disguises`; `+hash+percent`, its `escapes`. */
function routeOf(line: string): MatchableRoute & { method: string } {
  const [method = '', template = '', ...settings] = line.split(' ')
  const escapes =
    settings
      .find((text) => text.startsWith('+'))
      ?.slice(1)
      .split('+') ?? []
  const parsed = parseTemplate(template)
  if (!parsed.ok) throw new Error(parsed.message)
  const route: Route = {
    method,
    template,
    requirement: { kind: 'public' },
    timeoutMs: null,
    maxBodyBytes: null,
    disguises: settings.includes('exact') ? 'exact' : 'strict',
    escapes: escapesOf(escapeNames.filter((name) => escapes.includes(name))),
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

const disguisesOfSummary = [
  ...[
    'summary.json',
    'summary.',
    'summary...',
    'summary.JSON',
    'summary..json',
    'summary.json.',
    'SUMMARY.json',
  ],
  ...[
    'summary%20',
    'summary%20.',
    'summary.%20',
    'summary.json%20%20',
    'summary%20.json',
    '%53ummary%2ejson',
  ],
  ...['summary%C2%A0', 'summary%E3%80%80', 'summary%E2%80%A8', 'summary%C2%85', 'summary%EF%BB%BF'],
  ...['%EF%BD%93ummary', '%EF%BC%B3%EF%BC%B5MMARY', 'summary%EF%BC%8Ejson', 'summary%E2%80%A6'],
  ...['%E2%93%A2ummary', 'summar%CA%B8', '%C5%BFummary.pdf', 'summary.%73'],
]

t.test('a value that some server reads as the literal beside it is refused', async (t) => {
  const match = matcherOf('GET /v1/exports/{id}', 'POST /v1/exports/summary')
  for (const value of disguisesOfSummary) {
    t.equal(match(`GET /v1/exports/${value}`), 'hidden_literal', value)
  }
  for (const value of [
    ...[
      'tr_1.5',
      'summary2',
      'xsummary.json',
      'summary-1.json',
      'summary.a.b',
      '.summary',
      '%20summary',
      'summary_',
    ],
    ...['summa.ry', 'summary%20x', 'sum', '...', '%20', '%C3%A9', 'a@summary.org', 'summary@a.b'],
  ]) {
    t.equal(match(`GET /v1/exports/${value}`), 'GET /v1/exports/{id}', value)
  }
})

t.test('a route that says `disguises: exact` refuses what differs by escapes and case alone', async (t) => {
  const match = matcherOf(
    'GET /v1/exports/{id} exact',
    'POST /v1/exports/{id}',
    'GET /v1/exports/summary',
    'DELETE /v1/exports/caf%C3%A9',
  )
  for (const value of ['%73ummary', 'SUMMARY', '%53UMMAR%59', '%C5%BFummary', 'CAF%c3%89', 'caf%c3%a9']) {
    t.equal(match(`GET /v1/exports/${value}`), 'hidden_literal', value)
  }
  for (const value of ['summary.json', 'summary.', 'summary%20', '%EF%BD%93ummary', 'cafe%CC%81']) {
    t.equal(match(`GET /v1/exports/${value}`), 'GET /v1/exports/{id} exact', value)
    t.equal(match(`POST /v1/exports/${value}`), 'hidden_literal', `${value}, of another route`)
  }
})

t.test('the literal keeps its own ending, the value loses one', async (t) => {
  const match = matcherOf('GET /r/{id}', 'GET /r/summary.json', 'POST /r/v1', 'POST /r/v1.2', 'POST /r/a.')
  for (const value of ['SUMMARY.JSON', 'summary.json.', 'summary.json.gz', 'v1.2', 'v1.3', 'A.', 'a%2e']) {
    t.equal(match(`GET /r/${value}`), 'hidden_literal', value)
  }
  for (const value of ['summary', 'summary.xml', 'v1', 'v2.1', 'v1.2.3.4', 'a.']) {
    t.equal(match(`GET /r/${value}`), 'GET /r/{id}', value)
  }
})

t.test('dots and blanks alone are what stands behind the last slash, where a route has it', async (t) => {
  const match = matcherOf('GET /a/{id}', 'GET /a/', 'GET /b/{id}')
  for (const value of ['%20', '...', '%C2%A0.']) {
    t.equal(match(`GET /a/${value}`), 'hidden_literal', value)
    t.equal(match(`GET /b/${value}`), 'GET /b/{id}', value)
  }
  t.equal(match('GET /a/.json'), 'GET /a/{id}')
})

t.test('in a rest, each segment is looked at', async (t) => {
  const match = matcherOf('GET /f/{path...}', 'GET /f/a/secret', 'PUT /g/{path...} exact', 'PUT /g/a/secret')
  for (const path of [
    '/f/a.json/1',
    '/f/a/secret.json',
    '/f/a/secret.json/',
    '/f/a%20/secret',
    '/f/a/secret./x',
  ]) {
    t.equal(match(`GET ${path}`), 'hidden_literal', path)
  }
  t.equal(match('GET /f/b/secret.json'), 'GET /f/{path...}')
  t.equal(match('PUT /g/a/secret.json'), 'PUT /g/{path...} exact')
  t.equal(match('PUT /g/a/SECRET'), 'hidden_literal')
})

t.test('letters meet in whatever form they have another case', async (t) => {
  const names = ['strasse', '%CE%BF%CE%B4%CE%BF%CF%82', 'kelvin'].map((name) => `POST /x/${name}`)
  const match = matcherOf('GET /x/{id}', ...names)
  for (const value of [
    ...['stra%C3%9Fe', 'STRA%E1%BA%9EE', '%E2%84%AAelvin', '%CE%9F%CE%94%CE%9F%CE%A3'],
    ...['%CE%9F%CE%94%CE%9F%CE%A3.json', '%CE%BF%CE%B4%CE%BF%CF%83'],
  ]) {
    t.equal(match(`GET /x/${value}`), 'hidden_literal', value)
  }
})

t.test('no value is dear to look at, however it is made', async (t) => {
  const match = matcherOf('GET /x/{id}', 'POST /x/summary')
  const plain = 'x'.repeat(16_000)
  const dear = ['.'.repeat(16_000), `${'.'.repeat(15_999)}x`, 'a.'.repeat(8_000)].concat(
    ['%CC%81%CC%96', '%CC%81', '%EF%B7%BA', '%E3%80%80', '%CE%A3', '%20', '%20.'].map((part) =>
      part.repeat(16_000 / part.length),
    ),
    `${'%CC%81'.repeat(1_300)}${'%CC%96'.repeat(1_300)}`,
    `${'%E3%80%80'.repeat(1_700)}x`,
  )
  const time = (value: string): number => {
    const start = process.hrtime.bigint()
    for (let n = 0; n < 20; n++) match(`GET /x/${value}`)
    return Number(process.hrtime.bigint() - start) / 20e3
  }
  const escapes = '%41'.repeat(5_300)
  time(escapes)
  const usual = Math.max(time(escapes), time(escapes), time(plain))
  for (const value of dear) {
    const us = Math.min(time(value), time(value), time(value))
    t.ok(us < usual * 40, `${value.slice(0, 24)}…: ${us} µs, escapes of the same length ${usual} µs`)
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

t.test('an escape is taken in the parameters of a route that names it, and nowhere else', async (t) => {
  const match = matcherOf(
    'GET /f/{id} +hash',
    'GET /f/{id}/{path...} +hash+percent',
    'GET /g/{id}',
    'PUT /g/{id} +hash',
    'GET /f/last',
  )
  t.equal(match('GET /f/a%23b'), 'GET /f/{id} +hash')
  t.equal(match('HEAD /f/%23'), 'GET /f/{id} +hash')
  t.equal(match('GET /f/a%23/b%25/c'), 'GET /f/{id}/{path...} +hash+percent')
  t.equal(match('GET /f/a%25'), 'refused_escape', 'the route that matches decides, not a wider one')
  t.equal(match('GET /f/a%3f/b'), 'refused_escape')
  t.equal(match('GET /g/a%23'), 'refused_escape')
  t.equal(match('PUT /g/a%23'), 'PUT /g/{id} +hash')
  t.equal(match('POST /g/a%23'), 'PUT', 'only methods that take it are allowed')
  t.equal(match('POST /g/a%3f'), 'refused_escape')
  t.equal(match('GET /f%23/a'), 'refused_escape', 'no literal holds one')
  t.equal(match('GET /none/a%23'), 'refused_escape')
  t.equal(match('GET /none/a%20'), 'not_found')
  t.equal(match('GET /f/%252f'), 'refused_escape')
})

t.test('a value with an escape is a disguise as who decodes first or twice reads it', async (t) => {
  const match = matcherOf('GET /f/{id} +hash+question+percent', 'GET /f/summary', 'GET /f/')
  for (const value of [
    'summary%23x',
    'Summary%3F',
    'summary.json%23',
    '%2573ummary',
    'summary%2520',
    '%23',
    '%3fx',
  ])
    t.equal(match(`GET /f/${value}`), 'hidden_literal', value)
  for (const value of ['summaries%23x', 'x%23summary', '100%25', '%25summary'])
    t.equal(match(`GET /f/${value}`), 'GET /f/{id} +hash+question+percent', value)
})

t.test('a hidden literal is told with its place', async (t) => {
  const routes = ['GET /a/{x}/{y}', 'GET /a/b/secret'].map(routeOf)
  t.same(createRouteMatcher(routes)('GET', '/a/b/SECRET'), { kind: 'hidden_literal', at: 5 })
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
      return isReached && readings(part, chosen.route.disguises).has(fold(segment.text))
    })
  })
}

const fold = (text: string) => decodeURIComponent(text).normalize('NFKC').toLowerCase()

/** What servers may read `part` as. The alphabet's exact disguises are those by ASCII letters and escapes. */
function readings(part: string, disguises: string): Set<string> {
  if (disguises === 'exact') return new Set([decodeURIComponent(part).toLowerCase()])
  const trimmed = fold(part).replace(/[. ]+$/, '')
  const stem = /^(.+)\.[^.]*$/.exec(trimmed)?.[1]?.replace(/[. ]+$/, '')
  return new Set([fold(part), trimmed, ...(stem ? [stem] : [])])
}

const part = fc.constantFrom(
  ...[
    'a',
    'b',
    'A',
    '%61',
    '%62b',
    'bb',
    'c',
    'b.a',
    'B.A',
    'b.',
    'a.b.c',
    'b.c.',
    'a%20',
    'b%E3%80%80',
    '.a',
    '...',
  ],
  ...['%EF%BD%81', '%EF%BC%A2%EF%BC%8E%EF%BD%83', 'bb%C2%A0.%2E', 'b..c'],
)
const segment = fc.oneof(fc.constantFrom('a', 'b', 'bb', 'b.a'), fc.constant('{p}'))
const template = fc
  .tuple(fc.array(segment, { minLength: 0, maxLength: 3 }), fc.constantFrom('', '/', '/{rest...}', '/a'))
  .map(([segments, end]) => {
    const path = segments.map((text, index) => `/${text.replace('p', `p${index}`)}`).join('') + end
    return path === '' ? '/' : path
  })
const line = fc
  .tuple(fc.constantFrom('GET', 'POST', 'HEAD'), template, fc.constantFrom('', '', ' exact'))
  .map(([method, path, disguises]) => `${method} ${path}${disguises}`)

t.test('the matcher agrees with a plain one, on every table that is accepted', async (t) => {
  const table = fc
    .uniqueArray(line, { minLength: 1, maxLength: 8, selector: (text) => text.replace(' exact', '') })
    .map((lines) => {
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
