import t from 'tap'
import { nextCursor, readCursor } from '../../src/control/cursor.ts'

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
