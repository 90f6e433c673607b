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
      '/a{b}',
      '/{a}b',
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
