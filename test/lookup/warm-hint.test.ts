import t from 'tap'
import { parseHint } from '../../src/lookup/warm-hint.ts'

t.test('what is no hint is none', (t) => {
  t.same(parseHint('{"atMs":1.5,"chunks":3}'), { atMs: 1.5, chunks: 3 })
  for (const text of [
    undefined,
    '',
    '{',
    'null',
    '{"atMs":1}',
    '{"atMs":1,"chunks":1001}',
    '{"atMs":1,"chunks":-1}',
  ])
    t.equal(parseHint(text), undefined, String(text))
  t.end()
})
