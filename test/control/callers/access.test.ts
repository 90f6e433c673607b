// Contract 8.1: who may call what, of whose. Every route × every kind of caller × what is theirs and what is not.

import t from 'tap'
import { access, accessOf, type CallerKind } from '../../../src/control/callers/access.ts'
import type { ControlApp } from '../../../src/control/dependencies.ts'
import { tokenRoles } from '../../../src/credentials/role.ts'
import type { Postgres } from '../../../src/store/postgres.ts'
import { commandLineOf, makePerson, sessionOf } from '../people/people.ts'
import { insertGrant } from '../../../src/store/oauth/oauth-grant-table.ts'
import { seedRequests } from '../../store/seed.ts'
import { createSubject, keyBody, type Subject, token } from '../subject.ts'

t.setTimeout(240_000)

interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly type?: string
}

/** What stands in a call: each is new, so that no call meets what another has done. */
interface Things {
  readonly merchant: string
  readonly api: string
  readonly key: string
  readonly token: string
  readonly webhook: string
  readonly delivery: string
  readonly client: string
  readonly grant: string
  readonly operator: string
  readonly person: string
  readonly invitation: string
  readonly request: string
  readonly session: string
  readonly email: string
}

type RouteName = keyof typeof access

/** What is made for a merchant that its body names. */
function isNewOfOne(name: RouteName): boolean {
  return name === 'POST /keys' || name === 'POST /webhooks' || name === 'POST /clients'
}

/** A call of each route that is done if it may be; a route that is not here does not compile. */
const calls: Readonly<Record<RouteName, (things: Things) => Call>> = {
  'POST /merchants': () => ({ method: 'POST', path: '/merchants', body: { name: 'New' } }),
  'GET /merchants': () => ({ method: 'GET', path: '/merchants' }),
  'GET /merchants/{id}': ({ merchant }) => ({ method: 'GET', path: `/merchants/${merchant}` }),
  'PATCH /merchants/{id}': ({ merchant }) => ({
    method: 'PATCH',
    path: `/merchants/${merchant}`,
    body: { name: 'Other' },
  }),
  'POST /merchants/{id}/suspend': ({ merchant }) => ({
    method: 'POST',
    path: `/merchants/${merchant}/suspend`,
  }),
  'POST /merchants/{id}/resume': ({ merchant }) => ({
    method: 'POST',
    path: `/merchants/${merchant}/resume`,
  }),
  'POST /keys': ({ merchant, api }) => ({ method: 'POST', path: '/keys', body: keyBody(merchant, { api }) }),
  'GET /keys': () => ({ method: 'GET', path: '/keys' }),
  'GET /keys/{id}': ({ key }) => ({ method: 'GET', path: `/keys/${key}` }),
  'PATCH /keys/{id}': ({ key }) => ({ method: 'PATCH', path: `/keys/${key}`, body: { name: 'Other' } }),
  'POST /keys/{id}/disable': ({ key }) => ({ method: 'POST', path: `/keys/${key}/disable` }),
  'POST /keys/{id}/enable': ({ key }) => ({ method: 'POST', path: `/keys/${key}/enable` }),
  'POST /keys/{id}/revoke': ({ key }) => ({ method: 'POST', path: `/keys/${key}/revoke` }),
  'POST /keys/{id}/rotate': ({ key }) => ({ method: 'POST', path: `/keys/${key}/rotate` }),
  'POST /keys/{id}/rotation/end': ({ key }) => ({ method: 'POST', path: `/keys/${key}/rotation/end` }),
  'POST /keys/{id}/rotation/grace': ({ key }) => ({
    method: 'POST',
    path: `/keys/${key}/rotation/grace`,
    body: { grace_seconds: 60 },
  }),
  'POST /keys/{id}/brakes/release': ({ key }) => ({ method: 'POST', path: `/keys/${key}/brakes/release` }),
  'POST /keys/import': ({ merchant }) => ({
    method: 'POST',
    path: '/keys/import',
    body: `${JSON.stringify(keyBody(merchant, { secret: `${merchant}-made-elsewhere-long-ago` }))}\n`,
    type: 'application/x-ndjson',
  }),
  'POST /keys/exposed': () => ({
    method: 'POST',
    path: '/keys/exposed',
    body: { reports: [{ secret: 'pk_live_nobody' }] },
  }),
  'GET /keys/{id}/activity': ({ key }) => ({ method: 'GET', path: `/keys/${key}/activity` }),
  'GET /keys/{id}/permissions': ({ key }) => ({ method: 'GET', path: `/keys/${key}/permissions` }),
  'GET /activity': () => ({ method: 'GET', path: '/activity?by=key' }),
  'GET /explain': () => ({ method: 'GET', path: '/explain?method=GET&url=/v1/x' }),
  'GET /activity/series': () => ({ method: 'GET', path: '/activity/series' }),
  'GET /activity/latency': () => ({ method: 'GET', path: '/activity/latency' }),
  'GET /quotas': () => ({ method: 'GET', path: '/quotas' }),
  'GET /events': () => ({ method: 'GET', path: '/events' }),
  'GET /requests': () => ({ method: 'GET', path: '/requests' }),
  'GET /requests/{id}': ({ request }) => ({ method: 'GET', path: `/requests/${request}` }),
  'GET /permissions': () => ({ method: 'GET', path: '/permissions' }),
  'GET /audit': () => ({ method: 'GET', path: '/audit?limit=200' }),
  'GET /audit/export': () => ({ method: 'GET', path: '/audit/export?action=key.create' }),
  'GET /audit/verify': () => ({ method: 'GET', path: '/audit/verify' }),
  'GET /instances': () => ({ method: 'GET', path: '/instances' }),
  'GET /health': () => ({ method: 'GET', path: '/health' }),
  'GET /deny': () => ({ method: 'GET', path: '/deny' }),
  'POST /deny': ({ merchant }) => ({
    method: 'POST',
    path: '/deny',
    body: { kind: 'merchant', value: merchant },
  }),
  'DELETE /deny': ({ merchant }) => ({
    method: 'DELETE',
    path: '/deny',
    body: { kind: 'merchant', value: merchant },
  }),
  'GET /tokens': () => ({ method: 'GET', path: '/tokens' }),
  'POST /tokens': () => ({ method: 'POST', path: '/tokens', body: { name: 'x', role: 'admin' } }),
  'DELETE /tokens/{id}': ({ token: id }) => ({ method: 'DELETE', path: `/tokens/${id}` }),
  'GET /reminders': () => ({ method: 'GET', path: '/reminders' }),
  'GET /reminders/permissions': () => ({ method: 'GET', path: '/reminders/permissions' }),
  'POST /webhooks': ({ merchant, api }) => ({
    method: 'POST',
    path: '/webhooks',
    body: { url: 'https://receiver.example', merchant_id: merchant, api },
  }),
  'GET /webhooks': () => ({ method: 'GET', path: '/webhooks' }),
  'GET /webhooks/{id}': ({ webhook }) => ({ method: 'GET', path: `/webhooks/${webhook}` }),
  'PATCH /webhooks/{id}': ({ webhook }) => ({
    method: 'PATCH',
    path: `/webhooks/${webhook}`,
    body: { name: 'Other' },
  }),
  'DELETE /webhooks/{id}': ({ webhook }) => ({ method: 'DELETE', path: `/webhooks/${webhook}` }),
  'POST /webhooks/{id}/rotate-secret': ({ webhook }) => ({
    method: 'POST',
    path: `/webhooks/${webhook}/rotate-secret`,
  }),
  'POST /webhooks/{id}/test': ({ webhook }) => ({ method: 'POST', path: `/webhooks/${webhook}/test` }),
  'GET /webhooks/{id}/deliveries': ({ webhook }) => ({
    method: 'GET',
    path: `/webhooks/${webhook}/deliveries`,
  }),
  'GET /webhooks/{id}/deliveries/{delivery_id}': ({ webhook, delivery }) => ({
    method: 'GET',
    path: `/webhooks/${webhook}/deliveries/${delivery}`,
  }),
  'POST /webhooks/{id}/deliveries/{delivery_id}/redeliver': ({ webhook, delivery }) => ({
    method: 'POST',
    path: `/webhooks/${webhook}/deliveries/${delivery}/redeliver`,
  }),
  'POST /clients': ({ merchant, api }) => ({
    method: 'POST',
    path: '/clients',
    body: { name: 'New', merchant_id: merchant, api, grants: ['client_credentials'], permissions: ['*'] },
  }),
  'GET /clients': () => ({ method: 'GET', path: '/clients' }),
  'GET /clients/{id}': ({ client }) => ({ method: 'GET', path: `/clients/${client}` }),
  'PATCH /clients/{id}': ({ client }) => ({
    method: 'PATCH',
    path: `/clients/${client}`,
    body: { name: 'Other' },
  }),
  'POST /clients/{id}/disable': ({ client }) => ({ method: 'POST', path: `/clients/${client}/disable` }),
  'POST /clients/{id}/enable': ({ client }) => ({ method: 'POST', path: `/clients/${client}/enable` }),
  'POST /clients/{id}/rotate-secret': ({ client }) => ({
    method: 'POST',
    path: `/clients/${client}/rotate-secret`,
  }),
  'GET /grants': () => ({ method: 'GET', path: '/grants' }),
  'DELETE /grants/{id}': ({ grant }) => ({ method: 'DELETE', path: `/grants/${grant}` }),
  'POST /oauth/keys/rotate': () => ({ method: 'POST', path: '/oauth/keys/rotate' }),
  'GET /operators': () => ({ method: 'GET', path: '/operators' }),
  'POST /operators': () => ({
    method: 'POST',
    path: '/operators',
    body: { email: newEmail(), role: 'read_only' },
  }),
  'PATCH /operators/{id}': ({ operator }) => ({
    method: 'PATCH',
    path: `/operators/${operator}`,
    body: { role: 'support' },
  }),
  'POST /operators/{id}/disable': ({ operator }) => ({
    method: 'POST',
    path: `/operators/${operator}/disable`,
  }),
  'POST /operators/{id}/enable': ({ operator }) => ({
    method: 'POST',
    path: `/operators/${operator}/enable`,
  }),
  'POST /operators/{id}/reset-factors': ({ operator }) => ({
    method: 'POST',
    path: `/operators/${operator}/reset-factors`,
  }),
  'POST /operators/{id}/link': ({ operator }) => ({ method: 'POST', path: `/operators/${operator}/link` }),
  'GET /merchants/{id}/members': ({ merchant }) => ({
    method: 'GET',
    path: `/merchants/${merchant}/members`,
  }),
  'PATCH /merchants/{id}/members/{person}': ({ merchant, person }) => ({
    method: 'PATCH',
    path: `/merchants/${merchant}/members/${person}`,
    body: { role: 'admin' },
  }),
  'DELETE /merchants/{id}/members/{person}': ({ merchant, person }) => ({
    method: 'DELETE',
    path: `/merchants/${merchant}/members/${person}`,
  }),
  'GET /merchants/{id}/invitations': ({ merchant }) => ({
    method: 'GET',
    path: `/merchants/${merchant}/invitations`,
  }),
  'POST /merchants/{id}/invitations': ({ merchant }) => ({
    method: 'POST',
    path: `/merchants/${merchant}/invitations`,
    body: { email: newEmail(), role: 'viewer' },
  }),
  'DELETE /merchants/{id}/invitations/{invitation}': ({ merchant, invitation }) => ({
    method: 'DELETE',
    path: `/merchants/${merchant}/invitations/${invitation}`,
  }),
  'GET /sessions': ({ email }) => ({ method: 'GET', path: `/sessions?email=${email}` }),
  'DELETE /sessions': ({ email }) => ({ method: 'DELETE', path: '/sessions', body: { email } }),
  'DELETE /sessions/{id}': ({ session }) => ({ method: 'DELETE', path: `/sessions/${session}` }),
  'POST /members/{id}/reset-factors': ({ person }) => ({
    method: 'POST',
    path: `/members/${person}/reset-factors`,
  }),
  'POST /members/{id}/link': ({ person }) => ({ method: 'POST', path: `/members/${person}/link` }),
  'POST /members/{id}/disable': ({ person }) => ({ method: 'POST', path: `/members/${person}/disable` }),
  'POST /members/{id}/enable': ({ person }) => ({ method: 'POST', path: `/members/${person}/enable` }),
}

const names = Object.keys(access) as RouteName[]

// Some thousands of calls.
t.setTimeout(900_000)

interface Asker {
  readonly name: string
  readonly kind: CallerKind
  readonly as: Headers
  readonly isSession?: true
  readonly merchant: string | null
  readonly api: string | null
}

async function id(subject: Subject, path: string, body: object): Promise<string> {
  const answer = await subject.call('POST', path, body)
  return String(answer.body['id'])
}

let count = 0

function newEmail(): string {
  count += 1
  return `person${count}@access.test`
}

/** Of what is not there. */
const nothing = {
  api: '',
  key: 'key_999999999999',
  token: 'tok_999999999999',
  operator: 'usr_999999999999',
  person: 'usr_999999999999',
  invitation: 'inv_999999999999',
  request: 'req_none',
  client: 'cli_999999999999',
  grant: 'grt_999999999999',
  webhook: 'whk_999999999999',
  delivery: 'dlv_999999999999',
  session: 'ses_999999999999',
  email: 'nobody@access.test',
}

/** What a route is called with: people only where it is about them. */
async function thingsOf(
  subject: Subject,
  of: { readonly merchant: string; readonly api: string },
  name: RouteName,
): Promise<Things> {
  const { merchant, api } = of
  const key = await id(subject, '/keys', keyBody(merchant, { api }))
  const request = `req_of_${key}`
  await seedRequests(subject.db, { id: request, merchantId: merchant, api, keyId: key })
  if (name.endsWith('/rotation/grace')) await subject.call('POST', `/keys/${key}/rotate`)
  const isOfPerson = /\{person\}|^\w+ \/members/.test(name)
  return {
    ...{ merchant, api, key, request },
    token: await id(subject, '/tokens', { name: 't', role: 'read_only' }),
    operator: name.includes('/operators/') ? await id(subject, '/operators', { email: newEmail() }) : '',
    person: isOfPerson ? await makePerson(subject.db, { roles: { [merchant]: 'viewer' } }) : '',
    invitation: name.includes('{invitation}') ? await makeInvitation(subject.db, merchant) : '',
    ...(await webhookOf(subject, of, name)),
    ...(await clientOf(subject, of, name)),
    ...(await sessionFor(subject, name)),
  }
}

async function clientOf(
  subject: Subject,
  { merchant, api }: Pick<Things, 'merchant' | 'api'>,
  name: RouteName,
): Promise<Pick<Things, 'client' | 'grant'>> {
  if (!name.includes('/clients') && !name.includes('/grants')) return { client: '', grant: '' }
  await subject.db.query('DELETE FROM oauth_client_secret')
  await subject.db.query('DELETE FROM oauth_client WHERE merchant_id = $1', [merchant])
  const body = { name: 'a', merchant_id: merchant, api, grants: ['client_credentials'], permissions: ['*'] }
  const made = await subject.call('POST', '/clients', body)
  const client = String(made.body['client_id'])
  const grant = client.replace('cli_', 'grt_')
  const personId = await makePerson(subject.db, {})
  await insertGrant(subject.db, {
    ...{ id: grant, clientId: client, personId, merchantId: merchant },
    ...{ permissions: ['x'], lifetimeSeconds: 60 },
  })
  return { client, grant }
}

async function sessionFor({ db }: Subject, name: RouteName): Promise<Pick<Things, 'session' | 'email'>> {
  if (!name.includes('/sessions')) return { session: '', email: '' }
  const email = newEmail()
  await sessionOf({ db }, await makePerson(db, { operator: 'read_only', email }))
  const [row] = await db.query<{ id: string }>('SELECT id FROM hub_session ORDER BY id DESC LIMIT 1')
  return { session: row?.id ?? '', email }
}

async function webhookOf(
  subject: Subject,
  { merchant, api }: { readonly merchant: string; readonly api: string },
  name: RouteName,
): Promise<Pick<Things, 'webhook' | 'delivery'>> {
  if (!name.includes('/webhooks')) return { webhook: '', delivery: '' }
  // A merchant has only so many.
  await subject.db.query('UPDATE webhook_endpoint SET deleted_at = now() WHERE merchant_id = $1', [merchant])
  const body = { url: 'https://receiver.example', merchant_id: merchant, api }
  const webhook = await id(subject, '/webhooks', body)
  return { webhook, delivery: await id(subject, `/webhooks/${webhook}/test`, {}) }
}

async function makeInvitation(db: Postgres, merchant: string): Promise<string> {
  const email = newEmail()
  const made = `inv_${String(count).padStart(12, '0')}`
  await db.query(
    `INSERT INTO invitation (id, merchant_id, email, role, created_at, created_by, expires_at)
     VALUES ($1, $2, $3, 'viewer', now(), 'ann', now() + interval '1 day' + interval '10 years')`,
    [made, merchant, email],
  )
  return made
}

async function askers(subject: Subject, merchant: string, api: string): Promise<Asker[]> {
  const made: Asker[] = [{ name: 'static', kind: 'static', as: bearer(token), merchant: null, api: null }]
  for (const kind of tokenRoles) {
    for (const [part, scope] of Object.entries({
      all: {},
      merchant: { merchant_id: merchant },
      api: { api },
      both: { merchant_id: merchant, api },
    })) {
      const { body } = await subject.call('POST', '/tokens', {
        name: `${kind}.${part}`,
        role: kind,
        ...scope,
      })
      const whose = { merchant: null, api: null, ...('merchant_id' in scope && { merchant }), ...scope }
      made.push({ name: `${kind} of ${part}`, kind, as: bearer(String(body['secret'])), ...whose })
    }
    const as = await sessionOf(subject, await makePerson(subject.db, { operator: kind }))
    made.push({ name: `operator ${kind}`, kind, as, isSession: true, merchant: null, api: null })
  }
  for (const [kind, role] of [
    ['member_admin', 'admin'],
    ['member_viewer', 'viewer'],
  ] as const) {
    const as = await sessionOf(subject, await makePerson(subject.db, { roles: { [merchant]: role } }))
    made.push({ name: kind, kind, as, isSession: true, merchant, api: null })
  }
  // Signed in on a command line: as in a browser.
  const [operator, member] = [
    await makePerson(subject.db, { operator: 'support' }),
    await makePerson(subject.db, { roles: { [merchant]: 'admin' } }),
  ]
  const common = { isSession: true, api: null } as const
  const [byOperator, byMember] = [
    await commandLineOf(subject, operator),
    await commandLineOf(subject, member),
  ]
  made.push({ name: 'login of support', kind: 'support', as: byOperator, merchant: null, ...common })
  made.push({ name: 'login of member_admin', kind: 'member_admin', as: byMember, merchant, ...common })
  return made
}

type Headers = Readonly<Record<string, string>>

function bearer(secret: string): Headers {
  return { authorization: `Bearer ${secret}` }
}

async function ask(app: ControlApp, as: Headers, { method, path, body, type }: Call) {
  // A stream of events has no end: its head is what is asked for, and it is closed.
  const isStream = path.startsWith('/events')
  const response = await app.inject({
    method,
    url: `/admin/v1${path}`,
    payloadAsStream: isStream,
    headers: {
      ...as,
      ...(body !== undefined && { 'content-type': type ?? 'application/json' }),
    },
    ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  if (isStream && response.statusCode === 200) {
    // As a client that leaves: the mock of a connection does not see that its reader has gone.
    response.raw.res.destroy()
    return { status: 200, error: {}, text: '' }
  }
  if (isStream) return { status: response.statusCode, error: { code: 'FORBIDDEN' }, text: '' }
  const isJson = String(response.headers['content-type']).includes('application/json')
  const { error = {} } = isJson ? response.json<{ error?: Record<string, unknown> }>() : {}
  const { request_id: _, ...said } = error
  return { status: response.statusCode, error: said, text: response.body }
}

void t.test('every route that is served has a line, and every line a route', async (t) => {
  const { app } = await createSubject(t)
  const served: string[] = []
  const response = await app.inject({ url: '/openapi.json' })
  const { paths } = response.json<{ paths: Record<string, Record<string, unknown>> }>()
  for (const [path, methods] of Object.entries(paths)) {
    if (!path.startsWith('/admin/v1/')) continue
    for (const [method, operation] of Object.entries(methods)) {
      const name = `${method.toUpperCase()} ${path.slice('/admin/v1'.length)}`
      served.push(name)
      const line = accessOf(method.toUpperCase(), path)
      t.match(operation, { 'x-callers': line?.may, 'x-reach': line?.reach }, name)
    }
  }
  t.same(served.toSorted(), names.toSorted())
})

void t.test('a route without a line keeps the program from starting', async (t) => {
  const { createControlServer } = await import('../../../src/control/server.ts')
  const { depsOf } = await import('../subject.ts')
  const subject = await createSubject(t)
  t.equal(accessOf('GET', '/admin/v1/forgotten'), undefined)
  t.equal(accessOf('GET', '/admin/v1/constructor'), undefined)
  t.same(accessOf('HEAD', '/admin/v1/keys/:id'), access['GET /keys/{id}'])
  const app = createControlServer(depsOf({ db: subject.db, clock: subject.clock, logged: [] }))
  void app.register(
    async (admin) => {
      const { demandLines } = await import('../../../src/control/callers/guard.ts')
      demandLines(admin)
      admin.get('/forgotten', () => 'x')
    },
    { prefix: '/admin/v1' },
  )
  await t.rejects(async () => app.ready(), /GET \/admin\/v1\/forgotten has no line/)
})

void t.test('every route, of every caller, of what is its own and what is not', async (t) => {
  const subject = await createSubject(t)
  const own = { merchant: await id(subject, '/merchants', { name: 'Own' }), api: 'flintn' }
  const other = { merchant: await id(subject, '/merchants', { name: 'Other' }), api: 'flint' }
  const absent = {
    ...{ merchant: 'mer_999999999999', key: 'key_999999999999', token: 'tok_999999999999' },
    ...{ webhook: 'whk_999999999999', delivery: 'dlv_999999999999' },
    ...{ client: 'cli_999999999999', grant: 'grt_999999999999' },
    ...{ operator: 'usr_999999999999', person: 'usr_999999999999', invitation: 'inv_999999999999' },
    ...{ request: 'req_none', session: 'ses_999999999999', email: 'nobody@access.test' },
  }
  const counts = { callers: 0, calls: 0, done: 0, forbidden: 0, foreign: 0 }
  for (const asker of await askers(subject, own.merchant, own.api)) {
    counts.callers += 1
    const isPart = asker.merchant !== null || asker.api !== null
    for (const name of names) {
      const line = access[name]
      const isPermitted =
        (line.may as readonly string[]).includes(asker.kind) &&
        (line.reach === 'part' || !isPart || (line.reach === 'team' && asker.isSession === true))
      const what = `${asker.name}: ${name}`
      // Who may not is told so before anything is looked for.
      const mine = isPermitted ? await thingsOf(subject, own, name) : { ...nothing, ...absent, ...own }
      const done = await ask(subject.app, asker.as, calls[name](mine))
      counts.calls += 1
      if (!isPermitted) {
        counts.forbidden += 1
        t.match(done, { status: 403, error: { code: 'FORBIDDEN' } }, what)
        continue
      }
      const isDone = done.status < 300 || done.error['code'] === 'NOT_FOUND'
      t.ok(name === 'DELETE /deny' ? isDone : done.status < 300, `${what} ${done.text}`)
      counts.done += 1
      if (!isPart) continue
      counts.calls += 1
      counts.foreign += 1
      // Foreign: another merchant where the caller has one, another API where it has one.
      const merchant = asker.merchant === null ? own.merchant : other.merchant
      const api = asker.merchant === null ? other.api : own.api
      const foreign = await thingsOf(subject, { merchant, api }, name)
      const answer = await ask(subject.app, asker.as, calls[name](foreign))
      const isList = name.startsWith('GET') && !name.includes('{id}')
      if (isList) {
        t.equal(answer.status, 200, what)
        t.notMatch(answer.text, foreign.key, what)
        if (asker.merchant !== null) t.notMatch(answer.text, merchant, what)
      } else if (name === 'GET /merchants/{id}' && asker.merchant === null) {
        t.equal(answer.status, 200, what)
      } else {
        // As what does not exist: the same words, too.
        const nowhere = { ...foreign, ...absent, ...(asker.merchant === null && { api: 'none', merchant }) }
        t.same(
          { ...answer, text: '' },
          { ...(await ask(subject.app, asker.as, calls[name](nowhere))), text: '' },
          what,
        )
        t.equal(answer.status, isNewOfOne(name) ? 422 : 404, what)
      }
    }
  }
  t.same(new Set(counted(subject)), new Set(), 'nothing was answered for an error of ours')
  t.equal(counts.callers, 25)
  t.equal(counts.done + counts.forbidden, counts.callers * names.length)
  t.comment(
    `${names.length} routes × ${counts.callers} callers: ${counts.calls} calls, ${counts.done} done, ${counts.forbidden} forbidden, ` +
      `${counts.foreign} of what is another's, 0 leaks`,
  )
})

/** What the log has of errors that no code was meant for. */
function counted({ logged }: Subject): string[] {
  return logged.filter((line) => line.includes('"code":"INTERNAL_ERROR"'))
}

void t.test('who shows nothing, or what is none, is nobody on every route', async (t) => {
  const subject = await createSubject(t)
  const own = { merchant: await id(subject, '/merchants', { name: 'Own' }), api: 'flintn' }
  for (const name of names)
    for (const as of [{}, bearer('lk_adm_nothing'), bearer(`lk_cli_${'0'.repeat(38)}`), { cookie: 'x=y' }]) {
      const call = calls[name]({ ...nothing, ...own })
      const response = await subject.app.inject({
        ...{ method: call.method, url: `/admin/v1${call.path}`, headers: as },
        // Each from an address of its own: many wrong ones of one are held back.
        remoteAddress: `127.0.${names.indexOf(name)}.1`,
      })
      t.equal(response.statusCode, 401, name)
      t.notMatch(response.body, own.merchant, name)
    }
})

void t.test('what is another’s is not changed, nor asked for by a filter', async (t) => {
  const subject = await createSubject(t)
  const own = await id(subject, '/merchants', { name: 'Own' })
  const whose = { merchant: await id(subject, '/merchants', { name: 'Other' }), api: 'flintn' }
  const other = await thingsOf(subject, whose, 'GET /keys')
  const made = await subject.call('POST', '/tokens', { name: 'a', role: 'admin', merchant_id: own })
  const as = bearer(String(made.body['secret']))
  const before = await subject.call('GET', `/keys/${other.key}`)
  for (const action of ['disable', 'enable', 'revoke', 'rotate', 'rotation/end']) {
    const answer = await ask(subject.app, as, { method: 'POST', path: `/keys/${other.key}/${action}` })
    t.equal(answer.status, 404, action)
  }
  t.same((await subject.call('GET', `/keys/${other.key}`)).body, before.body)
  for (const path of [
    `/keys?merchant_id=${other.merchant}`,
    `/keys?q=${other.key}`,
    `/audit?target=${other.key}`,
  ]) {
    const answer = await ask(subject.app, as, { method: 'GET', path })
    t.same(JSON.parse(answer.text), { data: [], next_cursor: null }, path)
  }
})

void t.test(
  'a member of several merchants: reads all of them, changes where it is an admin, and nothing of others',
  async (t) => {
    const subject = await createSubject(t)
    const [own = '', viewed = '', other = ''] = await Promise.all(
      ['Own', 'Viewed', 'Other'].map((name) => id(subject, '/merchants', { name })),
    )
    const roles = { [own]: 'admin', [viewed]: 'viewer' } as const
    const as = await sessionOf(subject, await makePerson(subject.db, { roles }))
    for (const name of names) {
      const line: readonly string[] = access[name].may
      if (!line.includes('member_admin')) continue
      const isChange = !line.includes('member_viewer')
      // Lists: what they hold is looked at below.
      const isOfOne = name.includes('{id}') || isNewOfOne(name)
      const callOf = async (merchant: string) =>
        calls[name](await thingsOf(subject, { merchant, api: 'flintn' }, name))
      const inOwn = await ask(subject.app, as, await callOf(own))
      t.ok(inOwn.status < 300, `${name} ${inOwn.text}`)
      if (!isOfOne) continue
      const inViewed = await ask(subject.app, as, await callOf(viewed))
      t.equal(inViewed.status, isChange ? 403 : 200, `${name} as a viewer ${inViewed.text}`)
      const inOther = await ask(subject.app, as, await callOf(other))
      const isNew = isNewOfOne(name)
      t.equal(inOther.status, isNew ? 422 : 404, `${name} of another ${inOther.text}`)
    }
    const listed = await ask(subject.app, as, calls['GET /keys']({ ...nothing, merchant: own }))
    t.match(listed.text, viewed)
    t.notMatch(listed.text, other)
    const audit = await ask(subject.app, as, calls['GET /audit']({ ...nothing, merchant: own }))
    t.match(audit.text, own)
    t.notMatch(audit.text, other)
  },
)

void t.test('a member of no merchant any more sees nothing of any', async (t) => {
  const subject = await createSubject(t)
  const merchant = await id(subject, '/merchants', { name: 'Own' })
  const as = await sessionOf(subject, await makePerson(subject.db, { roles: {} }))
  for (const name of names) {
    const line: readonly string[] = access[name].may
    const of = { merchant, api: 'flintn' }
    const things = line.includes('member_viewer') ? await thingsOf(subject, of, name) : { ...nothing, ...of }
    const { status, text } = await ask(subject.app, as, calls[name](things))
    const isSeen = line.includes('member_viewer')
    t.equal(status, isSeen ? (name.includes('{') ? 404 : 200) : 403, `${name} ${text}`)
    t.notMatch(text, merchant, name)
    t.notMatch(text, things.key, name)
  }
})
