import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { readSecretFiles, takeSecretFiles } from '../../src/main/secret-files.ts'
import { adminClient } from '../support/admin.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { startUpstream } from '../support/upstream.ts'
import { exchange, request } from '../support/wire.ts'
import { latchkey, until, untilReady, writeConfig } from './process.ts'

t.setTimeout(300_000)

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
    message: /^LATCHKEY_CACHE_KEY_FILE: .*none does not exist$/,
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

t.test(
  'what was read from files is read again, whole or not at all; what was set itself stays',
  async (t) => {
    const folder = t.testdir({ token: 'first\n', key: 'k' })
    const env: Record<string, string | undefined> = {
      LATCHKEY_ADMIN_TOKEN_FILE: join(folder, 'token'),
      LATCHKEY_CACHE_KEY_FILE: join(folder, 'key'),
      REDIS_URL: 'redis://set',
      REDIS_URL_FILE: '/nowhere',
    }
    const reread = takeSecretFiles(env)
    t.match(env, { LATCHKEY_ADMIN_TOKEN: 'first', LATCHKEY_CACHE_KEY: 'k' })
    writeFileSync(join(folder, 'token'), 'second\n')
    writeFileSync(join(folder, 'key'), '')
    t.throws(reread, { message: /LATCHKEY_CACHE_KEY_FILE: .* is empty/ })
    t.match(env, { LATCHKEY_ADMIN_TOKEN: 'first' })
    writeFileSync(join(folder, 'key'), 'k')
    reread()
    t.match(env, { LATCHKEY_ADMIN_TOKEN: 'second', REDIS_URL: 'redis://set' })
  },
)

t.test(
  'SIGHUP: new admin tokens and secrets of the configuration are in force without a restart',
  async (t) => {
    const { url } = await createEmptyDatabase(t)
    const upstream = await startUpstream()
    t.teardown(() => upstream.close())
    const [first, second] = ['a'.repeat(32), 'b'.repeat(32)]
    const folder = t.testdir({ token: `ann:${first}\n`, database: `${url}\n`, upstream: 'one' })
    const file = await writeConfig(t, { postgres: '${DATABASE_URL}', upstream: upstream.url })
    const text = readFileSync(file, 'utf8').replace(
      `"${upstream.url}" }`,
      `"${upstream.url}", headers: { X-Internal: "\${UPSTREAM_SECRET}" } }`,
    )
    writeFileSync(file, text)
    const running = latchkey(t, ['start', '--config', file], {
      LATCHKEY_ADMIN_TOKEN_FILE: join(folder, 'token'),
      DATABASE_URL_FILE: join(folder, 'database'),
      UPSTREAM_SECRET_FILE: join(folder, 'upstream'),
    })
    const { control, gateway } = await untilReady(running)
    const status = async (token: string) =>
      (await adminClient(`http://127.0.0.1:${control}`, token).call('GET', '/keys')).status
    const shown = async () => {
      await exchange(gateway, request('GET /v1/open', ['Host: api.example.com']))
      return upstream.requests.at(-1)?.headers.find(([name]) => name.toLowerCase() === 'x-internal')?.[1]
    }
    t.same([await status(first), await status(second), await shown()], [200, 401, 'one'])
    writeFileSync(join(folder, 'token'), `ann:${second}\n`)
    writeFileSync(join(folder, 'upstream'), 'two\n')
    running.child.kill('SIGHUP')
    await until(async () => (await status(second)) === 200 && (await shown()) === 'two')
    t.equal(await status(first), 401)

    writeFileSync(join(folder, 'token'), 'short')
    running.child.kill('SIGHUP')
    await until(() => running.stdout().includes('The secrets on disk are not in force'))
    t.equal(await status(second), 200, 'what is no token leaves the one before')
    t.notMatch(running.stdout() + running.stderr(), second)
  },
)
