// Contract 3: values that some server reads as the literal beside them.

import t from 'tap'
import { createRouteMatcher } from '../../src/config/matcher.ts'
import { matcherOf, routeOf } from './matcher-routes.ts'

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
