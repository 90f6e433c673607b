import t from 'tap'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { Duration, HeaderName, Size, Text } from '../../src/config/schema-fields.ts'

const description = 'x'

t.test('each kind of value takes its own and nothing else', async (t) => {
  const kinds: [TSchema, unknown[], unknown[]][] = [
    [
      Duration({ description }),
      ['500ms', '30s', '15m', '24h', '9d'],
      ['0s', '00ms', '30', 30, '1w', '1.5s', '-1s'],
    ],
    [Size({ description }), [0, 1, '512kb', '1mb', '2gb'], [-1, 1.5, '1', '1tb', '1MB', 'mb']],
    [HeaderName({ description }), ['X-Api-Key', 'a'], ['', 'a b', 'a:', 'é']],
    [Text(description), ['x'], ['', 1, null]],
  ]
  for (const [schema, good, bad] of kinds) {
    for (const value of good) t.equal(Value.Check(schema, value), true, String(value))
    for (const value of bad) t.equal(Value.Check(schema, value), false, String(value))
  }
})
