import t from 'tap'
import { idOf, isId, limitOf } from '../../src/control/fields.ts'

void t.test('a page has 50 rows unless said, 200 at most', async (t) => {
  t.equal(limitOf(undefined), 50)
  t.equal(limitOf('1'), 1)
  t.equal(limitOf('200'), 200)
  for (const text of ['', '0', '201', '-1', '1.5', '1e2', ' 1', '٣']) {
    t.throws(() => limitOf(text), { message: /^VALIDATION_FAILED/ }, text)
  }
})

void t.test('an id has its prefix and nothing but letters and digits', async (t) => {
  t.ok(isId('key', 'key_01J9Z3K4M5N6'))
  for (const text of [
    'mer_01J9Z3K4M5N6',
    'key_',
    'key_01J9Z3K4M5N\0',
    'key_01J9Z3K4M5N6\n',
    `key_${'x'.repeat(41)}`,
    7,
  ]) {
    t.notOk(isId('key', text))
  }
  t.equal(idOf('mer', 'mer_01J9Z3K4M5N6'), 'mer_01J9Z3K4M5N6')
  t.throws(() => idOf('mer', 'mer_;--'), { message: /^NOT_FOUND/ })
})
