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
  texts.push(
    '2026-02-01T24:00:00Z',
    '2026-02-01T00:60:00Z',
    '2026-02-01T00:00:00+24:00',
    '2026-02-01T00:00:00-00:60',
  )
  for (const text of texts) t.equal(parseInstant(text), undefined, text)
})

void t.test('what an offset moves out of the years of four digits is refused', async (t) => {
  t.equal(parseInstant('9999-12-31T23:59:59.999Z'), Date.UTC(9999, 11, 31, 23, 59, 59, 999))
  t.equal(parseInstant('9999-12-31T23:59:59+01:00'), Date.UTC(9999, 11, 31, 22, 59, 59))
  for (const text of ['9999-12-31T23:59:59-00:01', '0001-01-01T00:00:00+00:01', '0000-06-01T00:00:00Z'])
    t.equal(parseInstant(text), undefined, text)
})

void t.test('times are shown in UTC', async (t) => {
  t.equal(instant(0), '1970-01-01T00:00:00.000Z')
  t.equal(instantOrNull(null), null)
})
