import * as fc from 'fast-check'
import t from 'tap'
import { carriesKeyInQuery } from '../../../src/decision/request/key-in-query.ts'

const prefixes = ['pk_live_', 'pk_test_', 'flint-']

/** The same, as the contract says it. */
function reference(target: string): boolean {
  const mark = target.indexOf('?')
  if (mark === -1) return false
  return target
    .slice(mark + 1)
    .split(/[&;]/)
    .map((pair) => pair.slice(pair.indexOf('=') + 1))
    .map((value) =>
      value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    )
    .some((value) => prefixes.some((prefix) => value.startsWith(prefix)))
}

t.test('a value that begins with a prefix is found wherever it stands, decoded once', async (t) => {
  for (const query of [
    'a=pk_live_x',
    'pk_live_x',
    'a=b&key=pk_test_',
    'a=b;key=flint-',
    'a=%70k_live_',
    'a=%70%6B%5flive%5F',
    '?=pk_live_',
    'a=b&=pk_live_',
  ])
    t.equal(carriesKeyInQuery(prefixes, `/a?${query}`), true, query)
  for (const query of [
    '',
    'a=pk_live',
    'pk_live_x=1',
    'a==pk_live_',
    'a=%2570k_live_',
    'a=PK_LIVE_',
    'a=xpk_live_',
  ])
    t.equal(carriesKeyInQuery(prefixes, `/a?${query}`), false, query)
  t.equal(carriesKeyInQuery(prefixes, '/pk_live_x'), false)
})

t.test('it finds what the contract says, over queries of such pieces', async (t) => {
  const piece = fc.constantFrom(
    ...[
      'pk_live_',
      'pk_test',
      '_',
      'flint',
      '-',
      '%70',
      '%5f',
      '%5F',
      '%',
      '%7',
      'p',
      'k',
      '=',
      '&',
      ';',
      '?',
      'x',
      '%26',
    ],
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const target = `/a?${pieces.join('')}`
      t.equal(carriesKeyInQuery(prefixes, target), reference(target), target)
    }),
    { numRuns: 5_000 },
  )
})
