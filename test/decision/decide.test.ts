import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { decide } from '../../src/decision/decide.ts'
import type { Caller } from '../../src/decision/question.ts'
import { headerChanges } from '../../src/decision/headers/forwarded-headers.ts'
import { carriesKeyInQuery } from '../../src/decision/request/key-in-query.ts'
import { judgeTarget } from '../../src/decision/request/target.ts'
import { readUrl } from '../../src/decision/request/url.ts'
import { configOf, edit, gatewayYaml } from '../config/files.ts'

async function demo() {
  const result = await loadConfig('config/demo.yaml', {})
  if (!result.ok) throw new Error('the demo file must load')
  return result.config
}

const full: Caller = { api: undefined, environment: undefined, permissions: ['*'], unusable: undefined }

t.test('each step refuses before the next one is asked', async (t) => {
  const config = await demo()
  const ask = (change: object) =>
    decide(config, {
      ...{
        method: 'GET',
        target: '/v1/transactions/1',
        host: 'api.flintn.com',
        isSecure: true,
        preflightFor: undefined,
        caller: full,
      },
      ...change,
    }).denial?.code
  t.equal(ask({}), undefined)
  t.equal(ask({ target: `/;${'a'.repeat(20_000)}` }), 'URI_TOO_LONG')
  t.equal(ask({ target: '/;', host: 'a b' }), 'BAD_REQUEST')
  t.equal(ask({ target: '/;', host: 'nobody.example' }), 'INVALID_PATH')
  t.equal(ask({ target: '/nothing', host: 'nobody.example' }), 'UNKNOWN_HOST')
  t.equal(ask({ target: '/nothing', caller: undefined }), 'ROUTE_NOT_FOUND')
  t.equal(ask({ method: 'DELETE', caller: undefined }), 'METHOD_NOT_ALLOWED')
  t.equal(ask({ target: '/v1/transactions/1?a=pk_test_', caller: undefined }), 'INVALID_API_KEY')
  t.equal(ask({ caller: undefined }), 'MISSING_API_KEY')
  t.equal(ask({ caller: { ...full, api: 'flint', environment: 'sandbox' } }), 'INVALID_API_KEY')
  t.equal(ask({ caller: { ...full, environment: 'sandbox', unusable: 'revoked' } }), 'WRONG_ENVIRONMENT')
  t.equal(ask({ caller: { ...full, permissions: [], unusable: 'revoked' } }), 'INVALID_API_KEY')
  t.equal(ask({ caller: { ...full, permissions: ['transaction.void', 'gone'] } }), 'INSUFFICIENT_PERMISSIONS')
})

t.test('plain http is refused where https is required', async (t) => {
  const config = await configOf(t, { gateway: `gateway: { require_https: true }\n${gatewayYaml}` })
  const ask = (isSecure: boolean) =>
    decide(config, {
      ...{ method: 'GET', target: '/', host: 'api.flintn.com', isSecure, caller: full },
      preflightFor: undefined,
    }).denial?.code
  t.equal(ask(false), 'HTTPS_REQUIRED')
  t.equal(ask(true), 'ROUTE_NOT_FOUND')
})

t.test('a route for OPTIONS decides, a preflight passes only where there is none', async (t) => {
  const table = `permissions: { a.read: Read, a.write: Write }
routes:
  OPTIONS /w/{id}: a.write
  GET /w/{id}: a.read
  OPTIONS /open: public
  GET /open: a.read
  GET /plain: a.read
`
  const permissions = '    permissions: table.yaml'
  const edited = edit(gatewayYaml, permissions, `${permissions}\n    cors: upstream`)
  const config = await configOf(t, { gateway: edited, table })
  const ask = (target: string, preflightFor: string | undefined, caller?: Caller) => {
    const asked = { method: 'OPTIONS', target, host: 'api.flintn.com', isSecure: true, preflightFor, caller }
    const { denial, isPreflight } = decide(config, asked)
    return denial?.code ?? (isPreflight ? 'preflight' : 'route')
  }
  t.equal(ask('/w/1', 'GET'), 'MISSING_API_KEY')
  t.equal(ask('/w/1', undefined), 'MISSING_API_KEY')
  t.equal(ask('/w/1', 'GET', { ...full, permissions: ['a.read'] }), 'INSUFFICIENT_PERMISSIONS')
  t.equal(ask('/w/1', 'GET', full), 'route')
  t.equal(ask('/open', 'GET'), 'route')
  t.equal(ask('/plain', 'GET'), 'preflight')
  t.equal(ask('/plain', 'HEAD'), 'preflight', 'HEAD follows GET')
  for (const method of ['POST', 'get', 'OPTIONS', '', undefined])
    t.equal(ask('/plain', method), 'METHOD_NOT_ALLOWED', method ?? 'no method')
  t.equal(ask('/plain?a=pk_live_x', 'GET'), 'INVALID_API_KEY')
})

t.test('with rules of its own an API answers preflights, whatever the table has for OPTIONS', async (t) => {
  const table = `permissions: { a.read: Read }
routes:
  OPTIONS /w/{id}: a.read
  GET /w/{id}: { permission: a.read, escapes: [hash] }
  PUT /w/{id}: a.read
`
  const permissions = '    permissions: table.yaml'
  const edited = edit(
    gatewayYaml,
    permissions,
    `${permissions}\n    cors: { origins: ["https://shop.example"] }`,
  )
  const config = await configOf(t, { gateway: edited, table })
  const ask = (target: string, preflightFor: string | undefined, method = 'OPTIONS') => {
    const asked = { method, target, host: 'api.flintn.com', isSecure: true, preflightFor, caller: undefined }
    const { denial, isPreflight } = decide(config, asked)
    return denial?.code ?? (isPreflight ? 'preflight' : 'route')
  }
  t.equal(ask('/w/1', 'GET'), 'preflight')
  t.equal(ask('/w/1', 'OPTIONS'), 'preflight')
  t.equal(ask('/w/%23', 'GET'), 'preflight')
  t.equal(ask('/w/%23', 'PUT'), 'INVALID_PATH')
  t.equal(
    ask('/w/1', 'DELETE'),
    'MISSING_API_KEY',
    'the route for OPTIONS decides on what is no such preflight',
  )
  t.equal(ask('/w/1', undefined), 'MISSING_API_KEY')
  t.equal(ask('/w/1', 'GET', 'GET'), 'MISSING_API_KEY')
  t.equal(ask('/none', 'GET'), 'ROUTE_NOT_FOUND')
  t.equal(ask('/w/1?a=pk_live_x', 'GET'), 'INVALID_API_KEY')
})

t.test('a path with an escape is refused for it, unless its route takes it', async (t) => {
  const table = `permissions: { a.read: Read }
routes:
  GET /w/{id}: { permission: a.read, escapes: [hash] }
  GET /v/{id}: a.read
`
  const config = await configOf(t, { table })
  const ask = (target: string, host = 'api.flintn.com', method = 'GET') => {
    const asked = { method, target, host, isSecure: true, preflightFor: undefined, caller: full }
    const { denial, path } = decide(config, asked)
    return denial === undefined ? path : `${denial.code} ${denial.hint ?? ''}`.trim()
  }
  t.equal(ask('/w/a%23b'), '/w/a%23b')
  t.equal(ask('/v/a%23b'), 'INVALID_PATH the path holds an escaped hash (%23) at byte 5')
  t.equal(ask('/w/a%25'), 'INVALID_PATH the path holds an escaped percent sign (%25) at byte 5')
  t.equal(ask('/none/%23'), 'INVALID_PATH the path holds an escaped hash (%23) at byte 7')
  t.equal(ask('/w/%23', 'no.example'), 'INVALID_PATH the path holds an escaped hash (%23) at byte 4')
  t.equal(ask('/w/a', 'no.example'), 'UNKNOWN_HOST no API is served under the host no.example')
  t.match(ask('/w/%23', undefined, 'PUT'), /^METHOD_NOT_ALLOWED there is no PUT \/w\/\.\.\.;/)
  t.equal(ask('/v/%23', undefined, 'PUT'), 'INVALID_PATH the path holds an escaped hash (%23) at byte 4')
})

t.test('a target is judged by its bytes', async (t) => {
  t.strictSame(judgeTarget('/a/%C3%BC?b=;'), { ok: true, path: '/a/%C3%BC' })
  for (const [target, fault] of [
    ['http://a/b', 'not_origin_form'],
    ['/a//b', 'empty_segment'],
    ['/a/%2E', 'dot_segment'],
    ['/a%2fb', 'escaped_slash'],
    ['/a%f', 'malformed_escape'],
    ['/a%ff', 'not_utf8'],
    ['/a%00', 'escaped_control'],
    ['/a?b#c', 'fragment'],
    ['/a?\xfc', 'raw_byte_in_query'],
  ] as const)
    t.match(judgeTarget(target), { ok: false, fault }, target)
})

t.test('a key in the query is found however it is written', async (t) => {
  for (const query of ['?pk_live_x', '?a=pk_live_x', '?a=1&b=%70k_live_', '?a=1;b=pk_live_'])
    t.ok(carriesKeyInQuery(['pk_live_'], `/a${query}`), query)
  for (const target of ['/pk_live_', '/a?b=xpk_live_', '/a?b=%2570k_live_', '/a?'])
    t.notOk(carriesKeyInQuery(['pk_live_'], target))
})

t.test('a URL is taken apart without being changed', async (t) => {
  const config = await demo()
  t.match(readUrl('http://H:1/a/../b?c', undefined, config), {
    host: 'H:1',
    target: '/a/../b?c',
    isSecure: false,
  })
  t.match(readUrl('/a', undefined, config), { host: 'api.flintn.com', target: '/a', isSecure: true })
  t.match(readUrl('/ü', 'h', config), { host: 'h', target: '/Ã¼' })
  t.match(readUrl('https:///a', undefined, config), { ok: false })
})

t.test('what is removed depends on the API, the upstream and the trusted proxies', async (t) => {
  const gateway = edit(gatewayYaml, '9101" }', '9101", headers: { X-Internal: s3cret } }')
  const { settings, table } = await configOf(t, {
    gateway: `gateway: { trusted_proxies: [10.0.0.0/8] }\n${gateway}    forward_authorization: true\n`,
  })
  const upstream = settings.upstreams.get('payments')
  const api = table.apis.get('flintn')
  if (!upstream || !api) throw new Error('both are in the file')
  const { added, removed } = headerChanges({ settings, table, upstream, api }, true)
  t.ok(added.includes('X-Internal'))
  t.ok(removed.includes('X-Internal'), 'a client cannot send it')
  t.notOk(removed.includes('Authorization'))
  t.notOk(removed.includes('X-Forwarded-*'))
})

t.test('what is added of access tokens is told where the API takes them', async (t) => {
  for (const [more, expected] of [
    ['    oauth: {}\n', ['X-Client-Id', 'X-User-Id']],
    ['', []],
  ] as const) {
    const { settings, table } = await configOf(t, { gateway: `${gatewayYaml}${more}` })
    const [upstream, api] = [settings.upstreams.get('payments'), table.apis.get('flintn')]
    if (!upstream || !api) throw new Error('both are in the file')
    const added = (hasCaller: boolean) =>
      headerChanges({ settings, table, upstream, api }, hasCaller).added.filter((name) =>
        /^X-(Client|User)-Id$/.test(name),
      )
    t.same(added(true), expected)
    t.same(added(false), [])
  }
})
