// Contract 3: parameters with literals around them.

import t from 'tap'
import { matcherOf } from './matcher-routes.ts'

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
