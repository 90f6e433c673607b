// Redis with TLS: an authority of one's own, certificates of clients, users.

import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t from 'tap'
import { CertificateFault } from '../../src/config/certificates.ts'
import { freePort } from '../../src/store/embedded/postmaster.ts'
import { createRedis } from '../../src/store/redis.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { makeAuthority } from '../support/certificates.ts'
import { startRedis } from '../support/redis-service.ts'

t.setTimeout(120_000)
const authority = makeAuthority(t)
const server = authority.make('redis')
const client = authority.make('latchkey')

interface Teardown {
  teardown(fn: () => Promise<void> | void): unknown
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20)
}

async function secured(t: Teardown, clients: 'yes' | 'no') {
  const port = await freePort()
  const redis = await startRedis({
    'tls-port': port,
    'tls-cert-file': server.certFile,
    'tls-key-file': server.keyFile,
    'tls-ca-cert-file': authority.caFile,
    'tls-auth-clients': clients,
  })
  t.teardown(() => redis.stop())
  return { redis, port }
}

function open(t: Teardown, url: string) {
  const lines: string[] = []
  const { logger } = createLog({ level: 'info', stream: { write: (line) => void lines.push(line) } })
  const store = createRedis({ url, log: logger, monotonicNow: () => performance.now() })
  t.teardown(() => store.close())
  return { store, lines }
}

t.test('an own authority, and a user with a password, in the URL', async (t) => {
  const { redis, port } = await secured(t, 'no')
  const admin = new Redis(redis.url)
  await admin.acl('SETUSER', 'ann', 'on', '>p:w', '~*', '&*', '+@all')
  admin.disconnect()
  const ca = `ca=${encodeURIComponent(authority.caFile)}`
  const { store } = open(t, `rediss://ann:p%3Aw@127.0.0.1:${port}?${ca}`)
  const heard: string[] = []
  store.subscribe('news', (message) => heard.push(message))
  await until(() => store.isUp())
  t.match(await store.run((client) => client.call('CLIENT', 'INFO'), 2_000), /user=ann/)
  await until(async () => {
    await store.tell((client) => client.publish('news', 'x'), 1_000)
    return heard.length > 0
  })
  const { store: stranger, lines } = open(t, `rediss://ann:p%3Aw@127.0.0.1:${port}`)
  await until(() => lines.some((line) => /cannot be reached.*|certificate/.test(line)))
  t.notOk(stranger.isUp(), 'without it the server is not trusted')
  t.notMatch(lines.join(''), 'p:w')
})

t.test('a certificate of the client, renewed while it runs', async (t) => {
  const { port, redis } = await secured(t, 'yes')
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-redis-tls-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const [cert, key] = [join(folder, 'a.pem'), join(folder, 'a.key')]
  await copyFile(client.certFile, cert)
  await copyFile(client.keyFile, key)
  const ca = `ca=${authority.caFile}`
  const { store } = open(t, `rediss://127.0.0.1:${port}?${ca}&cert=${cert}&key=${key}`)
  await until(() => store.isUp())
  t.pass('it is let in')

  const { store: bare } = open(t, `rediss://127.0.0.1:${port}?${ca}`)
  await sleep(500)
  t.notOk(bare.isUp(), 'and without one it is not')

  const next = authority.make('renewed')
  await copyFile(next.certFile, cert)
  await copyFile(next.keyFile, key)
  const admin = new Redis(redis.url)
  t.teardown(() => admin.disconnect())
  await until(() => store.isUp())
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await until(async () => (await store.run((client) => client.get('a'), 1_000)) === null)
})

t.test('files that cannot be used end the start', async (t) => {
  const of = (query: string) => () =>
    createRedis({
      url: `rediss://127.0.0.1:1?${query}`,
      log: createLog({ level: 'silent', stream: { write() {} } }).logger,
      monotonicNow: () => 0,
    })
  t.throws(of('ca=/nowhere/ca.pem'), CertificateFault)
  t.throws(of(`ca=${client.keyFile}`), CertificateFault)
  t.throws(of(`cert=${client.certFile}&key=${server.keyFile}`), CertificateFault)
})
