// Contract 3.

import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import t from 'tap'
import type { Route, RouteMatch } from '../../src/config/compiled.ts'
import { createRouteMatcher, type MatchableRoute } from '../../src/config/matcher.ts'
import { escapeNames, escapesOf } from '../../src/config/request/escapes.ts'
import { findOverlaps } from '../../src/config/overlaps.ts'
import type { Pattern } from '../../src/config/pattern.ts'
import { ruleNumbers } from '../../src/config/same-rule.ts'
import { parseTemplate, type Segment } from '../../src/config/template.ts'

type TestRoute = MatchableRoute & { readonly method: string; readonly rule?: number }

/** Behind a route: `exact`, its `disguises`; `+hash+percent`, its `escapes`; `=p`, its permission. */
function routeOf(line: string): TestRoute {
  const [method = '', template = '', ...settings] = line.split(' ')
  const escapes =
    settings
      .find((text) => text.startsWith('+'))
      ?.slice(1)
      .split('+') ?? []
  const permission = settings.find((text) => text.startsWith('='))?.slice(1)
  const parsed = parseTemplate(template)
  if (!parsed.ok) throw new Error(parsed.message)
  const route: Route = {
    method,
    template,
    requirement: permission === undefined ? { kind: 'public' } : { kind: 'all', permissions: [permission] },
    timeoutMs: null,
    maxBodyBytes: null,
    maxResponseBytes: null,
    responseIdleMs: null,
    rateLimits: [],
    upstream: null,
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

t.test('a last slash takes nothing to a route that is asked for with less', async (t) => {
  const match = matcherOf(
    'GET /f/{path...} =read',
    'GET /f/2026/secret =refund',
    'GET /f/2026/open =read',
    'POST /o/{path...} =read',
    'POST /o/{id}:refund =refund',
    'GET /i/{id}/ =read',
    'GET /i/{id} =write',
    'GET /i/export =refund',
    'GET /e/{path...} exact',
    'GET /e/secret =refund',
  )
  for (const line of ['GET /f/2026/secret/', 'HEAD /f/2026/secret/', 'POST /o/1:refund/', 'GET /i/export/'])
    t.equal(match(line), 'hidden_literal', line)
  t.equal(match('GET /f/2026/open/'), 'GET /f/{path...} =read', 'for which the same is asked')
  t.equal(match('GET /f/2026/other/'), 'GET /f/{path...} =read')
  t.equal(match('GET /f/2026/secret//'), 'GET /f/{path...} =read', 'which is refused before it is matched')
  t.equal(match('GET /i/7/'), 'GET /i/{id}/ =read', 'told apart by who wrote both')
  t.equal(match('GET /e/secret/'), 'GET /e/{path...} exact')
})

t.test('HEAD has a route of its own, but not where that of GET is for less', async (t) => {
  const match = matcherOf(
    'HEAD /o/{id} =read',
    'GET /o/{id} =read',
    'GET /o/export =export',
    'GET /o/{id}:content =content',
    'HEAD /o/own =own',
    'GET /o/own =more',
  )
  t.equal(match('HEAD /o/7'), 'HEAD /o/{id} =read')
  t.equal(match('HEAD /o/export'), 'GET /o/export =export')
  t.equal(match('HEAD /o/7:content'), 'GET /o/{id}:content =content')
  t.equal(match('HEAD /o/own'), 'HEAD /o/own =own')
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

t.test('a parameter has what stands between its literals, and never nothing', async (t) => {
  const match = matcherOf(
    'POST /o/{id}:refund',
    'GET /o/report-{id}.csv',
    'GET /c/{base}...{head}',
    'GET /o/{id}',
  )
  t.equal(match('POST /o/1:refund'), 'POST /o/{id}:refund')
  t.equal(match('POST /o/1:2:refund'), 'POST /o/{id}:refund')
  t.equal(match('GET /o/report-7.csv'), 'GET /o/report-{id}.csv')
  t.equal(match('GET /c/v1.0...v1.1'), 'GET /c/{base}...{head}')
  t.equal(match('GET /c/a....b'), 'GET /c/{base}...{head}')
  for (const path of ['/c/...', '/c/a...', '/c/...b', '/c/a..b', '/o/:refund/', '/o/1:refund/x']) {
    t.equal(match(`GET ${path}`), 'not_found', path)
  }
  t.equal(match('POST /o/1:refunds'), 'GET,HEAD')
})

t.test('literal beats parameter with literals, the longer first, beats parameter', async (t) => {
  const match = matcherOf(
    'GET /o/{id}',
    'GET /o/{id}:ab',
    'GET /o/{id}:xx:ab',
    'GET /o/1:ab',
    'GET /o/pre-{id}',
    'GET /o/{path...}',
  )
  t.equal(match('GET /o/1:ab'), 'GET /o/1:ab')
  t.equal(match('GET /o/2:ab'), 'GET /o/{id}:ab')
  t.equal(match('GET /o/2:xx:ab'), 'GET /o/{id}:xx:ab')
  t.equal(match('GET /o/pre-2:ab'), 'GET /o/pre-{id}', 'the longer literal')
  t.equal(match('GET /o/2'), 'GET /o/{id}')
  t.equal(match('GET /o/2:ab/c'), 'GET /o/{path...}')
})

t.test('a literal beside a parameter is no part of an escape', async (t) => {
  const match = matcherOf('GET /o/{id}0', 'GET /o/{id}', 'GET /d/{a}3a{b}', 'GET /d/{x}')
  t.equal(match('GET /o/10'), 'GET /o/{id}0')
  t.equal(match('GET /o/1%20'), 'GET /o/{id}', 'who decodes it finds a blank')
  t.equal(match('GET /o/1%C3%B0'), 'GET /o/{id}')
  t.equal(match('GET /o/%E2%82%AC0'), 'GET /o/{id}0')
  t.equal(match('GET /d/x3ay'), 'GET /d/{a}3a{b}')
  t.equal(match('GET /d/x%3ay'), 'GET /d/{x}')
})

const disguisesOfRefund = [
  ...[
    '1%3Arefund',
    '1%3arefund',
    '1:REFUND',
    '1:refun%64',
    '1:refund.',
    '1:refund...',
    '1:refund%20',
    '1:refund.json',
  ],
  ...['1:refund.json%20', '1%EF%BC%9Arefund', '1:%EF%BD%92efund', '1:refund%C2%A0', ':refund'],
  ...['1:refund%EF%BC%8Ejson', '1%3ARefund.x', '%C3%A9%3arefund', 'e%CC%81%3arefund', '1%3Arefund%2E'],
]

t.test('a value that some server reads as an action beside it is refused', async (t) => {
  const match = matcherOf('POST /o/{id}', 'POST /o/{id}:refund', 'GET /o/{id} exact', 'GET /o/{path...}')
  for (const value of disguisesOfRefund) t.equal(match(`POST /o/${value}`), 'hidden_literal', value)
  t.equal(match('POST /o/1:refund'), 'POST /o/{id}:refund')
  t.equal(match('GET /o/1:refund'), 'GET /o/{id} exact', 'of another method it is the action itself')
  for (const value of ['1%3Arefund', '1:REFUND']) t.equal(match(`GET /o/${value}`), 'hidden_literal', value)
  for (const value of ['1:refund.json', '1:refund.'])
    t.equal(match(`GET /o/${value}`), 'GET /o/{id} exact', value)
  for (const value of ['1:refunds', '1:refund:x', 'refund', '1-refund', '1', 'a.b'])
    t.equal(match(`POST /o/${value}`), 'POST /o/{id}', value)
  t.equal(match('GET /o/1%3Arefund/x'), 'hidden_literal', 'in a rest too')
})

t.test('so is one of an ending, of a beginning, and of two parameters', async (t) => {
  const match = matcherOf(
    ...['GET /f/{id}', 'POST /f/{id}.pdf', 'POST /f/report-{id}', 'POST /f/{a}...{b}'],
    ...['GET /f/{id}/x', 'GET /f/{id}.json/secret'],
  )
  for (const value of [
    ...[
      'a.PDF',
      'a%2Epdf',
      'a.pdf.',
      'a.pdf.gz',
      'a%EF%BC%8Epdf',
      'Report-1',
      '%72eport-1',
      '%EF%BD%92eport-1',
    ],
    ...[
      'report%2D1',
      'a..%2Eb',
      'a%E2%80%A6b',
      'a%2e%2e%2eb',
      'REPORT-e%CC%81',
      'repor%54-e%CC%81',
      'report%2D',
    ],
  ])
    t.equal(match(`GET /f/${value}`), 'hidden_literal', value)
  for (const value of ['a.pdf', 'report-1', 'a...b']) t.equal(match(`GET /f/${value}`), 'GET /f/{id}', value)
  t.equal(match('GET /f/a.JSON/x'), 'hidden_literal')
  t.equal(match('GET /f/a.json/x'), 'GET /f/{id}/x')
  t.equal(match('GET /f/a.json/SECRET'), 'not_found')
})

t.test('what a pattern takes, and who decodes it does not, is refused', async (t) => {
  const match = matcherOf('GET /o/re-e{id}', 'GET /o/{id}', 'GET /p/{id}41 +percent', 'GET /p/{id}')
  t.equal(match('GET /o/re-ex'), 'GET /o/re-e{id}')
  t.equal(match('GET /o/re-e%CC%81'), 'hidden_literal', 'composed, the letter is another')
  t.equal(match('GET /p/x%2541'), 'hidden_literal', 'decoded twice, it ends otherwise')
})

t.test('patterns that differ by case are told apart, and from what is neither', async (t) => {
  const match = matcherOf('POST /o/{id}:ab', 'POST /o/{id}:AB', 'POST /o/{id}')
  t.equal(match('POST /o/1:ab'), 'POST /o/{id}:ab')
  t.equal(match('POST /o/1:AB'), 'POST /o/{id}:AB')
  t.equal(match('POST /o/1:Ab'), 'hidden_literal')
})

t.test('a pair that says the same needs no winner, a pair with its intersection has one', async (t) => {
  const match = matcherOf('GET /{x}/b =p', 'GET /a/{y} =q', 'GET /a/b =r')
  t.equal(match('GET /a/b'), 'GET /a/b =r')
  t.equal(match('GET /c/b'), 'GET /{x}/b =p')
  t.equal(match('GET /a/c'), 'GET /a/{y} =q')
})

// A second implementation, slow and plain, to hold the first one against.

/** Escapes are one sign, which no literal is. */
const asSigns = (text: string) => text.replace(/%[0-9A-Fa-f]{2}/g, '\u{e000}')

function expression({ before, between, after }: Pattern, value: string, flags = ''): RegExp {
  const escaped = (text: string) => text.replace(/[^A-Za-z0-9]/g, '\\$&')
  const middle = between === undefined ? value : value + escaped(between) + value
  return new RegExp(`^${escaped(before)}${middle}${escaped(after)}$`, flags)
}

const isOf = (pattern: Pattern, part: string) => expression(pattern, '.+', 's').test(asSigns(part))

function matches(segments: readonly Segment[], parts: readonly string[]): boolean {
  const last = segments.at(-1)
  if (last?.kind === 'rest' ? parts.length < segments.length : parts.length !== segments.length) return false
  return segments.every((segment, index) => takes(segment, parts.slice(index)))
}

function takes(segment: Segment, [part = '', ...more]: readonly string[]): boolean {
  if (segment.kind === 'literal') return part === segment.text
  if (segment.kind === 'pattern') return isOf(segment, part)
  return segment.kind === 'parameter' ? part !== '' : [part, ...more].join('/') !== ''
}

function rank(segment: Segment | undefined): number {
  if (segment === undefined || segment.kind === 'rest') return 0
  if (segment.kind === 'parameter') return 1
  if (segment.kind === 'literal') return 1000
  return 1 + [segment.before, segment.between ?? '', segment.after].join('').length
}

const textOf = (segment: Segment | undefined) =>
  segment?.kind === 'pattern' ? [segment.before, segment.between, segment.after].join('{}') : ''

/** At least as specific everywhere, and more so somewhere. */
function beats(a: readonly Segment[], b: readonly Segment[]): boolean {
  const indexes = Array.from({ length: Math.max(a.length, b.length) }, (_, index) => index)
  return (
    indexes.every(
      (i) => rank(a[i]) > rank(b[i]) || (rank(a[i]) === rank(b[i]) && textOf(a[i]) === textOf(b[i])),
    ) && indexes.some((i) => rank(a[i]) > rank(b[i]))
  )
}

/** What the matcher may say: one of the routes that none beats, which all say the same. */
function naiveMatch(routes: readonly TestRoute[], method: string, path: string): readonly string[] {
  const parts = path.slice(1).split('/')
  const candidates = routes.filter((route) => matches(route.segments, parts))
  const best = (wanted: string) => {
    const own = candidates.filter((route) => route.method === wanted)
    return own.filter((route) => !own.some((other) => beats(other.segments, route.segments)))
  }
  const chosen = method === 'HEAD' ? ofHead(best('HEAD'), best('GET')) : best(method)
  if (chosen.length === 0) {
    const allow = new Set(candidates.map((route) => route.method))
    if (allow.has('GET')) allow.add('HEAD')
    return [allow.size === 0 ? 'not_found' : [...allow].toSorted().join(',')]
  }
  if (new Set(chosen.map(({ rule }) => rule)).size > 1)
    throw new Error(
      `${method} ${path}: ${chosen.map(({ route }) => route.source).join()} say different things`,
    )
  const without = path.length > 1 && path.endsWith('/') ? parts.slice(0, -1) : undefined
  const bare = without && routes.filter(({ segments }) => matches(segments, without))
  const bareBest = (wanted: string) => {
    const own = (bare ?? []).filter((route) => route.method === wanted)
    return own.filter((route) => !own.some((other) => beats(other.segments, route.segments)))
  }
  const served = method === 'HEAD' ? ofHead(bareBest('HEAD'), bareBest('GET')) : bareBest(method)
  return chosen.flatMap((one) => {
    if (hides(one, routes, parts)) return ['hidden_literal']
    if (served.length === 0) return [one.route.source]
    return served.map((other) => (isBehindSlash(one, other) ? 'hidden_literal' : one.route.source))
  })
}

/** HEAD has a route of its own, or that of GET where it has none, or where GET's is for less than its own. */
function ofHead(own: readonly TestRoute[], get: readonly TestRoute[]): readonly TestRoute[] {
  if (own.length === 0 || get.length === 0) return [...own, ...get]
  return own.flatMap((one) => get.map((other) => (beats(other.segments, one.segments) ? other : one)))
}

/** What a server that takes no heed of a last slash would serve instead is asked for with other permissions. */
function isBehindSlash(one: TestRoute, other: TestRoute): boolean {
  if (one.route.disguises === 'exact' || one.segments.every(({ kind }) => kind === 'literal')) return false
  if (isDeepStrictEqual(one.route.requirement, other.route.requirement)) return false
  const shape = (segments: readonly Segment[]) =>
    segments
      .map((segment) => (segment.kind === 'literal' ? segment.text : segment.kind + textOf(segment)))
      .join('/')
  return shape(one.segments.slice(0, -1)) !== shape(other.segments)
}

function hides(chosen: MatchableRoute, routes: readonly MatchableRoute[], parts: readonly string[]): boolean {
  const { disguises } = chosen.route
  return parts.some((part, index) => {
    const own = chosen.segments[index] ?? { kind: 'rest' as const }
    if (own.kind === 'literal') return false
    if (own.kind === 'pattern' && part.includes('%') && fallsOut(own, part, disguises)) return true
    return routes.some(({ segments }) => {
      const segment = segments[index]
      if (segment === undefined) return false
      const isReached = segments.slice(0, index).every((earlier, at) => takes(earlier, [parts[at] ?? '']))
      if (!isReached) return false
      if (segment.kind === 'literal')
        return segment.text !== part && readings(part, disguises).has(fold(segment.text))
      if (segment.kind !== 'pattern' || isOf(segment, part)) return false
      if (own.kind === 'pattern' && textOf(own).toLowerCase() === textOf(segment).toLowerCase()) return false
      return [...readings(part, disguises), ...apart(part, disguises)].some((text) =>
        expression(segment, '.*', 'si').test(text),
      )
    })
  })
}

function fallsOut(own: Pattern, part: string, disguises: string): boolean {
  const forms = disguises === 'exact' ? [decodeURIComponent(part)] : [decodeURIComponent(part), fold(part)]
  return !forms.every((text) => expression(own, '.*', 'si').test(text))
}

const fold = (text: string) => decodeURIComponent(text).normalize('NFKC').toLowerCase()

/** What servers may read `part` as. The alphabet's exact disguises are those by ASCII letters and escapes. */
function readings(part: string, disguises: string): Set<string> {
  if (disguises === 'exact') return new Set([decodeURIComponent(part).toLowerCase()])
  return endings(fold(part))
}

function endings(text: string): Set<string> {
  const trimmed = text.replace(/[. ]+$/, '')
  const stem = /^(.+)\.[^.]*$/.exec(trimmed)?.[1]?.replace(/[. ]+$/, '')
  return new Set([text, trimmed, ...(stem ? [stem] : [])])
}

/** With marks apart from their letters. */
function apart(part: string, disguises: string): Set<string> {
  return disguises === 'exact' ? new Set() : endings(decodeURIComponent(part).normalize('NFKD').toLowerCase())
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
  ...[
    'a:x',
    'a%3Ax',
    'a:X',
    'a%3a%58',
    'a:x.',
    'a:x.b',
    'a:x%20',
    'a%EF%BC%9Ax',
    ':x',
    'b:x',
    'a:x:x',
    'a:ax',
    'a%3Aax',
  ],
  ...[
    'x-a',
    '%78-a',
    'X-a',
    'x-',
    'x-a:x',
    'x-:x',
    'X-a:x',
    'x-a%3Ax',
    'x-x',
    'x-A.b',
    'x-e%CC%81',
    'X-e%CC%81',
    'x-%C3%A9',
  ],
  ...[
    'a0',
    'a%20',
    'a%200',
    'a%E3%80%80',
    'a..b',
    'a%2E.b',
    'a..:x',
    'x-..b',
    'a...',
    'a%E2%80%A5b',
    'x-:ax',
    'x-a:ax',
  ],
)
const segment = fc.oneof(
  fc.constantFrom('a', 'b', 'bb', 'b.a', 'a:x'),
  fc.constantFrom('{p}', '{p}'),
  fc.constantFrom(
    '{p}:x',
    'x-{p}',
    '{p}0',
    '{p}..{q}',
    'x-{p}:x',
    '{p}x',
    '{p}:ax',
    'x{p}',
    '{p}:X',
    'x-e{p}',
    'x-{p}x',
  ),
)
const template = fc
  .tuple(fc.array(segment, { minLength: 0, maxLength: 3 }), fc.constantFrom('', '/', '/{rest...}', '/a'))
  .map(([segments, end]) => {
    const path = segments.map((text, index) => `/${text.replace(/\{(\w)/g, `{$1${index}`)}`).join('') + end
    return path === '' ? '/' : path
  })
const line = fc
  .tuple(
    fc.constantFrom('GET', 'GET', 'POST', 'HEAD'),
    template,
    fc.constantFrom('', '', ' exact'),
    fc.constantFrom('=p', '=p', '=q'),
  )
  .map(([method, path, disguises, permission]) => `${method} ${path}${disguises} ${permission}`)

function checkAgainstPlain(routes: readonly TestRoute[], method: string, paths: readonly string[]): void {
  const match = createRouteMatcher(routes)
  for (const path of paths) {
    const actual = show(match(method, path))
    const expected = naiveMatch(routes, method, path)
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
