// Contract 8.

import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { catalogue } from '../../../src/errors/catalogue.ts'
import type { ControlApp } from '../../../src/control/dependencies.ts'
import { createControlServer } from '../../../src/control/server.ts'
import { insertGrant } from '../../../src/store/oauth/oauth-grant-table.ts'
import { seedRequests } from '../../store/seed.ts'
import { tourOfPeople } from '../people/tour.ts'
import { createSubject, depsOf, keyBody, makeKey, makeMerchant, startMs, type Subject } from '../subject.ts'

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly security?: readonly unknown[]
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: object }[]
  readonly requestBody?: { content: Record<string, { schema: Record<string, unknown> }> }
  readonly responses: Record<string, { description: string; content: Record<string, { schema: object }> }>
}

interface Document {
  readonly openapi: string
  readonly info: Record<string, unknown>
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { schemas: Record<string, object> }
}

async function documentOf(app: ControlApp): Promise<Document> {
  const response = await app.inject({ url: '/openapi.json' })
  t.equal(response.statusCode, 200)
  return response.json<Document>()
}

function operationsOf(document: Document): [string, Operation][] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  )
}

/** Method and path of each route, read from Fastify's own tree. */
function registeredRoutes(app: ControlApp): string[] {
  const parents: string[] = []
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', path = '', methods = ''] = /^([│ ]*)[├└]── (\S+) \(([A-Z, ]+)\)/.exec(line) ?? []
      if (path === '') return []
      const depth = indent.length / 4
      parents.splice(depth, parents.length, path)
      const whole = parents.join('').replace(/:(\w+)/g, '{$1}')
      return methods.split(', ').flatMap((method) => (method === 'HEAD' ? [] : [`${method} ${whole}`]))
    })
}

void t.test('the document has every route, and no other', async (t) => {
  const { app } = await createSubject(t)
  const documented = operationsOf(await documentOf(app)).map(([name]) => name)
  const registered = registeredRoutes(app)
  t.ok(registered.includes('POST /admin/v1/keys/{id}/rotation/end'))
  t.ok(registered.includes('GET /admin/v1/keys/{id}/activity'))
  t.same(documented.toSorted(), registered.toSorted())
})

void t.test('the contract has every route, and no other', async (t) => {
  const { app } = await createSubject(t)
  const [, section = ''] = readFileSync('docs/contract.md', 'utf8').split('| under `/admin/v1` | |\n')
  const [table = ''] = section.split('\n\n')
  const cells = table.split('\n').map((row) => row.split('|')[1] ?? '')
  const promised = cells.flatMap((cell) => [...cell.matchAll(/`([A-Z]+) (\/[^`]*)`/g)])
  await app.ready()
  const there = registeredRoutes(app).filter((route) => route.includes('/admin/v1'))
  t.same(promised.map(([, method, path]) => `${method} /admin/v1${path}`).toSorted(), there.toSorted())
  for (const open of ['/livez', '/readyz', '/metrics', '/openapi.json'])
    t.ok(section.includes(`\`${open}\``), open)
})

void t.test('it has the shape that OpenAPI 3.1 asks for, and every route says what it does', async (t) => {
  const { app } = await createSubject(t)
  const document = await documentOf(app)
  t.match(document, { openapi: '3.1.0', info: { title: /Latchkey/, version: '1' } })
  const operations = operationsOf(document)
  const ids = operations.map(([, { operationId }]) => operationId)
  t.equal(new Set(ids).size, ids.length)
  for (const [name, operation] of operations) {
    t.match(operation.summary, /^[A-Z].{5,}/, name)
    t.same(operation.security, securityOf(name), name)
    const named = [...name.matchAll(/\{(\w+)\}/g)].map(([, word]) => word)
    const parameters = operation.parameters.filter(({ in: place }) => place === 'path')
    t.same(
      parameters.map((parameter) => [parameter.name, parameter.required]),
      named.map((word) => [word, true]),
    )
    t.ok(
      Object.keys(operation.responses).some((status) =>
        status.startsWith(name.endsWith('/oidc/callback') ? '3' : '2'),
      ),
      name,
    )
  }
  const create = operations.find(([name]) => name === 'POST /admin/v1/keys')?.[1]
  t.match(create?.parameters, [
    { name: 'wait', in: 'query' },
    { name: 'Idempotency-Key', in: 'header' },
  ])
  t.match(create?.requestBody?.content['application/json']?.schema, {
    required: ['merchant_id', 'api', 'environment', 'name', 'permissions'],
    additionalProperties: false,
  })
})

/** What of the hub anybody may ask, who has no session yet or comes by a link. */
const openToAll = [
  ...['GET /hub/v1/sign-in', 'POST /hub/v1/session', 'POST /hub/v1/links', 'POST /hub/v1/password'],
  ...['POST /hub/v1/password/reset', 'POST /hub/v1/invitations/accept'],
  ...['POST /hub/v1/passkey/options', 'POST /hub/v1/passkey'],
  ...['POST /hub/v1/device', 'POST /hub/v1/device/token', 'POST /hub/v1/device/end'],
  ...['POST /hub/v1/oidc/{id}', 'GET /hub/v1/oidc/callback'],
]

function securityOf(name: string): readonly object[] {
  const signed = name.endsWith('/keys/exposed') ? [{ signature: [] }] : []
  if (name.includes('/admin/v1/')) return [{ token: [] }, ...signed, { session: [] }]
  return name.includes('/hub/v1/') && !openToAll.includes(name) ? [{ session: [] }] : []
}

/** Names of the components that a part of the document refers to, where readers of documents look for it. */
function namedIn(part: unknown): readonly string[] {
  if (typeof part !== 'object' || part === null) return []
  return Object.entries(part).flatMap(([key, member]) => {
    if (key.startsWith('x-')) return []
    const [, name] = key === '$ref' ? (/^#\/components\/schemas\/(\w+)$/.exec(String(member)) ?? []) : []
    return name === undefined ? namedIn(member) : [name]
  })
}

// What `redocly lint --extends=recommended-strict` (2.77.0) had to say.
void t.test(
  'it has a license, which is that of the package, and no component that nothing refers to',
  async (t) => {
    const { app } = await createSubject(t)
    const document = await documentOf(app)
    const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'))
    t.match(document.info, { license: { name: Object(manifest).license } })
    const named = new Set(namedIn(document))
    t.same(
      Object.keys(document.components.schemas).filter((name) => !named.has(name)),
      [],
    )
  },
)

void t.test('every change takes a reason', async (t) => {
  const { app } = await createSubject(t)
  for (const [name, operation] of operationsOf(await documentOf(app))) {
    // What people do about themselves nobody else asks the reason of.
    if (name.startsWith('GET') || name.includes('/hub/v1/')) continue
    const { properties }: { properties?: Record<string, unknown> } = Object(
      operation.requestBody?.content['application/json']?.schema,
    )
    const asked = operation.parameters.some((parameter) => parameter.name === 'reason')
    t.ok(asked || properties?.['reason'] !== undefined, name)
  }
})

void t.test('every schema in it is one, and every reference leads somewhere', async (t) => {
  const { app } = await createSubject(t)
  const document = await documentOf(app)
  const ajv = validatorOf(document)
  for (const [name, operation] of operationsOf(document)) {
    const answers = Object.values(operation.responses).flatMap(({ content }) => Object.values(content))
    const bodies = Object.values(operation.requestBody?.content ?? {})
    for (const { schema } of [...answers, ...bodies, ...operation.parameters]) {
      t.doesNotThrow(() => ajv.compile(pointed(schema)), name)
    }
  }
})

void t.test('every code is one of the catalogue, under its status', async (t) => {
  const { app } = await createSubject(t)
  const statuses = new Map<string, number>(
    Object.entries(catalogue).map(([code, { status }]) => [code, status]),
  )
  for (const [name, operation] of operationsOf(await documentOf(app))) {
    for (const [status, code] of codesOf(operation))
      t.equal(statuses.get(code), Number(status), `${name} ${code}`)
    const codes = codesOf(operation).map(([, code]) => code)
    t.ok(codes.includes('INTERNAL_ERROR'), name)
    t.equal(codes.includes('UNAUTHORIZED'), securityOf(name).length > 0, name)
    const isChange = !name.startsWith('GET') && /\/(?:admin|hub)\/v1\//.test(name)
    t.equal(codes.includes('CSRF_REJECTED'), isChange, name)
  }
})

function codesOf(operation: Operation): [string, string][] {
  return Object.entries(operation.responses).flatMap(([status, { content }]) => {
    // An answer that is no error may have codes of its own.
    if (Number(status) < 400) return []
    const [schema] = Object.values(content).map((one) => JSON.stringify(one.schema))
    const [, list] = /"code":\{"enum":(\[[^\]]*\])/.exec(schema ?? '') ?? []
    const codes: unknown = JSON.parse(list ?? '[]')
    return Array.isArray(codes) ? codes.map((code): [string, string] => [status, String(code)]) : []
  })
}

function validatorOf(document: Document): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true })
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  ajv.addKeyword('x-line')
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    ajv.addSchema({ ...Object(pointed(schema)), $id: `https://latchkey.invalid/${name}` })
  }
  return ajv
}

/** References into the document as Ajv knows them. */
function pointed(schema: object): object {
  const text = JSON.stringify(schema).replaceAll('#/components/schemas/', 'https://latchkey.invalid/')
  const copy: unknown = JSON.parse(text)
  return Object(copy)
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** Calls of webhooks: path as documented, method, path and body. */
async function webhookCalls(subject: Subject): Promise<[string, Method, string, unknown?][]> {
  const made = await subject.call('POST', '/webhooks', { url: 'https://receiver.example' })
  const one = `/webhooks/${String(made.body['id'])}`
  const { body: delivery } = await subject.call('POST', `${one}/test`)
  const sent = `${one}/deliveries/${String(delivery['id'])}`
  return [
    ['/webhooks', 'POST', '/webhooks', { url: 'https://other.example/x', events: ['api_key.revoked'] }],
    ['/webhooks', 'POST', '/webhooks', { url: 'https://127.0.0.53/' }],
    ['/reminders', 'GET', '/reminders?limit=1'],
    ['/reminders/permissions', 'GET', '/reminders/permissions?limit=1'],
    ['/webhooks', 'GET', '/webhooks'],
    ['/webhooks/{id}', 'GET', one],
    ['/webhooks/{id}', 'GET', '/webhooks/whk_999999999999'],
    ['/webhooks/{id}', 'PATCH', one, { status: 'disabled', reason: 'why' }],
    ['/webhooks/{id}/rotate-secret', 'POST', `${one}/rotate-secret`, { grace_seconds: 60 }],
    ['/webhooks/{id}/test', 'POST', `${one}/test?wait=all`],
    ['/webhooks/{id}/deliveries', 'GET', `${one}/deliveries?limit=1`],
    ['/webhooks/{id}/deliveries/{delivery_id}', 'GET', sent],
    ['/webhooks/{id}/deliveries/{delivery_id}/redeliver', 'POST', `${sent}/redeliver`],
    ['/webhooks/{id}', 'DELETE', one],
  ]
}

/** The same of clients of the authorization server, and of what was granted to them. */
async function oauthCalls(subject: Subject, merchant: string): Promise<[string, Method, string, unknown?][]> {
  const about = { name: 'Books', merchant_id: merchant, api: 'flintn', permissions: ['*'] }
  const made = await subject.call('POST', '/clients', { ...about, grants: ['client_credentials'] })
  const id = String(made.body['client_id'])
  const grant = { id: 'grt_tour00000001', clientId: id, personId: 'usr_tour00000001', merchantId: merchant }
  await subject.db.query(
    `INSERT INTO person (id, email, kind, created_at, created_by) VALUES ($1, 'grants@x.test', 'member', now(), 'ann')`,
    [grant.personId],
  )
  await insertGrant(subject.db, { ...grant, permissions: ['x'], lifetimeSeconds: 60 })
  const uri = 'https://books.example/back'
  return [
    ['/clients', 'POST', '/clients', { ...about, grants: ['code'], redirect_uris: [uri] }],
    ['/clients', 'POST', '/clients', { ...about, grants: ['code'] }],
    ['/clients', 'GET', '/clients?limit=1'],
    ['/clients/{id}', 'GET', `/clients/${id}`],
    ['/clients/{id}', 'GET', '/clients/cli_999999999999'],
    ['/clients/{id}', 'PATCH', `/clients/${id}`, { name: 'Other', reason: 'why' }],
    ['/clients/{id}/rotate-secret', 'POST', `/clients/${id}/rotate-secret`, { grace_seconds: 0 }],
    ['/grants', 'GET', '/grants'],
    ['/grants/{id}', 'DELETE', `/grants/${grant.id}?wait=all`],
    ['/grants/{id}', 'DELETE', `/grants/${grant.id}`],
    ['/clients/{id}/disable', 'POST', `/clients/${id}/disable?wait=all`],
    ['/clients/{id}/enable', 'POST', `/clients/${id}/enable`],
    ['/oauth/keys/rotate', 'POST', '/oauth/keys/rotate'],
  ]
}

/** Calls each route at least once, well and badly; returns method, path as documented, and the answer. */
async function tour(subject: Subject) {
  const merchant = await makeMerchant(subject)
  const { id } = await makeKey(subject)
  const other = await makeKey(subject)
  const made = String((await subject.call('POST', '/tokens', { name: 't', role: 'auditor' })).body['id'])
  const lines = `${JSON.stringify(keyBody(merchant, { secret: 'a-secret-that-was-made-elsewhere' }))}\n`
  const ndjson = { 'content-type': 'application/x-ndjson' }
  const repeat = { 'idempotency-key': 'once' }
  const calls: [string, Method, string, unknown?, Record<string, string>?][] = [
    ['/merchants', 'POST', '/merchants?wait=all', { name: 'B' }],
    ['/merchants', 'POST', '/merchants', { name: '' }],
    ['/merchants', 'GET', '/merchants'],
    ['/merchants/{id}', 'GET', `/merchants/${merchant}`],
    ['/merchants/{id}', 'GET', '/merchants/mer_999999999999'],
    ['/merchants/{id}', 'PATCH', `/merchants/${merchant}`, { name: 'C', reason: 'why' }],
    ['/merchants/{id}/suspend', 'POST', `/merchants/${merchant}/suspend?wait=all`],
    ['/merchants/{id}/resume', 'POST', `/merchants/${merchant}/resume`],
    ['/keys', 'POST', '/keys?wait=all', keyBody(merchant), repeat],
    ['/keys', 'POST', '/keys', keyBody(merchant), repeat],
    ['/keys', 'POST', '/keys', keyBody(merchant, { name: 'Other' }), repeat],
    ['/keys', 'GET', '/keys?limit=2'],
    ['/keys/{id}', 'GET', `/keys/${id}`],
    ['/keys/{id}', 'PATCH', `/keys/${id}`, { name: 'New' }],
    ['/keys/{id}', 'PATCH', `/keys/${id}`, { name: 'Newer' }, { 'if-match': '"1"' }],
    ['/keys/{id}/rotate', 'POST', `/keys/${id}/rotate`, {}, { 'idempotency-key': 'rotate' }],
    ['/keys/{id}/rotate', 'POST', `/keys/${id}/rotate`, {}, { 'idempotency-key': 'rotate' }],
    ['/keys/{id}/rotate', 'POST', `/keys/${id}/rotate`, {}],
    ['/keys/{id}/rotation/grace', 'POST', `/keys/${id}/rotation/grace`, { grace_seconds: 60 }],
    ['/keys/{id}/rotation/end', 'POST', `/keys/${id}/rotation/end`],
    ['/keys/{id}/brakes/release', 'POST', `/keys/${id}/brakes/release`],
    ['/keys/{id}/disable', 'POST', `/keys/${id}/disable`],
    ['/keys/{id}/enable', 'POST', `/keys/${id}/enable`],
    ['/keys/{id}/revoke', 'POST', `/keys/${other.id}/revoke`],
    ['/keys/{id}/enable', 'POST', `/keys/${other.id}/enable`],
    ['/keys/import', 'POST', '/keys/import?wait=all', lines, ndjson],
    ['/keys/import', 'POST', '/keys/import', '{}', ndjson],
    ['/keys/{id}/activity', 'GET', `/keys/${id}/activity`],
    ['/activity', 'GET', '/activity?since=2026-01-14T00:00:00Z'],
    ['/activity', 'GET', '/activity?by=route'],
    ['/explain', 'GET', '/explain?method=GET&url=/v1/x'],
    ['/activity', 'GET', '/activity?by=day'],
    ['/keys/{id}/permissions', 'GET', `/keys/${id}/permissions`],
    ['/requests', 'GET', '/requests'],
    ['/requests/{id}', 'GET', '/requests/req_kept'],
    ['/requests/{id}', 'GET', '/requests/req_none'],
    ['/activity/series', 'GET', '/activity/series?since=2026-01-14T00:00:00Z'],
    ['/activity/latency', 'GET', '/activity/latency?step=day'],
    ['/quotas', 'GET', '/quotas'],
    ['/quotas', 'GET', '/quotas?month=2026-13'],
    ['/health', 'GET', '/health'],
    ['/audit', 'GET', '/audit'],
    ['/audit', 'GET', '/audit?limit=0'],
    ['/audit/verify', 'GET', '/audit/verify'],
    ['/audit/verify', 'GET', '/audit/verify?cursor=IjUi'],
    ['/keys/exposed', 'POST', '/keys/exposed?wait=all', { reports: [{ secret: 'x' }] }],
    ['/keys/exposed', 'POST', '/keys/exposed', { reports: [] }],
    ['/permissions', 'GET', '/permissions'],
    ['/instances', 'GET', '/instances'],
    ['/tokens', 'POST', '/tokens', { name: 'ci', role: 'admin', expires_at: '2030-01-01T00:00:00Z' }],
    ['/tokens', 'POST', '/tokens', { name: 'ci', role: 'owner' }],
    ['/tokens', 'GET', '/tokens'],
    ['/tokens/{id}', 'DELETE', `/tokens/${made}?wait=all`],
    ['/tokens/{id}', 'DELETE', '/tokens/tok_999999999999'],
    ['/deny', 'POST', '/deny?wait=all', { kind: 'merchant', value: merchant }],
    ['/deny', 'POST', '/deny', { kind: 'merchant', value: merchant }],
    ['/deny', 'POST', '/deny', { kind: 'permission', value: 'nope' }],
    ['/deny', 'GET', '/deny'],
    ['/deny', 'DELETE', '/deny', { kind: 'merchant', value: merchant }],
    ['/deny', 'DELETE', '/deny', { kind: 'merchant', value: merchant }],
    ...(await webhookCalls(subject)),
    ...(await oauthCalls(subject, merchant)),
  ]
  const secretId = String(Object((await subject.call('GET', `/keys/${id}`)).body)['secrets'][0].id)
  await subject.db.query(
    `INSERT INTO activity VALUES ($1, $2, $3, 'flintn', 'live', 'GET /v1/x', 'allow', 5)`,
    [id, new Date(startMs - 60_000), secretId],
  )
  await subject.db.query(`INSERT INTO quota_use VALUES ('2026-01-01', 'flintn', 'live', $1, 5)`, [merchant])
  await seedRequests(subject.db, { id: 'req_kept' })
  await subject.db.query(`INSERT INTO instance VALUES ('i', 'h', 1, 'all', '1', now(), 3, 'e', now())`)
  const seen = []
  for (const [path, method, url, body, headers] of calls) {
    seen.push({ name: `${method} /admin/v1${path}`, answer: await subject.call(method, url, body, headers) })
  }
  for (const url of ['/livez', '/readyz', '/openapi.json']) {
    const response = await subject.app.inject({ url })
    const answer = { status: response.statusCode, body: response.json<Record<string, unknown>>() }
    seen.push({ name: `GET ${url}`, answer })
  }
  return [...seen, ...(await tourOfPeople(subject, merchant))]
}

void t.test('what is answered is what is documented, of every route', async (t) => {
  const pending = { instance: 'i', appliedRevision: 1, lastSeenAtMs: startMs, deadByMs: startMs }
  const subject = await createSubject(t, { awaitAll: async () => [pending] })
  const document = await documentOf(subject.app)
  const ajv = validatorOf(document)
  const operations = new Map(operationsOf(document))
  const answered = new Set<string>()
  for (const { name, answer } of await tour(subject)) {
    const response = operations.get(name)?.responses[String(answer.status)]
    const schema = response?.content['application/json']?.schema
    t.ok(schema, `${name} ${answer.status}`)
    const check = ajv.compile(pointed(schema ?? {}))
    t.ok(check(answer.body), `${name} ${JSON.stringify(check.errors)} ${JSON.stringify(answer.body)}`)
    if (answer.status < 300) answered.add(name)
  }
  const untold = [...operations.keys()].filter((name) => !answered.has(name))
  // What these answer is no JSON.
  t.same(
    untold.toSorted(),
    [
      ...['GET /admin/v1/audit/export', 'GET /admin/v1/events', 'GET /hub/v1/oidc/callback', 'GET /metrics'],
      // Told where somebody is asked to grant access (test/oauth).
      ...['GET', 'POST'].map((method) => `${method} /hub/v1/oauth/interactions/{id}`),
      // Told by those who have an authenticator or a provider (people/factors, people/oidc).
      ...['POST /hub/v1/account/passkeys', 'POST /hub/v1/oidc/{id}', 'POST /hub/v1/passkey'].toSorted(),
    ].toSorted(),
  )
})

void t.test('a process without a database has no document', async (t) => {
  const app = createControlServer(depsOf({ db: null, clock: { nowMs: startMs }, logged: [] }))
  t.teardown(() => app.close())
  t.equal((await app.inject({ url: '/openapi.json' })).statusCode, 404)
})
