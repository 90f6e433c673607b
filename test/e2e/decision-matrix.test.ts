// Every code that the decision can give × every face that decides: a request to a public route, one with a key, explain,
// shadow, replay. One list. What a face cannot see (explain no other fields, replay no paths) is `null` there, and stands so.

import { readdirSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { CompiledConfig } from '../../src/config/compiled.ts'
import { loadConfig } from '../../src/config/load.ts'
import { generateSecret, Secret } from '../../src/credentials/secret.ts'
import { decide } from '../../src/decision/decide.ts'
import type { Caller } from '../../src/decision/question.ts'
import type { ErrorCode } from '../../src/errors/catalogue.ts'
import { readLog } from '../../src/tables/replay/read-log.ts'
import { replay } from '../../src/tables/replay/replay.ts'
import { prepareTestProgram, startPrepared, type TestProgram } from '../support/program.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { codeOf, exchange, request } from '../support/wire.ts'

type Key = 'none' | 'good' | 'revoked' | 'sandbox' | 'unknown' | 'elsewhere' | 'spent'

interface Asked {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly key: Key
  readonly isHttps: boolean
  readonly fields: readonly string[]
  readonly body: string
}

interface Row {
  readonly code: ErrorCode
  /** What makes a good request one that is refused so, on a public route and on one that asks for a key; null: nothing does. */
  readonly public: Partial<Asked> | null
  readonly keyed: Partial<Asked> | null
  /** What the other faces say of it, of the public one where there is no other; null: they cannot tell, or need not. */
  readonly explain: ErrorCode | null
  readonly shadow: ErrorCode | null
  readonly replay: ErrorCode | null
}

const onPublic: Asked = {
  ...{ method: 'GET', target: '/v1/open', host: 'api.flintn.com', key: 'none', isHttps: true },
  ...{ fields: [], body: '' },
}
const onKeyed: Asked = { ...onPublic, target: '/v1/items/1', key: 'good' }

/** Of a row about the message itself: refused by whichever table, on whichever route. */
const ofMessage = { shadow: null, replay: null } as const

const rows: readonly Row[] = [
  both('BAD_REQUEST', { host: 'api.flintn.com/x' }, { explain: 'BAD_REQUEST', ...ofMessage }),
  row('URI_TOO_LONG', { explain: 'URI_TOO_LONG', ...ofMessage }, [
    { target: `/v1/open?${'a'.repeat(17_000)}` },
    { target: `/v1/items/1?${'a'.repeat(17_000)}` },
  ]),
  both(
    'HEADERS_TOO_LARGE',
    { fields: Array.from({ length: 250 }, (_, n) => `X-${n}: a`) },
    { explain: null, ...ofMessage },
  ),
  both(
    'HTTPS_REQUIRED',
    { isHttps: false },
    { explain: 'HTTPS_REQUIRED', shadow: 'HTTPS_REQUIRED', replay: null },
  ),
  row('INVALID_PATH', { explain: 'INVALID_PATH', shadow: 'INVALID_PATH', replay: null }, [
    { target: '/v1/open%2f' },
    { target: '/v1/items/a%23b' },
  ]),
  row('UNKNOWN_HOST', { explain: 'UNKNOWN_HOST', shadow: 'UNKNOWN_HOST', replay: 'UNKNOWN_HOST' }, [
    { host: 'other.example' },
    null,
  ]),
  row(
    'ROUTE_NOT_FOUND',
    { explain: 'ROUTE_NOT_FOUND', shadow: 'ROUTE_NOT_FOUND', replay: 'ROUTE_NOT_FOUND' },
    [{ target: '/v1/open-gone' }, { target: '/v1/gone' }],
  ),
  both(
    'METHOD_NOT_ALLOWED',
    { method: 'PUT' },
    { explain: 'METHOD_NOT_ALLOWED', shadow: 'METHOD_NOT_ALLOWED', replay: 'METHOD_NOT_ALLOWED' },
  ),
  row(
    'MISSING_API_KEY',
    { explain: 'MISSING_API_KEY', shadow: 'MISSING_API_KEY', replay: 'MISSING_API_KEY' },
    [null, { target: '/v1/closed', key: 'none' }],
  ),
  row('INVALID_API_KEY', { explain: 'INVALID_API_KEY', shadow: null, replay: null }, [
    { target: '/v1/open?k=pk_live_x' },
    { key: 'revoked' },
  ]),
  row('WRONG_ENVIRONMENT', { explain: 'WRONG_ENVIRONMENT', shadow: 'WRONG_ENVIRONMENT', replay: null }, [
    null,
    { host: 'moved.example', key: 'sandbox' },
  ]),
  row(
    'INSUFFICIENT_PERMISSIONS',
    {
      explain: 'INSUFFICIENT_PERMISSIONS',
      shadow: 'INSUFFICIENT_PERMISSIONS',
      replay: 'INSUFFICIENT_PERMISSIONS',
    },
    [null, { target: '/v1/raised' }],
  ),
  row('BODY_TOO_LARGE', { explain: null, shadow: 'BODY_TOO_LARGE', replay: null }, [
    { method: 'POST', body: 'x'.repeat(2_000) },
    { method: 'POST', body: 'x'.repeat(2_000) },
  ]),
  // Of what is said of the key, and of what was asked before: the others know neither.
  row('IP_NOT_ALLOWED', { explain: null, ...ofMessage }, [null, { key: 'elsewhere' }]),
  row('QUOTA_EXCEEDED', { explain: null, ...ofMessage }, [null, { key: 'spent' }]),
  row('RATE_LIMITED', { explain: null, ...ofMessage }, [{ target: '/v1/busy-open' }, { target: '/v1/busy' }]),
  // Of the look-up, which the others are given. The order counts: the second guess is one too many.
  row('AUTH_UNAVAILABLE', { explain: null, ...ofMessage }, [null, { key: 'unknown' }]),
  row('TOO_MANY_REQUESTS', { explain: null, ...ofMessage }, [null, { key: 'unknown' }]),
]

function row(
  code: ErrorCode,
  others: Pick<Row, 'explain' | 'shadow' | 'replay'>,
  [open, keyed]: readonly [Partial<Asked> | null, Partial<Asked> | null],
): Row {
  return { code, public: open, keyed, ...others }
}

function both(
  code: ErrorCode,
  change: Partial<Asked>,
  others: Pick<Row, 'explain' | 'shadow' | 'replay'>,
): Row {
  return row(code, others, [change, change])
}

const ofStores: readonly ErrorCode[] = ['AUTH_UNAVAILABLE', 'TOO_MANY_REQUESTS']

// What the strict table refuses, the open one lets pass, as far as a table can.
const strictRoutes = `
  GET  /v1/open: public
  POST /v1/open: { permission: public, max_body: 1kb }
  GET  /v1/items/{id}: transaction.read
  POST /v1/items/{id}: { permission: transaction.read, max_body: 1kb }
  GET  /v1/closed: transaction.read
  GET  /v1/raised: transaction.refund
  GET  /v1/busy-open: public
  GET  /v1/busy: transaction.read
`
const openRoutes = `
  GET  /v1/open: public
  PUT  /v1/open: public
  POST /v1/open: public
  GET  /v1/open-gone: public
  GET  /v1/items/{id}: { permission: transaction.read, escapes: [hash] }
  PUT  /v1/items/{id}: transaction.read
  POST /v1/items/{id}: transaction.read
  GET  /v1/gone: transaction.read
  GET  /v1/closed: public
  GET  /v1/raised: transaction.read
  GET  /v1/busy-open: public
  GET  /v1/busy: transaction.read
`
const strictLimits = `    quotas: { monthly: { requests: 1000, per: merchant } }
    rate_limits:
      open: { route: GET /v1/busy-open, rate: 1/h, per: client }
      keyed: { route: GET /v1/busy, rate: 1/h, per: key }`
const otherApi = `  other:
    credential: { header: X-Api-Key }
    environments:
      live: { hosts: [other.example], prefix: oth_live_, upstream: payments }
      sandbox: { hosts: [sandbox.other.example], prefix: oth_test_, upstream: payments-sandbox }
    permissions: flintn.yaml
`

async function edited(
  file: string,
  ...edits: readonly (readonly [part: string, by: string])[]
): Promise<void> {
  let text = await readFile(file, 'utf8')
  for (const [part, by] of edits) {
    if (!text.includes(part)) throw new Error(`"${part}" is not in the file`)
    text = text.replace(part, () => by)
  }
  await writeFile(file, text)
}

async function configOf(file: string) {
  const loaded = await loadConfig(file, {})
  if (!loaded.ok) throw new Error(`the table has faults: ${JSON.stringify(loaded.faults)}`)
  return loaded
}

/** A program and the keys that requests to it may carry. */
interface Subject extends TestProgram {
  readonly keys: Readonly<Record<Key, () => string>>
}

async function withKeys(program: TestProgram): Promise<Subject> {
  const { admin } = program
  const merchant = await admin.makeMerchant()
  const permissions = ['transaction.read']
  const good = await admin.makeKey(merchant, { permissions })
  const revoked = await admin.makeKey(merchant, { permissions })
  await admin.call('POST', `/keys/${revoked.id}/revoke`, {})
  const sandbox = await admin.makeKey(merchant, { permissions, environment: 'sandbox' })
  const elsewhere = await admin.makeKey(merchant, { permissions })
  await admin.call('PATCH', `/keys/${elsewhere.id}?wait=all`, { allowed_ips: ['203.0.113.7'] })
  const spender = await admin.makeMerchant()
  await admin.call('PATCH', `/merchants/${spender}`, { quotas: { monthly: { requests: 1 } } })
  const spent = await admin.makeKey(spender, { permissions })
  const keys = {
    none: () => '',
    good: () => good.secret,
    revoked: () => revoked.secret,
    sandbox: () => sandbox.secret,
    unknown: () => Secret.reveal(generateSecret('pk_live_')),
    elsewhere: () => elsewhere.secret,
    spent: () => spent.secret,
  }
  return { ...program, keys }
}

async function send({ gatewayPort, keys }: Subject, asked: Asked): Promise<ErrorCode | null> {
  const { method, target, host, key, isHttps, fields, body } = asked
  const head = [
    ...[`Host: ${host}`, ...(isHttps ? ['X-Forwarded-Proto: https'] : []), ...fields],
    ...(key === 'none' ? [] : [`X-Api-Key: ${keys[key]()}`]),
    ...(body === '' ? [] : [`Content-Length: ${body.length}`]),
  ]
  const response = await exchange(gatewayPort, request(`${method} ${target}`, head, body))
  const code = response.status === 200 ? null : codeOf(response)
  return code === null ? null : (rows.find((one) => one.code === code)?.code ?? null)
}

const callers: Readonly<Record<Key, Caller | undefined>> = {
  none: undefined,
  good: callerWith({}),
  revoked: callerWith({ unusable: 'revoked' }),
  sandbox: callerWith({ environment: 'sandbox' }),
  unknown: callerWith({}),
  elsewhere: callerWith({}),
  spent: callerWith({}),
}

function callerWith(of: Partial<Caller>): Caller {
  return {
    api: undefined,
    environment: 'live',
    permissions: ['transaction.read'],
    unusable: undefined,
    ...of,
  }
}

function explain(config: CompiledConfig, { method, target, host, key, isHttps }: Asked): ErrorCode | null {
  const asked = { method, target, host, isSecure: isHttps, preflightFor: undefined, caller: callers[key] }
  return decide(config, asked).denial?.code ?? null
}

t.test('each code is given by each face that can tell, from one list', async (t) => {
  const network = { gateway: ', trusted_proxies: [127.0.0.1]' }
  const preparedStrict = await prepareTestProgram(t, {
    gateway: `${network.gateway}, require_https: true, limits: { failed_lookups: 1 }`,
    routes: strictRoutes,
    api: strictLimits,
  })
  const database = new URL(preparedStrict.databaseUrl)
  const between = await startTcpProxy([Number(database.port)])
  t.teardown(() => between.close())
  database.port = String(between.port)
  database.hostname = '127.0.0.1'
  await edited(
    preparedStrict.file,
    [preparedStrict.databaseUrl, database.href],
    ['hosts: [api.flintn.com]', 'hosts: [api.flintn.com, moved.example]'],
  )
  const preparedOpen = await prepareTestProgram(t, { ...network, routes: openRoutes, api: otherApi })
  await edited(preparedOpen.file, [
    'hosts: [sandbox.api.flintn.com]',
    'hosts: [sandbox.api.flintn.com, moved.example]',
  ])
  const { config, files } = await configOf(preparedStrict.file)
  const strict = await withKeys(await startPrepared(t, preparedStrict))
  const open = await withKeys(
    await startPrepared(t, preparedOpen, 'all', { file: preparedStrict.file, config, files }),
  )

  /** The open program is asked, in whose shadow the strict table decides; what the log then says is replayed. */
  async function besides(asked: Asked): Promise<{ shadow: unknown; replay: string | null }> {
    const before = open.log.length
    await send(open, asked)
    const lines = () => open.log.slice(before)
    for (let i = 0; i < 100 && !lines().some(({ msg }) => msg === 'request'); i++) await sleep(20)
    const log = join(dirname(preparedOpen.file), 'access.log')
    const requests = lines().filter(({ msg }) => msg === 'request')
    await writeFile(log, requests.map((line) => `${JSON.stringify(line)}\n`).join(''))
    const { refusals } = replay(config, (await readLog(log)).recorded, new Map())
    const shadow = lines().find(({ msg }) => msg === 'shadow')?.['candidate'] ?? null
    return { shadow, replay: refusals[0]?.code ?? null }
  }

  t.equal(await send(strict, onPublic), null, 'the public route serves')
  t.equal(await send(strict, onKeyed), null, 'the other one too')
  // Of each all that its limit allows.
  t.equal(await send(strict, { ...onPublic, target: '/v1/busy-open' }), null)
  t.equal(await send(strict, { ...onKeyed, target: '/v1/busy' }), null)
  t.equal(await send(strict, { ...onKeyed, key: 'spent' }), null)
  for (const one of rows.filter(({ code }) => !ofStores.includes(code))) {
    await t.test(one.code, async (t) => {
      for (const [base, change] of [
        [onPublic, one.public],
        [onKeyed, one.keyed],
      ] as const) {
        if (change === null) continue
        const asked = { ...base, ...change }
        t.equal(await send(strict, asked), one.code, `${base.target}, by the proxy`)
        t.equal(explain(config, asked), one.explain, `${base.target}, by explain`)
        // The last one that there is: the other routes are not in both tables alike.
        if (change === (one.keyed ?? one.public))
          t.same(await besides(asked), { shadow: one.shadow, replay: one.replay }, 'by shadow and replay')
      }
    })
  }

  await t.test('AUTH_UNAVAILABLE, and TOO_MANY_REQUESTS, are of the look-up', async (t) => {
    const asked = { ...onKeyed, key: 'unknown' } as const
    await between.set('refuse')
    t.equal(await send(strict, asked), 'AUTH_UNAVAILABLE')
    await between.set('pass')
    for (let i = 0; i < 100 && (await send(strict, asked)) === 'AUTH_UNAVAILABLE'; i++) await sleep(50)
    t.equal(await send(strict, asked), 'TOO_MANY_REQUESTS')
    t.equal(explain(config, asked), null, 'to explain the look-up is given')
  })
})

t.test('no code that the decision gives is missing from the list', async (t) => {
  const names = readdirSync('src/decision', { recursive: true, encoding: 'utf8' })
  const sources = names.filter((name) => name.endsWith('.ts'))
  const given = sources.flatMap((name) => {
    const text = readFileSync(join('src/decision', name), 'utf8')
    return [...text.matchAll(/\bdeny\(\s*'([A-Z_]+)'/g)].map(([, code]) => code)
  })
  t.ok(given.length > 20)
  const listed = new Set<string | undefined>([...rows.map(({ code }) => code), 'INTERNAL_ERROR'])
  t.same(
    given.filter((code) => !listed.has(code)),
    [],
  )
})
