import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
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

t.test("compose's secrets are made once, at random, and are what it is told where it is told", async (t) => {
  const text = readFileSync('docker-compose.yml', 'utf8')
  t.notMatch(text, /(?:TOKEN|KEY|PASSWORD)[A-Z_]*:-[^}]/, 'no default')
  const { services } = parse(text) as { services: Record<string, { entrypoint: string[] }> }
  const folder = t.testdir()
  for (const name of ['gateway', 'database']) mkdirSync(join(folder, name))
  // As compose reads it, with the volumes in a folder of the test.
  const script = (services['secrets']?.entrypoint.at(-1) ?? '')
    .replaceAll('$$', '$')
    .replaceAll(/ "?(\/(?:gateway|database)\/)/g, (_, path: string) => ` ${folder}${path}`)
    .replaceAll('>/gateway/', `>${folder}/gateway/`)
  const run = (password: string) => {
    const env = {
      PATH: process.env['PATH'],
      LATCHKEY_ADMIN_TOKEN: '',
      LATCHKEY_CACHE_KEY: '',
      POSTGRES_PASSWORD: password,
    }
    execFileSync('/bin/sh', ['-euc', script], { env })
    const files = ['gateway/admin-token', 'gateway/cache-key', 'database/password', 'gateway/database-url']
    t.equal(statSync(join(folder, 'database/password')).mode & 0o777, 0o644, 'read by another user')
    return files.map((file) => readFileSync(join(folder, file), 'utf8'))
  }
  const first = run('')
  const [token, key, password, url] = first
  for (const secret of [token, key, password]) t.match(secret, /^[0-9a-f]{64}$/)
  t.equal(new Set([token, key, password]).size, 3)
  t.equal(url, `postgres://latchkey:${password}@postgres:5432/latchkey`)
  t.same(run(''), first)
  t.same(run('own'), [token, key, 'own', 'postgres://latchkey:own@postgres:5432/latchkey'])
})
