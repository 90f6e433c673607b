import t from 'tap'
import {
  parseCount,
  parseGrace,
  parseLifetime,
  parsePast,
  parseSeconds,
  parseTime,
} from '../../src/cli/duration.ts'

void t.test('durations are whole numbers with a unit', async (t) => {
  t.equal(parseSeconds('45s'), 45)
  t.equal(parseSeconds('30m'), 1800)
  t.equal(parseSeconds('24h'), 86_400)
  t.equal(parseSeconds('90d'), 7_776_000)
  t.equal(parseSeconds('2w'), 1_209_600)
  t.equal(parseSeconds('0'), 0)
  t.equal(parseSeconds('0h'), 0)
})

void t.test('what is no duration is refused', async (t) => {
  for (const text of ['', '90', 'd', '-1d', '1.5h', '1 d', '1D', '1y', '1h30m', '90d ', '1constructor']) {
    t.throws(() => parseSeconds(text), { code: 'commander.invalidArgument' }, text)
  }
  t.throws(() => parseSeconds('999999999d'), /100 years/)
  t.throws(() => parseLifetime('0'), /longer than nothing/)
  t.equal(parseGrace('90d'), parseSeconds('90d'))
  t.throws(() => parseGrace('91d'), /90 days/)
})

void t.test('times are dates, or dates with a time and its offset', async (t) => {
  t.equal(parseTime('2027-01-31'), '2027-01-31T00:00:00.000Z')
  t.equal(parseTime('2027-01-31T12:00Z'), '2027-01-31T12:00:00.000Z')
  t.equal(parseTime('2027-01-31T12:00:05.5+02:00'), '2027-01-31T10:00:05.500Z')
  for (const text of [
    '',
    'tomorrow',
    '2027',
    '2027-02-30',
    '2027-13-01',
    '2027-01-31T12:00',
    '2027-01-31T25:00Z',
  ]) {
    t.throws(() => parseTime(text), { code: 'commander.invalidArgument' }, text)
  }
})

void t.test('a time that is past may be told by how long ago it was', async (t) => {
  const nowMs = Date.UTC(2027, 0, 31, 12)
  t.equal(parsePast('24h')(nowMs), '2027-01-30T12:00:00.000Z')
  t.equal(parsePast('0')(nowMs), '2027-01-31T12:00:00.000Z')
  t.equal(parsePast('2027-01-01')(nowMs), '2027-01-01T00:00:00.000Z')
  for (const text of ['', 'yesterday', '24', '24x', '-24h'])
    t.throws(() => parsePast(text), { code: 'commander.invalidArgument' }, text)
})

void t.test('counts are whole numbers above nothing', async (t) => {
  t.equal(parseCount('1'), 1)
  t.equal(parseCount('100000'), 100_000)
  for (const text of ['', '0', '-1', '01', '1.5', '1e3', '100001', ' 1'])
    t.throws(() => parseCount(text), { code: 'commander.invalidArgument' }, text)
})
