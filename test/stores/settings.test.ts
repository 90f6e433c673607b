// Postgres set otherwise than usual, under two instances.

import { chmodSync, chownSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { unprivilegedUser } from '../../src/store/embedded/place.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import { makeAuthority } from '../support/certificates.ts'
import { startPostgres } from '../support/postgres-service.ts'
import { startTestProgram } from '../support/program.ts'
import { expectOutcome, isLong } from './table.ts'
import { runTrial } from './trial.ts'
import { postgresVersion } from './versions.ts'

t.setTimeout(isLong ? 900_000 : 300_000)
const applicationName = 'latchkey-test'
const usualMs = isLong ? 10_000 : 1_000

t.test('Postgres by TLS alone, with an own authority and certificates of clients', async (t) => {
  const postgres = await startPostgres()
  t.teardown(() => postgres.stop())
  const authority = makeAuthority(t)
  const [server, client] = [authority.make('postgres'), authority.make('latchkey')]
  const owner = process.getuid?.() === 0 ? unprivilegedUser() : undefined
  for (const [from, name] of [
    [server.certFile, 'server.crt'],
    [server.keyFile, 'server.key'],
    [authority.caFile, 'ca.pem'],
  ] as const) {
    const to = join(postgres.data, name)
    copyFileSync(from, to)
    chmodSync(to, 0o600)
    if (owner !== undefined) chownSync(to, owner.uid, owner.gid)
  }
  const db = createPostgres({ url: postgres.url, applicationName, maxConnections: 1 })
  for (const [name, value] of Object.entries({
    ssl: 'on',
    ssl_cert_file: 'server.crt',
    ssl_key_file: 'server.key',
    ssl_ca_file: 'ca.pem',
  })) {
    await db.query(`ALTER SYSTEM SET ${name} = '${value}'`)
  }
  const version = `Postgres ${await postgresVersion(db)}`
  const rules = join(postgres.data, 'pg_hba.conf')
  const before = readFileSync(rules, 'utf8')
  const line = (kind: string, rest: string) => `${kind} all all 127.0.0.1/32 ${rest}\n`
  writeFileSync(
    rules,
    line('hostssl', 'scram-sha-256 clientcert=verify-ca') + line('hostnossl', 'reject') + before,
  )
  await db.query('SELECT pg_reload_conf()')
  await db.close()
  const files = `sslrootcert=${authority.caFile}&sslcert=${client.certFile}&sslkey=${client.keyFile}`
  const databaseUrl = `${postgres.url}?sslmode=verify-full&${files}`
  for (const url of [postgres.url, `${postgres.url}?sslmode=verify-full&sslrootcert=${authority.caFile}`]) {
    const refused = createPostgres({ url, applicationName })
    await t.rejects(refused.ping(), 'neither without TLS nor without a certificate')
    await refused.close()
  }
  const one = await startTestProgram(t, { databaseUrl })
  const two = await startTestProgram(t, { databaseUrl })
  const outcome = await runTrial([one, two], () => sleep(usualMs))
  t.equal(outcome.unavailable, 0)
  expectOutcome(t, { setUp: 'Postgres, TLS with own authority and client certificates', version }, outcome)
})
