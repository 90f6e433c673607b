import t from 'tap'
import { instant, instantOrNull, parseInstant } from '../../src/control/instant.ts'

void t.test('RFC 3339 times are read with their offset', async (t) => {
  const ms = Date.UTC(2026, 1, 1)
  for (const text of [
    '2026-02-01T00:00:00Z',
    '2026-02-01t01:00:00.000+01:00',
    '2026-01-31T19:00:00.0000000-05:00',
  ]) {
    t.equal(parseInstant(text), ms, text)
  }
  t.equal(parseInstant('2028-02-29T00:00:00Z'), Date.UTC(2028, 1, 29))
})

void t.test('what is no moment is refused', async (t) => {
  const texts = [
    '',
    'now',
    '2026-02-01',
    '2026-02-01T00:00:00',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
  ]
  texts.push(
    '2026-02-01T25:00:00Z',
    '2026-02-01T00:00:60Z',
    '2026-02-01T00:00:00+99:00',
    ' 2026-02-01T00:00:00Z',
  )
  for (const text of texts) t.equal(parseInstant(text), undefined, text)
})

void t.test('times are shown in UTC', async (t) => {
  t.equal(instant(0), '1970-01-01T00:00:00.000Z')
  t.equal(instantOrNull(null), null)
})
