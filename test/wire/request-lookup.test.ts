// Contract 9.3: whoever is asked about a request finds it by its id, with the true reason; of others the time is told.

import t from 'tap'
import { type ErrorCode, catalogue } from '../../src/errors/catalogue.ts'
import { sentenceOf } from '../../src/errors/sentences.ts'
import { startTestProgram } from '../support/program.ts'
import { plainAnswer } from '../support/upstream.ts'
import { codeOf, exchange, fieldOf, request } from '../support/wire.ts'
import { freePort, lookUp } from './kept-requests.ts'

t.setTimeout(120_000)

t.test('every code that is kept, with its reason; and of the others the time', async (t) => {
  const away = await freePort()
  const program = await startTestProgram(t, {
    gateway: ', limits: { failed_lookups: 5 }',
    upstreams: ({ live, sandbox }) =>
      `  payments: { url: "${live}", connections: 1, queue: 0 }
  payments-sandbox: { url: "${sandbox}" }
  away: { url: "http://127.0.0.1:${away}" }`,
    routes: `
  GET    /v1/status: public
  GET    /v1/transactions/{id}: transaction.read
  POST   /v1/small: { permission: transaction.refund, max_body: 1kb }
  DELETE /v1/transactions/{id}: transaction.refund
  GET    /v1/away: { permission: transaction.read, upstream: { live: away, sandbox: away } }
  GET    /v1/slow: { permission: transaction.read, timeout: 200ms }
`,
    answer({ target }, socket) {
      if (target === '/v1/slow' || target === '/v1/transactions/hangs') return undefined
      if (target === '/v1/transactions/fails')
        return 'HTTP/1.1 503 Unavailable\r\nContent-Length: 2\r\n\r\nno'
      if (target === '/v1/transactions/breaks') {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf')
        return undefined
      }
      return plainAnswer
    },
  })
  const { admin, gatewayPort } = program
  const merchant = await admin.makeMerchant()
  const suspended = await admin.makeMerchant()
  const of = { permissions: ['transaction.read', 'transaction.refund'] }
  const good = await admin.makeKey(merchant, of)
  const reader = await admin.makeKey(merchant, { permissions: ['transaction.read'] })
  const disabled = await admin.makeKey(merchant, of)
  const revoked = await admin.makeKey(merchant, of)
  const rotated = await admin.makeKey(merchant, of)
  const stopped = await admin.makeKey(merchant, of)
  const orphan = await admin.makeKey(suspended, of)
  await admin.call('POST', `/keys/${disabled.id}/disable?wait=all`)
  await admin.call('POST', `/keys/${revoked.id}/revoke?wait=all`)
  await admin.call('POST', `/keys/${rotated.id}/rotate?wait=all`, { grace_seconds: 0 })
  await admin.call('POST', `/merchants/${suspended}/suspend?wait=all`)
  await admin.call('POST', '/deny?wait=all', { kind: 'key', value: stopped.id })
  const host = 'Host: api.flintn.com'
  const ask = (line: string, secret?: string, more: string[] = [], body = '') =>
    exchange(
      gatewayPort,
      request(line, [host, ...(secret === undefined ? [] : [`X-Api-Key: ${secret}`]), ...more], body),
    )

  interface Kept {
    readonly key: { readonly id: string; readonly secret: string }
    readonly line: string
    readonly code: ErrorCode | null
    readonly reason: string | null
    readonly more?: object
    readonly fields?: string[]
    readonly body?: string
  }
  const get = 'GET /v1/transactions/1'
  const key = (reason: string, of: Kept['key']): Kept => ({
    key: of,
    line: get,
    code: 'INVALID_API_KEY',
    reason,
  })
  const kept: Kept[] = [
    key('disabled', disabled),
    key('revoked', revoked),
    key('rotated_out', rotated),
    key('merchant_suspended', orphan),
    key('denied_key', stopped),
    {
      ...{ key: reader, line: 'DELETE /v1/transactions/1', code: 'INSUFFICIENT_PERMISSIONS' },
      ...{
        reason: 'insufficient_permissions',
        more: { required: ['transaction.refund'], upstream_status: null },
      },
    },
    {
      ...{ key: good, line: 'POST /v1/small', code: 'BODY_TOO_LARGE', reason: 'content_length' },
      ...{ fields: ['Content-Length: 2000'], body: 'x'.repeat(2_000) },
    },
    {
      ...{ key: good, line: 'GET /v1/away', code: 'UPSTREAM_ERROR', reason: 'refused' },
      more: { decision: 'error', upstream_status: null },
    },
    { key: good, line: 'GET /v1/slow', code: 'UPSTREAM_TIMEOUT', reason: 'no_response_head' },
    {
      ...{ key: good, line: 'GET /v1/transactions/fails', code: null, reason: null },
      more: {
        decision: 'allow',
        status: 503,
        upstream_status: 503,
        explanation: /itself answered that it failed/,
      },
    },
    {
      ...{ key: good, line: 'GET /v1/transactions/breaks', code: null, reason: null },
      more: { decision: 'allow', status: 200, cut: 'upstream', explanation: /broke its answer off/ },
    },
  ]
  for (const { key, line, code, reason, more, fields, body } of kept) {
    const what = `${line} ${code} ${reason}`
    const answer = await ask(line, key.secret, fields, body)
    if (code !== null) t.equal(codeOf(answer), code, what)
    const id = String(fieldOf(answer, 'X-Request-Id'))
    const found = await lookUp(program, id)
    t.match(
      found,
      { status: 200, body: { id, api: 'flintn', environment: 'live', key_id: key.id, code, reason } },
      what,
    )
    t.match(found.body, { merchant_id: key === orphan ? suspended : merchant, ...more }, what)
    if (code !== null)
      t.match(
        found.body,
        { status: catalogue[code].status, explanation: sentenceOf({ code, reason, cut: null }) },
        what,
      )
    t.match(found.body, { route: line.replace(/transactions\/\w+/, 'transactions/{id}') }, what)
    const ago = Date.now() - Date.parse(String(found.body['at']))
    t.ok(ago >= 0 && ago < 60_000, what)
    for (const { secret } of [good, reader, key]) t.notMatch(JSON.stringify(found.body), secret)
  }

  const strange = `pk_live_${'0'.repeat(38)}`
  const others: [what: string, line: string, secret?: string][] = [
    ['no key', get],
    ['a malformed key', get, strange],
    ['another environment', get, 'pk_test_x'],
    ['an unknown route', 'GET /v2', good.secret],
    ['another method', 'PATCH /v1/small', good.secret],
    ['an ambiguous path', 'GET /v1/transactions/..', good.secret],
    ['a public answer', 'GET /v1/status'],
  ]
  for (const [what, line, secret] of others) {
    const before = Date.now()
    const id = String(fieldOf(await ask(line, secret), 'X-Request-Id'))
    const found = await lookUp(program, id)
    t.match(
      found,
      { status: 404, body: { error: { code: 'NOT_FOUND', details: [{ message: /was made at/ }] } } },
      what,
    )
    const [told = ''] = /\d{4}-\S+Z/.exec(JSON.stringify(found.body)) ?? []
    t.ok(Math.abs(Date.parse(told) - before) < 60_000, `${what}: ${told}`)
  }

  // One connection, taken by a request that is never answered, and no queue.
  void ask('GET /v1/transactions/hangs', good.secret).catch(() => {})
  while (!program.live.requests.some(({ target }) => target.endsWith('hangs')))
    await new Promise((resolve) => setTimeout(resolve, 10))
  const full = await ask(get, good.secret)
  const id = String(fieldOf(full, 'X-Request-Id'))
  t.match(await lookUp(program, id), {
    body: { code: 'UPSTREAM_UNAVAILABLE', reason: 'queue_full', key_id: good.id },
  })

  const listed = await admin.call('GET', `/requests?key_id=${good.id}&code=UPSTREAM_ERROR`)
  t.match(listed.body, { data: [{ code: 'UPSTREAM_ERROR', key_id: good.id }], next_cursor: null })
})
