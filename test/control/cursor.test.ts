import t from 'tap'
import { nextCursor, readCursor } from '../../src/control/cursor.ts'
import { createSubject, makeKey } from './subject.ts'

const isNumber = (value: unknown): value is number => typeof value === 'number'

void t.test('a cursor leads back to the last row, and ends with the list', async (t) => {
  const cursor = nextCursor({ rows: [1, 2], hasMore: true }, (row) => row)
  t.equal(readCursor(cursor ?? '', isNumber), 2)
  t.equal(
    nextCursor({ rows: [1, 2], hasMore: false }, (row) => row),
    null,
  )
  t.equal(
    nextCursor({ rows: [], hasMore: false }, (row) => row),
    null,
  )
  t.equal(readCursor(undefined, isNumber), null)
})

void t.test('a cursor from elsewhere is refused', async (t) => {
  for (const text of [
    '',
    'x',
    '!!!',
    Buffer.from('"2"').toString('base64url'),
    Buffer.from('{').toString('base64url'),
  ]) {
    t.throws(() => readCursor(text, isNumber), { message: /^VALIDATION_FAILED/ }, text)
  }
})

/** Values that no list has given out, or might have: what a forger would try. */
const forged: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 2 ** 53, -(2 ** 53), 1e300, '', 'x', [], {}, [1], { id: 1 }],
  ...['key_000000000001', 'mer_000000000001', 'key_', 'key_\0', `key_${'x'.repeat(500)}`, '\ud800', 'é'],
]
const times = [
  ...[
    0, 60_000, -60_000, -62_167_219_200_000, -1e14, -210_000_000_000_000, -8.64e15, 8.64e15, 8.639e15,
    253_402_300_800_000,
  ],
  ...[1.5, 59_999, 1e300, -1e300, Number.MAX_SAFE_INTEGER, '0', null],
]
const texts = [
  '',
  'minute',
  'hour',
  'day',
  'sec_000000000001',
  '\0',
  '\ud800',
  'é\u202e',
  'x'.repeat(300),
  5,
  null,
]

/** The same garbage in each run. */
function* garbage(count: number): Generator<string> {
  let state = 12_345
  const next = (most: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * most)
  }
  for (let index = 0; index < count; index++) {
    const bytes = Buffer.from(Array.from({ length: 1 + next(60) }, () => next(256)))
    yield index % 2 === 0
      ? bytes.toString('base64url')
      : bytes.toString('latin1').replace(/[^\x21-\x7e]/g, '_')
    const place = {
      startMs: times[next(times.length)],
      span: texts[next(texts.length)],
      secretId: texts[next(texts.length)],
      route: texts[next(texts.length)],
      outcome: texts[next(texts.length)],
    }
    yield Buffer.from(JSON.stringify(place)).toString('base64url')
  }
}

void t.test('a forged cursor of any list is 422 or a page, and never an error of ours', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  const lists = ['/keys', '/merchants', '/audit', `/keys/${id}/activity`]
  const cursors = [
    ...forged.map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
    ...times.map((startMs) =>
      Buffer.from(
        JSON.stringify({ startMs, span: 'minute', secretId: 'a', route: 'b', outcome: 'c' }),
      ).toString('base64url'),
    ),
    ...garbage(150),
  ]
  for (const list of lists) {
    for (const cursor of cursors) {
      const { status, text } = await subject.call('GET', `${list}?cursor=${encodeURIComponent(cursor)}`)
      t.ok(status === 200 || status === 422, `${list} ${cursor}: ${status}`)
      if (status === 422) t.match(text, 'VALIDATION_FAILED')
    }
  }
  t.notMatch(subject.logged.join(''), 'admin request failed')
})

void t.test('the times of a list are of the years 1 to 9999, in UTC', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  const from = async (time: string) => {
    const query = new URLSearchParams({ from: time, to: '9999-12-31T23:59:59Z' })
    return (await subject.call('GET', `/keys/${id}/activity?${query.toString()}`)).status
  }
  for (const time of ['0001-01-01T00:00:00Z', '2026-01-01T00:00:00+23:59', '9999-12-31T23:59:59Z'])
    t.equal(await from(time), 200, time)
  for (const time of ['0000-01-01T00:00:00+23:59', '9999-12-31T23:59:59-23:59'])
    t.equal(await from(time), 422, time)
})
