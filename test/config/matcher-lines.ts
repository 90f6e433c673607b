// Paths and routes that meet, as generators.

import * as fc from 'fast-check'

export const part = fc.constantFrom(
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
export const line = fc
  .tuple(
    fc.constantFrom('GET', 'GET', 'POST', 'HEAD'),
    template,
    fc.constantFrom('', '', ' exact'),
    fc.constantFrom('=p', '=p', '=q'),
  )
  .map(([method, path, disguises, permission]) => `${method} ${path}${disguises} ${permission}`)
