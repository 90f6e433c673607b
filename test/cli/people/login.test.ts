// Contract 9.8: `latchkey login`, instead of LATCHKEY_ADMIN_TOKEN.

import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import t from 'tap'
import { makePerson, sessionOf } from '../../control/people/people.ts'
import { startMs, token } from '../../control/subject.ts'
import type { AdminSurroundings } from '../../../src/cli/admin.ts'
import { type Console, createConsole, type Typed, typist } from '../console.ts'

interface Login {
  readonly type: Typed
  readonly file: string
  /** Milliseconds between the questions. */
  readonly waited: number[]
  /** As it was shown. */
  code: string
  /** What happens before the next question. */
  meanwhile: () => Promise<unknown>
  /** The answer to a question instead of the server's. */
  instead: (path: string) => Promise<Response | undefined>
}

/** A command line without a token, whose clock the server shares. */
function loginAt({ url, subject }: Console, folder: string, env: Record<string, string> = {}): Login {
  const surroundings: Partial<AdminSurroundings> = {
    now: () => subject.clock.nowMs,
    async wait(milliseconds) {
      login.waited.push(milliseconds)
      subject.clock.nowMs += milliseconds
      await login.meanwhile()
    },
    async fetch(address, init) {
      const { pathname } = new URL(address)
      const response = (await login.instead(pathname)) ?? (await fetch(address, init))
      if (pathname !== '/hub/v1/device') return response
      const body: { user_code?: string } = Object(await response.clone().json())
      login.code = body.user_code ?? ''
      return response
    },
  }
  const login: Login = {
    type: typist({ LATCHKEY_ADMIN_URL: url, XDG_CONFIG_HOME: folder, ...env }, surroundings),
    file: join(folder, 'latchkey', 'logins.json'),
    waited: [],
    code: '',
    meanwhile: async () => undefined,
    instead: async () => undefined,
  }
  return login
}

/** As its person does in the hub, with the code of the newest request. */
async function answer(
  { subject }: Console,
  person: string,
  { code, how = 'approve' }: { readonly code: string; readonly how?: string },
): Promise<void> {
  const response = await subject.app.inject({
    method: 'POST',
    url: `/hub/v1/device/${how}`,
    headers: await sessionOf(subject, person),
    payload: { user_code: code },
  })
  if (response.statusCode !== 200) throw new Error(response.body)
}

/** A command line that is answered by the person before its second question. */
function answeredBy(here: Console, login: Login, person: string, how?: string) {
  login.meanwhile = async () => {
    if (login.waited.length !== 2) return
    await answer(here, person, { code: login.code, ...(how !== undefined && { how }) })
  }
  return login.type('login', '--name', 'ann@desk')
}

void t.test('who signs in needs no token, until it signs out', async (t) => {
  const here = await createConsole(t)
  const login = loginAt(here, t.testdir())
  const person = await makePerson(here.subject.db, { email: 'a@x.test', operator: 'admin' })
  t.match(await login.type('keys', 'list'), {
    code: 2,
    stderr: /LATCHKEY_ADMIN_TOKEN is not set.*latchkey login/,
  })

  const done = await answeredBy(here, login, person)
  t.match(done, {
    code: 0,
    stdout: /^Signed in at http:\/\/127\.0\.0\.1:\d+ as a@x\.test until 2026-01-16 00:00:10Z\./,
  })
  t.match(done.stderr, 'http://hub.test:8081/device\n')
  t.match(done.stderr, `  ${login.code}\n`)
  t.same(login.waited, [5_000, 5_000])

  const kept = await readFile(login.file, 'utf8')
  const [secret = ''] = /lk_cli_\w+/.exec(kept) ?? []
  t.not(secret, '')
  t.notMatch(done.stdout + done.stderr, secret)
  t.equal((await stat(login.file)).mode & 0o777, 0o600)
  t.equal((await stat(dirname(login.file))).mode & 0o777, 0o700)
  t.same(await readdir(dirname(login.file)), ['logins.json'], 'nothing is left beside it')

  t.equal((await login.type('keys', 'list')).code, 0)
  t.equal((await login.type('merchants', 'create', '--name', 'Acme')).code, 0)
  t.match((await here.subject.call('GET', '/audit?action=merchant.create')).body, {
    data: [{ actor: 'a@x.test', user_id: person }],
  })
  const elsewhere = typist({ XDG_CONFIG_HOME: dirname(dirname(login.file)) })
  t.equal(
    (await elsewhere('keys', 'list')).code,
    0,
    'where nothing else is said, the address of the login is meant',
  )

  t.match(await login.type('logout'), { code: 0, stdout: /^a@x\.test is signed out/ })
  t.notMatch(await readFile(login.file, 'utf8'), 'lk_cli_')
  t.equal((await login.type('keys', 'list')).code, 2)
  const stale = typist({ LATCHKEY_ADMIN_URL: here.url, LATCHKEY_ADMIN_TOKEN: secret })
  t.match(await stale('keys', 'list'), { code: 1, stderr: /\[UNAUTHORIZED\]/ }, 'the token works nowhere')
  t.match(await login.type('logout'), { code: 0, stdout: /^Nobody is signed in/ })
})

void t.test('a token of the environment goes before the login', async (t) => {
  const here = await createConsole(t)
  const folder = t.testdir()
  const login = loginAt(here, folder, { LATCHKEY_ADMIN_TOKEN: token })
  const person = await makePerson(here.subject.db, { operator: 'read_only' })
  t.match(await answeredBy(here, login, person), {
    code: 0,
    stderr: /LATCHKEY_ADMIN_TOKEN is set, and goes before/,
  })
  t.equal((await login.type('merchants', 'create', '--name', 'Acme')).code, 0)
  const by = loginAt(here, folder)
  t.match(await by.type('merchants', 'create', '--name', 'Acme'), { code: 1, stderr: /\[FORBIDDEN\]/ })
})

void t.test('one that is refused is told so, and keeps nothing', async (t) => {
  const here = await createConsole(t)
  const login = loginAt(here, t.testdir())
  const person = await makePerson(here.subject.db, { operator: 'admin' })
  t.match(await answeredBy(here, login, person, 'deny'), {
    code: 1,
    stdout: '',
    stderr: /nobody has allowed it/,
  })
  t.notMatch(await readFile(login.file, 'utf8'), 'lk_cli_')
})

void t.test('nobody answers: it ends when the code does', async (t) => {
  const here = await createConsole(t)
  const login = loginAt(here, t.testdir())
  t.match(await login.type('login'), { code: 1, stderr: /nobody has allowed it/ })
  t.equal(
    login.waited.reduce((sum, one) => sum + one, 0),
    600_000,
  )
  t.equal(here.subject.clock.nowMs, startMs + 600_000)
})

void t.test('a login of one address is shown to no other', async (t) => {
  const here = await createConsole(t)
  const folder = t.testdir()
  const login = loginAt(here, folder)
  await answeredBy(here, login, await makePerson(here.subject.db, { operator: 'admin' }))
  const shown: unknown[] = []
  const server = createServer((request, response) => {
    shown.push(request.headers.authorization)
    response.end('{}')
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port }: Partial<AddressInfo> = Object(server.address())
  const other = typist({ LATCHKEY_ADMIN_URL: `http://127.0.0.1:${port}`, XDG_CONFIG_HOME: folder })
  t.match(await other('keys', 'list'), { code: 2, stderr: /nobody is signed in at/ })
  t.same(shown, [])
})

void t.test('a file that others may read is not used, for reading and for writing', async (t) => {
  const here = await createConsole(t)
  const login = loginAt(here, t.testdir())
  await answeredBy(here, login, await makePerson(here.subject.db, { operator: 'admin' }))
  const before = await readFile(login.file, 'utf8')
  for (const mode of [0o640, 0o604, 0o620, 0o602]) {
    await chmod(login.file, mode)
    for (const verb of [['keys', 'list'], ['login'], ['logout']])
      t.match(await login.type(...verb), { code: 1, stderr: /is open to others \(06\d\d\)/ }, verb[0] ?? '')
  }
  t.equal(await readFile(login.file, 'utf8'), before)
  await chmod(login.file, 0o600)
  t.equal((await login.type('keys', 'list')).code, 0)
  await writeFile(login.file, '{"logins": 1}')
  t.match(await login.type('keys', 'list'), { code: 1, stderr: /is no file of `latchkey login`/ })
})

void t.test('where it cannot be kept nobody is asked', async (t) => {
  const here = await createConsole(t)
  const folder = t.testdir({ latchkey: 'a file' })
  t.match(await loginAt(here, folder).type('login'), { code: 1, stderr: /cannot keep the login in/ })
  const nowhere = typist({ LATCHKEY_ADMIN_URL: here.url, XDG_CONFIG_HOME: 'relative' })
  t.match(await nowhere('login'), { code: 1, stderr: /neither XDG_CONFIG_HOME nor HOME/ })
  t.same(await here.subject.db.query('SELECT FROM device_request'), [])
})

void t.test('a token that cannot be kept in the end is ended', async (t) => {
  const here = await createConsole(t)
  const login = loginAt(here, t.testdir())
  const person = await makePerson(here.subject.db, { operator: 'admin' })
  const done = answeredBy(here, login, person)
  const { meanwhile } = login
  login.meanwhile = async () => {
    await meanwhile()
    await chmod(login.file, 0o644)
  }
  t.match(await done, { code: 1, stderr: /is open to others/ })
  t.same(await here.subject.db.query(`SELECT FROM hub_session WHERE 'device' = ANY(proofs)`), [])
})

void t.test('a control plane that is away for a while is asked again, more slowly', async (t) => {
  const here = await createConsole(t)
  const login = loginAt(here, t.testdir())
  let asked = 0
  const person = await makePerson(here.subject.db, { operator: 'admin' })
  login.instead = async (path) => {
    if (!path.endsWith('/token')) return undefined
    asked += 1
    if (asked === 1) throw new TypeError('fetch failed')
    if (asked === 2) return new Response('<html>', { status: 502 })
    await answer(here, person, { code: login.code })
    return undefined
  }
  t.equal((await login.type('login')).code, 0)
  t.same(login.waited, [5_000, 10_000, 20_000])
})

void t.test('without a hub, and at what is no control plane, it says so', async (t) => {
  const here = await createConsole(t, { hub: null })
  t.match(await loginAt(here, t.testdir()).type('login'), { code: 1, stderr: /gateway\.yaml has `hub`/ })
  const away = typist({ LATCHKEY_ADMIN_URL: 'http://127.0.0.1:1', XDG_CONFIG_HOME: t.testdir() })
  t.match(await away('login'), { code: 1, stderr: /no answer from the control plane/ })
})

void t.test('a logout that does not arrive keeps the token', async (t) => {
  const here = await createConsole(t)
  const folder = t.testdir()
  const login = loginAt(here, folder)
  await answeredBy(here, login, await makePerson(here.subject.db, { operator: 'admin' }))
  await here.subject.app.close()
  t.match(await login.type('logout'), { code: 1, stderr: /no answer from the control plane/ })
  t.match(await readFile(login.file, 'utf8'), 'lk_cli_')
})
