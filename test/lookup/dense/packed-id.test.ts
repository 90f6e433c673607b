import * as fc from 'fast-check'
import t from 'tap'
import { packedBytes, packId, prefixOf, unpackIds } from '../../../src/lookup/dense/packed-id.ts'
import { createIds, idAlphabet } from '../../../src/telemetry/request-id.ts'

const digit = fc.constantFrom(...idAlphabet.split(''))
const ulid = fc
  .tuple(fc.constantFrom(...'01234567'.split('')), fc.array(digit, { minLength: 25, maxLength: 25 }))
  .map(([first, others]) => first + others.join(''))
const id = fc.tuple(fc.constantFrom('key_', 'sec_', 'mer_', '', 'a_long_one_', 'x_'), ulid)

t.test('three ids are as they were, whatever their prefixes, after those of others too', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(id, id, id), { minLength: 1, maxLength: 4 }), (rows) => {
      for (const row of rows) {
        const ids = row.map(([prefix, digits]) => prefix + digits)
        const usual = ids.every((one) => one.lastIndexOf('_') === one.indexOf('_'))
        const bytes = Buffer.alloc(1 + 3 * packedBytes, 0xff)
        const arePacked = ids.every((one, i) => packId(bytes, 1 + i * packedBytes, one))
        if (!usual) {
          if (arePacked) throw new Error('what is behind the first underscore is no ULID')
          continue
        }
        const [first = '', second = '', third = ''] = ids.map(prefixOf)
        if (!arePacked || unpackIds(bytes, 1, [first, second, third]).join() !== ids.join())
          throw new Error(ids.join())
      }
    }),
  )
  t.end()
})

t.test('what this program makes is packed; what it does not make is not', (t) => {
  const bytes = Buffer.alloc(packedBytes)
  t.ok(packId(bytes, 0, createIds(Date.now)('key')))
  for (const odd of [
    '',
    'key_a',
    'key_',
    `key_${'0'.repeat(25)}`,
    `key_${'0'.repeat(27)}`,
    `key_${'0'.repeat(25)}a`,
    `key_I${'0'.repeat(25)}`,
    `key_0I${'0'.repeat(24)}`,
    `key_0-${'0'.repeat(24)}`,
    `\u{100}b_${'0'.repeat(26)}`,
    // Over 128 bits.
    `key_8${'0'.repeat(25)}`,
    `key_${'0'.repeat(25)}\u{100}`,
    `key_${'0'.repeat(24)}\u{1F600}`,
    `a-prefix-of-many-letters_${'0'.repeat(26)}`,
  ])
    t.notOk(packId(bytes, 0, odd), odd)
  t.end()
})
