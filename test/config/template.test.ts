import t from 'tap'
import { parseTemplate } from '../../src/config/template.ts'

t.test('a template is literals, parameters and a rest', async (t) => {
  t.strictSame(parseTemplate('/v1/{id}/x%20y/{path...}'), {
    ok: true,
    segments: [
      { kind: 'literal', text: 'v1' },
      { kind: 'parameter' },
      { kind: 'literal', text: 'x%20y' },
      { kind: 'rest' },
    ],
  })
})

t.test('a segment may have literals around one parameter, or two with one between them', async (t) => {
  const pattern = (before: string, between: string | undefined, after: string) => ({
    ok: true,
    segments: [{ kind: 'pattern', before, between, after }],
  })
  t.strictSame(parseTemplate('/{id}:refund'), pattern('', undefined, ':refund'))
  t.strictSame(parseTemplate('/{id}.json'), pattern('', undefined, '.json'))
  t.strictSame(parseTemplate('/report-{id}'), pattern('report-', undefined, ''))
  t.strictSame(parseTemplate("/Accounts('{id}')"), pattern("Accounts('", undefined, "')"))
  t.strictSame(parseTemplate('/{base}...{head}'), pattern('', '...', ''))
  t.strictSame(parseTemplate('/v{a}.{b}-x'), pattern('v', '.', '-x'))
})

t.test('the root and a trailing slash are empty last segments', async (t) => {
  t.strictSame(parseTemplate('/'), { ok: true, segments: [{ kind: 'literal', text: '' }] })
  t.match(parseTemplate('/a/'), { ok: true, segments: [{ text: 'a' }, { text: '' }] })
})

t.test('what is no template, or could never match, is refused', async (t) => {
  const wrong = [
    ...[
      'v1',
      '//',
      '/a//b',
      '/a/./b',
      '/..',
      '/%2e%2E/a',
      '/a;b',
      '/a?b',
      '/a#b',
      '/a\\b',
      '/a b',
      '/é',
      '/a\tb',
    ],
    ...[
      '/%2f',
      '/%5C',
      '/%25',
      '/%3b',
      '/%3F',
      '/%23',
      '/%00',
      '/%1f',
      '/%7f',
      '/%',
      '/%4',
      '/%zz',
      '/%ff',
      '/%c3',
    ],
    ...[
      '/{}',
      '/{1a}',
      '/{a-b}',
      '/{a}{b}',
      '/{a}b{c}d{e}',
      '/{a...}b',
      '/b{a...}',
      '/{a}%20',
      '/a%41{b}',
      '/{a};b',
      '/{a}-{a}',
      '/x{}',
      '/{a',
      '/a}',
      '/{a}/{a}',
      '/{a...}/b',
      '/{a..}',
      '/{...}',
    ],
    ...['/{a}/{a...}', '/"', '/<a>', '/a|b', '/^', '/`'],
  ]
  for (const template of wrong) t.match(parseTemplate(template), { ok: false }, template)
})
