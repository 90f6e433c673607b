// Each wrong thing at the start gives one clear message that names the thing and the mend, the right exit code, and
// leaves nothing behind.

import { once } from 'node:events'
import { appendFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import t from 'tap'
import { createEmptyDatabase } from '../support/database.ts'
import { latchkey, type Places, secrets, writeConfig } from './process.ts'

t.setTimeout(300_000)

type Test = Pick<typeof t, 'same' | 'equal' | 'match' | 'notMatch' | 'teardown'>

interface Failure {
  readonly places?: Partial<Places>
  readonly words?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly code: number
  /** All of them in the one message. */
  readonly says: readonly RegExp[]
}

const nowhere = 'postgres://user:hidden-password@127.0.0.1:1/none'

async function fails(t: Test, failure: Failure): Promise<void> {
  const file = await writeConfig(t, { postgres: nowhere, ...failure.places })
  const words = ['start', '--config', file, ...(failure.words ?? [])]
  const running = latchkey(t, words, failure.env ?? secrets)
  t.same(await running.ended, { code: failure.code, signal: null })
  const stderr = running.stderr()
  t.equal(stderr.match(/^error: /gm)?.length, 1, `one message: ${stderr}`)
  for (const said of failure.says) t.match(stderr, said)
  t.notMatch(stderr, /\n +at /, 'no stack')
  t.notMatch(stderr + running.stdout(), 'hidden-password')
}

/** A port that somebody else holds. */
async function takenPort(t: Test): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const address: AddressInfo | string | null = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const wrongs: Record<string, Failure> = {
  'no admin token': {
    env: { LATCHKEY_CACHE_KEY: secrets.LATCHKEY_CACHE_KEY },
    code: 1,
    says: [/LATCHKEY_ADMIN_TOKEN is not set/, /openssl rand -hex 32/],
  },
  'an admin token that is too short': {
    env: { LATCHKEY_ADMIN_TOKEN: 'short' },
    code: 1,
    says: [/LATCHKEY_ADMIN_TOKEN: the token is shorter than 32 characters/],
  },
  'one of several admin tokens without a name': {
    env: { LATCHKEY_ADMIN_TOKEN: `ann:${'a'.repeat(32)},${'b'.repeat(32)}` },
    code: 1,
    says: [/LATCHKEY_ADMIN_TOKEN: token 2 has no name/],
  },
  'Redis without a cache key': {
    places: { redis: 'redis://127.0.0.1:1' },
    env: { LATCHKEY_ADMIN_TOKEN: secrets.LATCHKEY_ADMIN_TOKEN },
    code: 1,
    says: [/LATCHKEY_CACHE_KEY is not set/, /openssl rand -hex 32/],
  },
  'a secret that everybody can read, where a store is elsewhere': {
    places: { redis: 'redis://redis.internal:6379' },
    env: { ...secrets, LATCHKEY_ADMIN_TOKEN: 'development-admin-token-0123456789abcdef' },
    code: 1,
    says: [/LATCHKEY_ADMIN_TOKEN is a default/, /Redis is reached from elsewhere/, /openssl rand -hex 32/],
  },
  'a file of a secret that is not there': {
    env: { ...secrets, DATABASE_URL_FILE: '/nowhere/url' },
    code: 1,
    says: [/DATABASE_URL_FILE: \/nowhere\/url does not exist/],
  },
  'a role that there is not': {
    words: ['--role', 'proxy'],
    code: 2,
    says: [/--role.*all, gateway, control/],
  },
  'no workers': { words: ['--workers', '0'], code: 2, says: [/--workers.*"0"/] },
  'workers that are no number': { words: ['--workers', 'two'], code: 2, says: [/--workers.*"two"/] },
  'a log level that there is not': {
    env: { ...secrets, LATCHKEY_LOG_LEVEL: 'loud' },
    code: 1,
    says: [/LATCHKEY_LOG_LEVEL must be one of trace, debug, info/],
  },
}
for (const [name, failure] of Object.entries(wrongs)) {
  t.test(`${name}: exit code ${failure.code}, and one message`, (t) => fails(t, failure))
}

t.test('workers that would each take one proof of the profile fapi2 do not start', async (t) => {
  const file = await writeConfig(t, { postgres: nowhere, gatewayPort: await takenPort(t) })
  await appendFile(file, '    oauth: { profile: fapi2 }\n')
  const running = latchkey(t, ['start', '--config', file, '--workers', '2'], secrets)
  t.same(await running.ended, { code: 1, signal: null })
  t.match(running.stderr(), /^error: --workers: apis\.demo\.oauth has the profile fapi2.*set redis/m)
})

t.test('a cache key that could be guessed: a warning, once, without the key', async (t) => {
  for (const [key, warnings] of [
    ['0123456789abcdef0123456789abcde', 1],
    ['0123456789abcdef0123456789abcdef', 0],
  ] as const) {
    const file = await writeConfig(t, { postgres: nowhere, redis: 'redis://127.0.0.1:1' })
    // A level that there is not ends the start right after.
    const env = { ...secrets, LATCHKEY_CACHE_KEY: key, LATCHKEY_LOG_LEVEL: 'loud' }
    const running = latchkey(t, ['start', '--config', file], env)
    await running.ended
    const said = running.stderr().match(/^warning: LATCHKEY_CACHE_KEY is shorter than 32 characters/gm)
    t.equal(said?.length ?? 0, warnings)
    t.notMatch(running.stderr() + running.stdout(), key)
  }
})

t.test('a configuration file that is not there: exit code 2, and its name', async (t) => {
  const running = latchkey(t, ['start', '--config', '/nowhere/gateway.yaml'], secrets)
  t.same(await running.ended, { code: 2, signal: null })
  t.match(running.stderr(), /^error: \/nowhere\/gateway\.yaml:1:1 +the file .*\n.*nothing was started\.\n$/)
})

t.test('faults in the configuration: exit code 1, and all of them with their places', async (t) => {
  const file = await writeConfig(t, { postgres: `"\${NOT_SET_ANYWHERE}"` })
  const table = join(dirname(file), 'permissions.yaml')
  await writeFile(
    table,
    'permissions: { a.read: Read }\nroutes:\n  GET /v1/a: a.raed\n  GET /v1/b: a.read\n  FOO /v1/c: a.read\n',
  )
  const running = latchkey(t, ['start', '--config', file], secrets)
  t.same(await running.ended, { code: 1, signal: null })
  const stderr = running.stderr()
  t.match(stderr, /gateway\.yaml:3:\d+ .*NOT_SET_ANYWHERE/)
  t.match(stderr, /permissions\.yaml:3:\d+ .*a\.raed.*did you mean a\.read/i)
  t.match(stderr, /permissions\.yaml:5:\d+ .*FOO/)
  t.match(stderr, /3 faults in the configuration; nothing was started\./)
})

t.test('a gateway port in use: exit code 1, the port, and how to mend it', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const port = await takenPort(t)
  const says = [new RegExp(`127\\.0\\.0\\.1:${port} is in use`), /gateway\.port/]
  await fails(t, { places: { postgres: url, gatewayPort: port }, code: 1, says })
})

t.test('a control port in use: the same, and no instance is left that others wait for', async (t) => {
  const { url, db } = await createEmptyDatabase(t)
  const port = await takenPort(t)
  const says = [new RegExp(`127\\.0\\.0\\.1:${port} is in use`), /control\.port/]
  await fails(t, { places: { postgres: url, controlPort: port }, code: 1, says })
  t.same(await db.query('SELECT id FROM instance WHERE signed_off_at IS NULL'), [])
})

t.test('a database that refuses the login: exit code 1, and where, but not the password', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const wrong = new URL(url)
  wrong.username = 'latchkey_nobody'
  wrong.password = 'hidden-password'
  const says = [/refuses us \(SQLSTATE 28/, /check user and password/, /DATABASE_URL/]
  await fails(t, { places: { postgres: wrong.href }, code: 1, says })
})

t.test('a database that does not exist: exit code 1, and that it must be created', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const wrong = new URL(url)
  wrong.pathname = '/latchkey_no_such_database'
  const says = [/latchkey_no_such_database refuses us \(SQLSTATE 3D000\)/, /create the database/]
  await fails(t, { places: { postgres: wrong.href }, code: 1, says })
})
