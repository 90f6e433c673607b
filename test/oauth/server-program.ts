// The whole program with an API that takes tokens, a merchant, somebody who administers it, and what a browser does.

import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { sessionPrefix } from '../../src/credentials/role.ts'
import { digestOf, generateSecret } from '../../src/credentials/secret.ts'
import { openSession } from '../../src/store/people/hub-session-table.ts'
import { createPostgres, type Postgres } from '../../src/store/postgres.ts'
import {
  prepareTestProgram,
  startPrepared,
  type TestProgram,
  type TestProgramOptions,
} from '../support/program.ts'
import { type Browser, createBrowser } from './browser.ts'

export interface OauthProgram extends TestProgram {
  readonly url: string
  readonly issuer: string
  readonly merchant: string
  readonly person: string
  readonly db: Postgres
  /** Calls the admin API. */
  call(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ status: number; body: Record<string, unknown> }>
  makeClient(about: object): Promise<{ id: string; secret: string }>
  /** A browser in which that person is signed in. */
  browser(): Promise<Browser>
}

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

export interface OauthProgramOptions extends Pick<TestProgramOptions, 'databaseUrl' | 'redis'> {
  /** Of the gateway file, as YAML; further sections may follow. */
  readonly hub?: string
}

export async function startOauthProgram(
  t: Teardown,
  api = 'oauth: {}',
  { hub = '{}', ...stores }: OauthProgramOptions = {},
): Promise<OauthProgram> {
  const prepared = await prepareTestProgram(t, { ...stores, sections: `hub: ${hub}`, api: `    ${api}` })
  const port = await freePort()
  const text = await readFile(prepared.file, 'utf8')
  await writeFile(
    prepared.file,
    text.replace('control: { host: 127.0.0.1, port: 0 }', `control: { host: 127.0.0.1, port: ${port} }`),
  )
  const program = await startPrepared(t, prepared)
  const db = createPostgres({ url: prepared.databaseUrl, applicationName: 'test' })
  t.teardown(() => db.close())
  const url = `http://localhost:${port}`
  const merchant = await program.admin.makeMerchant()
  const person = 'usr_00000000000001'
  await db.query(
    `INSERT INTO person (id, email, kind, password, password_at, created_at, created_by)
     VALUES ($1, 'ada@people.test', 'member', 'none', now(), now(), 'ann')`,
    [person],
  )
  await db.query(`INSERT INTO membership VALUES ($1, $2, 'admin', now(), 'ann')`, [person, merchant])

  async function call(method: string, path: string, body?: object) {
    const response = await fetch(`${url}/admin/v1${path}`, {
      method,
      headers: {
        authorization: 'Bearer test-admin-token-of-more-than-32-characters',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: { ...Object(await response.json()) } }
  }
  return {
    ...{ ...program, url, issuer: `${url}/oauth`, merchant, person, db, call },
    async makeClient(about) {
      const made = await call('POST', '/clients', { name: 'Books', merchant_id: merchant, ...about })
      if (made.status !== 201) throw new Error(JSON.stringify(made.body))
      return { id: String(made.body['client_id']), secret: String(made.body['client_secret']) }
    },
    browser: () => signedInBrowser(db, url, person),
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

let count = 0

async function signedInBrowser(db: Postgres, base: string, personId: string): Promise<Browser> {
  const secret = generateSecret(sessionPrefix)
  const nowMs = Date.now()
  await openSession(db, {
    ...{ id: `ses_0000000000${String(++count).padStart(4, '0')}`, digest: digestOf(secret), personId },
    ...{ password: null, proofs: ['password'], nowMs, endsAtMs: nowMs + 3_600_000 },
    ...{ client: '127.0.0.1', userAgent: 'test', requestId: 'req_sign_in' },
  })
  return createBrowser(base, secret)
}
