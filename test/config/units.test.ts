import t from 'tap'
import { parseDuration, parseSize } from '../../src/config/units.ts'

t.test('durations are milliseconds', async (t) => {
  t.strictSame(
    ['500ms', '30s', '15m', '24h', '90d'].map(parseDuration),
    [500, 30_000, 900_000, 86_400_000, 7_776_000_000],
  )
})

t.test('sizes are powers of 1024, a number is bytes', async (t) => {
  t.strictSame(['512kb', '1mb', '2gb', 77].map(parseSize), [524_288, 1_048_576, 2_147_483_648, 77])
})

t.test('a text without a known unit throws', async (t) => {
  t.throws(() => parseDuration('30'), RangeError)
  t.throws(() => parseDuration('s'), RangeError)
  t.throws(() => parseSize('1tb'), RangeError)
})
