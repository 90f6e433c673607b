// Contract 9.3: whatever code a client was told, its request is found by its id, or the time that the id carries is told. A code
// that is new to the catalogue has no line here, and fails.

import t, { type Test } from 'tap'
import { sampleKey } from '../../src/credentials/secret.ts'
import { catalogue, type ErrorCode } from '../../src/errors/catalogue.ts'
import { sentenceOf } from '../../src/errors/sentences.ts'
import { createIds } from '../../src/telemetry/request-id.ts'
import { startTestProgram, type TestProgram } from '../support/program.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { plainAnswer } from '../support/upstream.ts'
import { codeOf, exchange, fieldOf, request } from '../support/wire.ts'
import { freePort, lookUp } from './kept-requests.ts'

t.setTimeout(180_000)

/** What the control port alone answers with: its requests are never kept. */
const ofControlPort: readonly ErrorCode[] = [
  ...([
    'VALIDATION_FAILED',
    'UNAUTHORIZED',
    'FORBIDDEN',
    'SIGN_IN_FAILED',
    'REAUTHENTICATION_REQUIRED',
  ] as const),
  ...(['FACTOR_IN_FORCE', 'PROVIDER_UNAVAILABLE', 'CSRF_REJECTED', 'NOT_FOUND', 'LINK_ENDED'] as const),
  ...(['TOO_MANY_ATTEMPTS', 'ACCOUNT_EXISTS', 'KEY_REVOKED', 'ROTATION_IN_PROGRESS'] as const),
  ...(['IDEMPOTENCY_MISMATCH', 'IMPORT_INCOMPLETE', 'REVISION_CONFLICT', 'DENIED_BY_FILE'] as const),
  ...(['OUTCOME_UNKNOWN', 'QUERY_TOO_SLOW', 'STORE_UNAVAILABLE'] as const),
]

/** Faults of our own: nothing that is sent brings one about. */
const ofOurOwn: readonly ErrorCode[] = ['INTERNAL_ERROR']

const host = 'Host: api.flintn.com'
const get = 'GET /v1/transactions/1'
const hanging = 'GET /v1/transactions/hangs'

async function startPrograms(t: Test) {
  const away = await freePort()
  const one = await startTestProgram(t, {
    gateway: ', limits: { failed_lookups: 3, url_bytes: 2kb, header_count: 20, header_timeout: 500ms }',
    upstreams: ({ live, sandbox }) =>
      `  payments: { url: "${live}", connections: 1, queue: 0 }
  payments-sandbox: { url: "${sandbox}" }
  away: { url: "http://127.0.0.1:${away}" }`,
    routes: `
  GET    /v1/transactions/{id}: transaction.read
  POST   /v1/small: { permission: transaction.read, max_body: 1kb }
  DELETE /v1/transactions/{id}: transaction.refund
  GET    /v1/away: { permission: transaction.read, upstream: { live: away, sandbox: away } }
  GET    /v1/slow: { permission: transaction.read, timeout: 200ms }
  GET    /v1/seldom: transaction.read
`,
    api: `    quotas: { monthly: { requests: 1000, per: merchant } }
    rate_limits:
      seldom: { route: GET /v1/seldom, rate: 1/h, per: key }`,
    answer: ({ target }) => (target === '/v1/slow' || target.endsWith('/hangs') ? undefined : plainAnswer),
  })
  const { hostname, port, pathname, username, password } = new URL(one.databaseUrl)
  const proxy = await startTcpProxy([Number(port)])
  t.teardown(() => proxy.close())
  const user = password === '' ? username : `${username}:${password}`
  const through = `postgres://${user === '' ? '' : `${user}@`}${hostname}:${proxy.port}${pathname}`
  // Of the same database, each with what the first cannot be.
  const { databaseUrl } = one
  const narrow = await startTestProgram(t, { gateway: ', limits: { in_flight: 1 }', databaseUrl })
  const secure = await startTestProgram(t, { gateway: ', require_https: true', databaseUrl })
  const apart = await startTestProgram(t, { databaseUrl: through, role: 'gateway', redis: 'none' })
  return { one, narrow, secure, apart, proxy }
}

type Keys = Readonly<
  Record<'good' | 'disabled' | 'elsewhere' | 'sandbox' | 'lone' | 'spent', { id: string; secret: string }>
>

async function makeKeys({ admin }: TestProgram): Promise<Keys> {
  const merchant = await admin.makeMerchant()
  const of = { permissions: ['transaction.read'] }
  const disabled = await admin.makeKey(merchant, of)
  const spender = await admin.makeMerchant()
  await admin.call('PATCH', `/merchants/${spender}?wait=all`, { quotas: { monthly: { requests: 1 } } })
  await admin.call('POST', `/keys/${disabled.id}/disable?wait=all`)
  return {
    good: await admin.makeKey(merchant, of),
    disabled,
    elsewhere: await admin.makeKey(merchant, { ...of, allowed_ips: ['192.0.2.0/24'] }),
    sandbox: await admin.makeKey(merchant, { ...of, environment: 'sandbox' }),
    lone: await admin.makeKey(merchant, { ...of, in_flight: 1 }),
    spent: await admin.makeKey(spender, of),
  }
}

interface Row {
  readonly code: ErrorCode
  /** Kept with this key and for this reason; absent: not kept. */
  readonly kept?: { readonly key: keyof Keys; readonly reason: string }
  /** The bytes of a request that is told the code. */
  readonly bytes: string
  /** Sent before it, for it to be told that. */
  readonly before?: readonly string[]
}

function ask(line: string, secret?: string, more: readonly string[] = [], body = ''): string {
  return request(line, [host, ...(secret === undefined ? [] : [`X-Api-Key: ${secret}`]), ...more], body)
}

function rowsOf(keys: Keys): readonly Row[] {
  const { good, disabled, elsewhere, sandbox, spent } = keys
  const unknown = ask(get, sampleKey('pk_live_'))
  return [
    { code: 'BAD_REQUEST', bytes: ask(get, good.secret, [host]) },
    { code: 'URI_TOO_LONG', bytes: ask(`GET /v1/${'a'.repeat(3_000)}`, good.secret) },
    {
      code: 'HEADERS_TOO_LARGE',
      bytes: ask(
        get,
        good.secret,
        Array.from({ length: 30 }, (_, n) => `X-${n}: 1`),
      ),
    },
    { code: 'REQUEST_TIMEOUT', bytes: `${get} HTTP/1.1\r\n${host}\r\n` },
    { code: 'INVALID_PATH', bytes: ask('GET /v1/transactions/..', good.secret) },
    { code: 'UNKNOWN_HOST', bytes: request(get, ['Host: nobody.example', `X-Api-Key: ${good.secret}`]) },
    { code: 'ROUTE_NOT_FOUND', bytes: ask('GET /v2', good.secret) },
    { code: 'METHOD_NOT_ALLOWED', bytes: ask('PATCH /v1/small', good.secret) },
    { code: 'MISSING_API_KEY', bytes: ask(get) },
    { code: 'INVALID_API_KEY', bytes: ask(get, 'pk_live_mistyped') },
    {
      code: 'INVALID_API_KEY',
      bytes: ask(get, disabled.secret),
      kept: { key: 'disabled', reason: 'disabled' },
    },
    { code: 'WRONG_ENVIRONMENT', bytes: ask(get, sandbox.secret) },
    {
      ...{ code: 'INSUFFICIENT_PERMISSIONS', bytes: ask('DELETE /v1/transactions/1', good.secret) },
      kept: { key: 'good', reason: 'insufficient_permissions' },
    },
    {
      ...{ code: 'IP_NOT_ALLOWED', bytes: ask(get, elsewhere.secret) },
      kept: { key: 'elsewhere', reason: 'ip_not_allowed' },
    },
    {
      ...{ code: 'QUOTA_EXCEEDED', bytes: ask(get, spent.secret) },
      ...{ before: [ask(get, spent.secret)], kept: { key: 'spent', reason: 'quota' } },
    },
    {
      ...{ code: 'RATE_LIMITED', bytes: ask('GET /v1/seldom', good.secret) },
      ...{ before: [ask('GET /v1/seldom', good.secret)], kept: { key: 'good', reason: 'rate_limit' } },
    },
    {
      ...{ code: 'BODY_TOO_LARGE', kept: { key: 'good', reason: 'content_length' } },
      bytes: ask('POST /v1/small', good.secret, ['Content-Length: 2000'], 'x'.repeat(2_000)),
    },
    {
      ...{ code: 'UPSTREAM_ERROR', bytes: ask('GET /v1/away', good.secret) },
      kept: { key: 'good', reason: 'refused' },
    },
    {
      ...{ code: 'UPSTREAM_TIMEOUT', bytes: ask('GET /v1/slow', good.secret) },
      kept: { key: 'good', reason: 'no_response_head' },
    },
    { code: 'TOO_MANY_REQUESTS', bytes: unknown, before: Array.from({ length: 5 }, () => unknown) },
  ]
}

void t.test('every code of the catalogue: found with its reason, or the time of its id', async (t) => {
  const { one, narrow, secure, apart, proxy } = await startPrograms(t)
  const keys = await makeKeys(one)
  const shown = new Set<ErrorCode>([...ofControlPort, ...ofOurOwn])

  async function mustBeKept(id: string, code: ErrorCode, { key, reason }: NonNullable<Row['kept']>) {
    const found = await lookUp(one, id)
    const { status } = catalogue[code]
    t.match(found, { status: 200, body: { id, code, reason, status, key_id: keys[key].id } }, code)
    t.equal(found.body['explanation'], sentenceOf({ code, reason, cut: null }), code)
  }

  async function mustBeTimed(id: string, code: ErrorCode) {
    const found = await lookUp(one, id)
    t.match(found, { status: 404, body: { error: { code: 'NOT_FOUND', made_at: String } } }, code)
    const { made_at: madeAt } = Object(found.body['error'])
    t.ok(Math.abs(Date.parse(madeAt) - Date.now()) < 120_000, `${code}: ${madeAt}`)
  }

  async function told(program: TestProgram, bytes: string, code: ErrorCode): Promise<string> {
    // Longer than any of their time-outs.
    const answer = await exchange(program.gatewayPort, bytes, 4_000)
    t.equal(codeOf(answer), code)
    shown.add(code)
    return String(fieldOf(answer, 'X-Request-Id'))
  }

  for (const { code, bytes, before = [], kept } of rowsOf(keys)) {
    for (const earlier of before) await exchange(one.gatewayPort, earlier)
    const id = await told(one, bytes, code)
    await (kept === undefined ? mustBeTimed(id, code) : mustBeKept(id, code, kept))
  }

  // The one connection is taken by what is never answered, and so is the one place of a key.
  void exchange(one.gatewayPort, ask(hanging, keys.lone.secret), 60_000).catch(() => {})
  while (!one.live.requests.some(({ target }) => target.endsWith('hangs')))
    await new Promise((resolve) => setTimeout(resolve, 10))
  const full = await told(one, ask(get, keys.good.secret), 'UPSTREAM_UNAVAILABLE')
  await mustBeKept(full, 'UPSTREAM_UNAVAILABLE', { key: 'good', reason: 'queue_full' })
  const second = await told(one, ask(get, keys.lone.secret), 'RATE_LIMITED')
  await mustBeKept(second, 'RATE_LIMITED', { key: 'lone', reason: 'in_flight' })

  await mustBeTimed(await told(secure, ask(get, keys.good.secret), 'HTTPS_REQUIRED'), 'HTTPS_REQUIRED')

  await mustBeTimed(await told(narrow, ask(get, keys.good.secret), 'OVERLOADED'), 'OVERLOADED')
  await mustBeTimed(createIds(Date.now)('req'), 'INTERNAL_ERROR')

  const refused = await one.admin.call('POST', '/keys', {})
  t.match(refused.body, { error: { code: 'VALIDATION_FAILED' } })
  const { request_id: ofControl } = Object(refused.body['error'])
  await mustBeTimed(ofControl, 'VALIDATION_FAILED')

  await proxy.set('refuse')
  const unasked = await told(apart, ask(get, sampleKey('pk_live_')), 'AUTH_UNAVAILABLE')
  await mustBeTimed(unasked, 'AUTH_UNAVAILABLE')

  const codes: string[] = Object.keys(catalogue)
  t.same(
    codes.filter((code) => ![...shown].some((one) => one === code)),
    [],
  )
})
