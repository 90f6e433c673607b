import { join } from 'node:path'
import t from 'tap'
import { readSecretFiles } from '../../src/main/secret-files.ts'

t.test('a secret comes from the file that its variable names, without the end of the line', async (t) => {
  const folder = t.testdir({ token: 'a secret\n', key: 'k\r\n', url: 'postgres://h/d' })
  t.same(
    readSecretFiles({
      LATCHKEY_ADMIN_TOKEN_FILE: join(folder, 'token'),
      LATCHKEY_CACHE_KEY_FILE: join(folder, 'key'),
      LATCHKEY_CACHE_KEY: '',
      DATABASE_URL_FILE: join(folder, 'url'),
      REDIS_URL_FILE: '',
      OTHER_FILE: '/nowhere',
    }),
    { LATCHKEY_ADMIN_TOKEN: 'a secret', LATCHKEY_CACHE_KEY: 'k', DATABASE_URL: 'postgres://h/d' },
  )
  t.same(readSecretFiles({ LATCHKEY_ADMIN_TOKEN: 'x', LATCHKEY_ADMIN_TOKEN_FILE: '/nowhere' }), {})
})

t.test('a file that cannot be read, or is empty, is named with its variable', async (t) => {
  const folder = t.testdir({ empty: '\n' })
  t.throws(() => readSecretFiles({ LATCHKEY_CACHE_KEY_FILE: join(folder, 'none') }), {
    message: /^LATCHKEY_CACHE_KEY_FILE: .*none cannot be read \(ENOENT\)$/,
    exitCode: 1,
  })
  t.throws(() => readSecretFiles({ DATABASE_URL_FILE: join(folder, 'empty') }), { message: /is empty$/ })
})
