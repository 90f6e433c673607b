// The whole program with an API that takes tokens, a merchant, somebody who administers it, and what a browser does.

import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { cookieName, csrfOf, sessionCookie } from '../../src/control/people/session-secret.ts'
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

/** Keeps cookies by their paths, and follows nothing by itself. */
export interface Browser {
  fetch(url: string, init?: RequestInit): Promise<Response>
  /** As a page of the hub. */
  post(url: string, body: object): Promise<Response>
  /** Goes to an authorization URL; resolves with the id of what is to be granted. */
  begin(url: string): Promise<string>
  /** Says yes or no to it, and goes back; resolves with where the program is told. */
  decide(id: string, body: object): Promise<URL>
  readonly cookies: readonly string[]
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
  const [pair = ''] = sessionCookie(secret, false, 60).split(';')
  const jar: Jar = new Map()
  keep(jar, `${cookieName(false)}=${pair.split('=')[1] ?? ''}; Path=/`)
  const browser: Browser = {
    async fetch(url, init = {}) {
      const { pathname } = new URL(url)
      const cookie = [...jar]
        .filter(
          ([, { path }]) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`),
        )
        .map(([, { name, value }]) => `${name}=${value}`)
        .join('; ')
      const response = await fetch(url, {
        redirect: 'manual',
        ...init,
        headers: { ...Object(init.headers), cookie },
      })
      for (const set of response.headers.getSetCookie()) keep(jar, set)
      return response
    },
    async begin(url) {
      const response = await browser.fetch(url)
      const location = response.headers.get('location') ?? ''
      if (!location.startsWith('/authorize/') && !location.startsWith(`${base}/authorize/`))
        throw new Error(`${response.status} ${location} ${await response.text()}`)
      return location.split('/').at(-1) ?? ''
    },
    post: (url, body) =>
      browser.fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-csrf-token': csrfOf(secret), origin: base },
        body: JSON.stringify(body),
      }),
    async decide(id, body) {
      const answer = await browser.post(`${base}/hub/v1/oauth/interactions/${id}`, body)
      const { redirect_to: goesOn }: { redirect_to?: string } = Object(await answer.json())
      if (goesOn === undefined) throw new Error(`decided: ${answer.status}`)
      const back = await browser.fetch(goesOn)
      const location = back.headers.get('location')
      if (location === null) throw new Error(`${back.status} ${await back.text()}`)
      return new URL(location)
    },
    get cookies() {
      return [...jar.values()].map(({ name }) => name)
    },
  }
  return browser
}

/** By name and path (RFC 6265 §5.3). */
type Jar = Map<string, { readonly name: string; readonly value: string; readonly path: string }>

function keep(jar: Jar, set: string): void {
  const [pair = '', ...rest] = set.split(/; */)
  const [name = '', value = ''] = pair.split('=')
  const path = rest.find((one) => one.toLowerCase().startsWith('path='))?.slice(5) ?? '/'
  const id = `${name} ${path}`
  if (value === '') jar.delete(id)
  else jar.set(id, { name, value, path })
}
