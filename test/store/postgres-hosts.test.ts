import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createPostgres, openSession } from '../../src/store/postgres.ts'
import { StoreUnavailableError } from '../../src/store/postgres-errors.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { startPostgres } from '../support/postgres-service.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

t.setTimeout(120_000)
const options = { applicationName: 'latchkey-test' }

const [one, two] = await Promise.all([startPostgres(), startPostgres()])
t.teardown(async () => {
  await Promise.all([one.stop(), two.stop()])
})
const secretOf = (url: string) => new URL(url).password

/** A URL over several ports; both servers take the password of the first one. */
const urlOver = (ports: readonly number[]) =>
  `postgres://latchkey:${secretOf(one.url)}@${ports.map((port) => `127.0.0.1:${port}`).join(',')}/postgres?target_session_attrs=read-write`

t.before(async () => {
  const db = createPostgres({ ...options, url: two.url })
  await db.query(`ALTER ROLE latchkey PASSWORD '${secretOf(one.url)}'`)
  await db.close()
})

const portOf = async (db: { query(sql: string): Promise<object[]> }) => {
  const [row] = await db.query('SELECT inet_server_port() AS port')
  return Number(Object(row).port)
}

t.test('the first host that answers is used, by the pool and by a session of its own', async (t) => {
  const db = createPostgres({ ...options, url: urlOver([1, one.port, two.port]) })
  t.teardown(() => db.close())
  t.equal(await portOf(db), one.port)
  const session = await openSession({ ...options, url: urlOver([1, one.port, two.port]) })
  t.equal(await portOf(session), one.port)
  await session.close()
})

t.test('a host that only reads is passed over, and left when it becomes one', async (t) => {
  const url = urlOver([one.port, two.port])
  const db = createPostgres({ ...options, url })
  const setup = createPostgres({ ...options, url: one.url })
  t.teardown(async () => {
    await Promise.all([db.close(), setup.close()])
  })
  t.equal(await portOf(db), one.port)
  await setup.query('ALTER SYSTEM SET default_transaction_read_only = on')
  await setup.query('SELECT pg_reload_conf()')
  const isReadOnly = async () => {
    const [row] = await setup.query(`SELECT current_setting('default_transaction_read_only') AS word`)
    return Object(row).word === 'on'
  }
  while (!(await isReadOnly())) await new Promise((resolve) => setTimeout(resolve, 20))
  const other = createPostgres({ ...options, url })
  t.teardown(() => other.close())
  t.equal(await portOf(other), two.port)
  const write = () => db.query('CREATE TABLE IF NOT EXISTS written ()')
  while (
    await write().then(
      () => false,
      () => true,
    )
  )
    await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(await portOf(db), two.port, 'a write that fails there is enough to look elsewhere')
  await setup.query(`SET default_transaction_read_only = off`)
  await setup.query('ALTER SYSTEM RESET default_transaction_read_only')
  await setup.query('SELECT pg_reload_conf()')
})

t.test('where no host takes writes that is an outage', async (t) => {
  const db = createPostgres({ ...options, url: urlOver([1, 2]) })
  t.teardown(() => db.close())
  await t.rejects(db.ping(), StoreUnavailableError)
})

t.test('a first host that hangs costs half of the time-out, not all of it', async (t) => {
  const hung = await startTcpProxy([one.port])
  t.teardown(() => hung.close())
  await hung.set('hang')
  const db = createPostgres({ ...options, url: urlOver([hung.port, two.port]) })
  t.teardown(() => db.close())
  const started = performance.now()
  t.equal(await portOf(db), two.port)
  t.ok(performance.now() - started < 1_900)
})

t.test('connections that died unseen cost one time-out together, not one each', async (t) => {
  const proxy = await startTcpProxy([one.port])
  t.teardown(() => proxy.close())
  const url = new URL(one.url)
  url.port = String(proxy.port)
  const db = createPostgres({ ...options, url: url.href, queryTimeoutMs: 500 })
  t.teardown(() => db.close())
  await Promise.all(Array.from({ length: 8 }, () => db.query('SELECT pg_sleep(0.1)')))
  t.equal(db.gauges().idle, 8)
  await proxy.set('blackhole')
  await proxy.set('pass')
  await t.rejects(db.ping(), { code: 'timeout' })
  await t.resolves(db.ping())
})

t.test('a connection that comes free from before a failure is not used again', async (t) => {
  const proxy = await startTcpProxy([one.port])
  t.teardown(() => proxy.close())
  const url = new URL(one.url)
  url.port = String(proxy.port)
  const db = createPostgres({ ...options, url: url.href })
  t.teardown(() => db.close())
  await db.ping()
  const before = proxy.accepted()
  proxy.cut()
  await db.ping().catch(() => {})
  await t.resolves(db.ping())
  t.ok(proxy.accepted() > before)
})

void t.test("a socket's folder as the host is connected to", async (t) => {
  const { url } = await createEmptyDatabase(t)
  const { username, password, hostname, port, pathname } = new URL(url)
  // A socket's path has room for a hundred bytes.
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-socket-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const socket = createServer((near) => {
    const far = connect(Number(port), hostname)
    near.pipe(far).pipe(near)
    for (const one of [near, far]) one.on('error', () => one.destroy())
  }).listen(join(folder, '.s.PGSQL.5432'))
  await once(socket, 'listening')
  const db = createPostgres({
    url: `postgres://${username}:${password}@${pathname}?host=${folder}`,
    applicationName: 'test',
  })
  await t.resolves(db.ping())
  await db.close()
  socket.close()
})

void t.test('a file that a URL names and that is not there is named, without the URL', async (t) => {
  const url = 'postgres://ann:hunter2@127.0.0.1:1/x?sslmode=verify-full&sslrootcert=/nowhere/ca.pem'
  t.throws(() => createPostgres({ url, applicationName: 'test' }), {
    message: 'sslrootcert of the Postgres URL: /nowhere/ca.pem does not exist',
  })
})

void t.test(
  'sslmode=require is taken as the driver takes it, without a word on standard error',
  async (t) => {
    const told: Error[] = []
    const hear = (warning: Error) => void told.push(warning)
    process.on('warning', hear)
    t.teardown(() => process.off('warning', hear))
    const { url } = await createEmptyDatabase(t)
    const db = createPostgres({ url: `${url}?sslmode=require`, applicationName: 'test' })
    await t.rejects(db.ping(), { code: 'tls_unsupported', text: /SSL/ })
    await db.close()
    await new Promise((resolve) => setImmediate(resolve))
    t.same(told, [])
  },
)
